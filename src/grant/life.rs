//! The transitions: approve, redeem, end, and what a token may do.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Attempt, Facts, Generation, Grant, NO_PARTICULARS, Particulars, RefreshTerms, Refusal, Seed,
    SeedHash, Stage,
};
use crate::model::authentication::Authentication;
use crate::model::authentication_request::AuthenticationRequest;
use crate::model::client::{AuthenticatedClient, Client};
use crate::model::identity::{ClientId, GrantId, Subject};
use crate::model::pkce::{CodeChallenge, CodeVerifier};
use crate::model::redirect_uri::RedirectUri;
use crate::model::resource::{Resource, ResourceChoice, Resources};
use crate::model::scope::{Scope, ScopeChoice};
use crate::model::timestamp::Timestamp;

/// Everything that a new grant is made of.
pub(crate) struct Approval {
    pub(crate) id: GrantId,
    pub(crate) attempt: Attempt,
    pub(crate) client: ClientId,
    pub(crate) authentication: Authentication,
    pub(crate) scope: Scope,
    pub(crate) resources: Resources,
    pub(crate) openid: Option<Arc<AuthenticationRequest>>,
    pub(crate) known_as: Option<Subject>,
    pub(crate) code: CodeBinding,
}

/// What a code was bound to when it was handed out, and what its redemption
/// must therefore bring.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeBinding {
    pub(crate) seed: SeedHash,
    pub(crate) redirect_uri: RedirectUri,
    /// Whether the authorization request named the URI, so that the token
    /// request has to (RFC 6749 section 4.1.3).
    pub(crate) redirect_uri_named: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code_challenge: Option<CodeChallenge>,
}

/// A token request's claim to a grant.
pub(crate) struct Redemption<'r> {
    pub(crate) client: &'r AuthenticatedClient,
    pub(crate) seed: Seed,
    pub(crate) redirect_uri: Option<&'r str>,
    /// Whether the URI must be repeated even where PKCE binds the code.
    pub(crate) redirect_uri_required: bool,
    pub(crate) code_verifier: Option<CodeVerifier<'r>>,
    pub(crate) wanted: Wanted,
    pub(crate) default_resources: &'r Resources,
}

/// What was drawn for the tokens, should the claim hold, and how long they live.
pub(crate) struct NewTokens {
    pub(crate) attempt: Attempt,
    /// Of the access tokens' seed.
    pub(crate) seed: SeedHash,
    pub(crate) access_lifetime: Duration,
    /// `None` if no refresh token is issued.
    pub(crate) refresh: Option<RefreshTerms>,
}

/// What a claim that held makes of the grant; both are to be written.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The first time: tokens may be issued.
    Redeemed(Arc<Grant>, Selection),
    /// A second time: somebody else has the code, and nothing may stay valid
    /// (RFC 6749 section 4.1.2).
    Replayed(Arc<Grant>),
}

/// What a token request asks of what was allowed.
#[derive(Default)]
pub(crate) struct Wanted {
    /// All of it if none is named.
    pub(crate) scope: Option<Scope>,
    /// All of them if none is named.
    pub(crate) resources: Resources,
}

/// The part of a grant that one access token gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) scope: ScopeChoice,
    pub(crate) resources: ResourceChoice,
}

impl Grant {
    /// The user agreed: a new grant whose code waits for redemption.
    pub(crate) fn approve(
        approval: Approval,
        now: Timestamp,
        code_lifetime: Duration,
    ) -> Arc<Self> {
        let particulars = Particulars {
            resources: approval.resources,
            openid: approval.openid,
            known_as: approval.known_as,
            farewell: None,
        };
        let facts = Facts {
            id: approval.id,
            attempt: approval.attempt,
            client: approval.client,
            authentication: approval.authentication,
            scope: approval.scope,
            particulars: (particulars != NO_PARTICULARS).then(|| Arc::new(particulars)),
            approved_at: now,
            expires_at: now.plus(code_lifetime),
            stage: Stage::Coded(approval.code),
        };
        Arc::new(Self { version: 1, facts })
    }

    /// A code is presented. Only a claim that matches in everything changes the
    /// grant: it turns a code into tokens once, and ends the grant after that.
    pub(crate) fn redeem(
        &self,
        claim: &Redemption<'_>,
        new: &NewTokens,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        match &self.facts.stage {
            Stage::Coded(code) => {
                self.verify(claim, code)?;
                if now >= self.facts.expires_at {
                    return Err(Refusal::Expired);
                }
                let selection =
                    self.select(&claim.wanted, claim.client, claim.default_resources)?;
                let stage = Stage::Active {
                    redeemed: code.clone(),
                    tokens: new.seed,
                    refresh: new
                        .refresh
                        .map(|_| Generation::new(NonZeroU32::MIN, self.facts.approved_at, now)),
                };
                let expires_at = new.refresh.map_or(now.plus(new.access_lifetime), |terms| {
                    terms.end(self.facts.approved_at, now)
                });
                let farewell = self.farewell_due(claim.client);
                let next = self.next_with(new.attempt, stage, expires_at, farewell);
                Ok(Outcome::Redeemed(next, selection))
            }
            Stage::Active { redeemed, .. } => {
                self.verify(claim, redeemed)?;
                Ok(Outcome::Replayed(self.end()))
            }
            Stage::Ended => Err(Refusal::Ended),
        }
    }

    /// Nothing issued from it is valid any more. The record stays until all of
    /// it would have expired, to tell what came too late.
    pub(crate) fn end(&self) -> Arc<Self> {
        self.next(self.facts.attempt, Stage::Ended, self.facts.expires_at)
    }

    /// The part of it that a token for `client` gets: what it wants, and never
    /// more than it may ask for now.
    pub(super) fn select(
        &self,
        wanted: &Wanted,
        client: &Client,
        default: &Resources,
    ) -> Result<Selection, Refusal> {
        let granted = &self.facts.scope;
        let scope = match &wanted.scope {
            None if client.scope().covers(granted) => granted.choose_all(),
            None => match granted.intersection(client.scope()) {
                nothing if nothing.is_empty() => return Err(Refusal::Scope),
                rest => granted.choose(&rest),
            },
            Some(scope) if granted.covers(scope) && client.scope().covers(scope) => {
                granted.choose(scope)
            }
            Some(_) => return Err(Refusal::Scope),
        };
        let mine = self.resources();
        let may_ask = |resource: &&Resource| {
            client.resources().contains(resource) || default.contains(resource)
        };
        let resources = if wanted.resources.is_empty() {
            mine.choose(mine.iter().filter(may_ask))
        } else {
            mine.choose(wanted.resources.iter())
                .filter(|_| wanted.resources.iter().all(|r| may_ask(&r)))
        };
        // A token for none of them would be one for nobody in particular.
        let resources = resources.filter(|chosen| mine.is_empty() || !chosen.is_empty());
        Ok(Selection { scope, resources: resources.ok_or(Refusal::Target)? })
    }

    /// An access token is presented: what it may do, and where.
    pub(crate) fn access(
        &self,
        seed: &Seed,
        selection: Selection,
    ) -> Result<(Scope, Resources), Refusal> {
        match &self.facts.stage {
            Stage::Active { tokens, .. } if tokens.is_of(seed) => {
                let scope = self.facts.scope.chosen(selection.scope);
                Ok((scope, self.resources().chosen(selection.resources)))
            }
            Stage::Active { .. } | Stage::Coded(_) => Err(Refusal::OtherSeed),
            Stage::Ended => Err(Refusal::Ended),
        }
    }

    /// Whether tokens were issued from it whose access tokens carry `seed`.
    pub(crate) fn issued_with(&self, seed: &Seed) -> bool {
        matches!(&self.facts.stage, Stage::Active { tokens, .. } if tokens.is_of(seed))
    }

    fn verify(&self, claim: &Redemption<'_>, code: &CodeBinding) -> Result<(), Refusal> {
        if !code.seed.is_of(&claim.seed) {
            return Err(Refusal::OtherSeed);
        }
        if claim.client.id() != &self.facts.client {
            return Err(Refusal::OtherClient);
        }
        let same_uri = match claim.redirect_uri {
            Some(uri) => uri == code.redirect_uri.as_str(),
            None if claim.redirect_uri_required => !code.redirect_uri_named,
            None => !code.redirect_uri_named || code.code_challenge.is_some(),
        };
        if !same_uri {
            return Err(Refusal::RedirectUri);
        }
        match (&code.code_challenge, &claim.code_verifier) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(Refusal::VerifierUnexpected),
            (Some(_), None) => Err(Refusal::VerifierMissing),
            (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
            (Some(_), Some(_)) => Err(Refusal::VerifierMismatch),
        }
    }
}
