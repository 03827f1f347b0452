//! The transitions: approve, redeem, and what a token may do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Attempt, Facts, Grant, Seed, SeedHash, Stage};
use crate::model::client::AuthenticatedClient;
use crate::model::identity::{ClientId, GrantId};
use crate::model::pkce::{CodeChallenge, CodeVerifier};
use crate::model::redirect_uri::RedirectUri;
use crate::model::scope::{Scope, ScopeChoice};
use crate::model::timestamp::Timestamp;
use crate::model::user::Authentication;

/// Everything that a new grant is made of.
pub(crate) struct Approval {
    pub(crate) id: GrantId,
    pub(crate) attempt: Attempt,
    pub(crate) client: ClientId,
    pub(crate) authentication: Authentication,
    pub(crate) scope: Scope,
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
    pub(crate) code_verifier: Option<CodeVerifier<'r>>,
}

/// What was drawn for the tokens, should the claim hold.
pub(crate) struct NewTokens {
    pub(crate) attempt: Attempt,
    pub(crate) seed: SeedHash,
    pub(crate) expires_at: Timestamp,
}

/// What a claim that held makes of the grant; both are to be written.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The first time: tokens may be issued.
    Redeemed(Grant),
    /// A second time: somebody else has the code, and nothing may stay valid
    /// (RFC 6749 section 4.1.2).
    Replayed(Grant),
}

/// Why a grant does not give what was asked. It stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The credential carries another seed than the grant expects now.
    #[error("the credential does not belong to this stage of the grant")]
    OtherSeed,
    /// The grant is another client's.
    #[error("the grant belongs to another client")]
    OtherClient,
    /// `redirect_uri` is missing or not the one that the code was sent to.
    #[error("the redirect_uri is not the one the code was issued for")]
    RedirectUri,
    /// The code was issued with a challenge, and no verifier came.
    #[error("the code_verifier is missing")]
    VerifierMissing,
    /// A verifier came for a code that was issued without a challenge.
    #[error("a code_verifier came for a code without code_challenge")]
    VerifierUnexpected,
    /// The verifier is not the one that the challenge was made from.
    #[error("the code_verifier does not match")]
    VerifierMismatch,
    /// Its time is over.
    #[error("the credential has expired")]
    Expired,
    /// The grant was ended.
    #[error("the grant was ended")]
    Ended,
}

impl Grant {
    /// The user agreed: a new grant whose code waits for redemption.
    pub(crate) fn approve(approval: Approval, now: Timestamp, code_lifetime: Duration) -> Self {
        let facts = Facts {
            id: approval.id,
            attempt: approval.attempt,
            client: approval.client,
            authentication: approval.authentication,
            scope: approval.scope,
            approved_at: now,
            expires_at: now.plus(code_lifetime),
            stage: Stage::Coded(approval.code),
        };
        Self { version: 1, facts }
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
                let stage = Stage::Active { redeemed: code.clone(), tokens: new.seed };
                Ok(Outcome::Redeemed(self.next(new.attempt, stage, new.expires_at)))
            }
            Stage::Active { redeemed, .. } => {
                self.verify(claim, redeemed)?;
                Ok(Outcome::Replayed(self.next(new.attempt, Stage::Ended, self.facts.expires_at)))
            }
            Stage::Ended => Err(Refusal::Ended),
        }
    }

    /// An access token is presented: the part of the scope that it may use.
    pub(crate) fn access(&self, seed: &Seed, choice: ScopeChoice) -> Result<Scope, Refusal> {
        match &self.facts.stage {
            Stage::Active { tokens, .. } if tokens.is_of(seed) => {
                Ok(self.facts.scope.chosen(choice))
            }
            Stage::Active { .. } | Stage::Coded(_) => Err(Refusal::OtherSeed),
            Stage::Ended => Err(Refusal::Ended),
        }
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
            None => !code.redirect_uri_named,
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
