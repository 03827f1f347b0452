//! The transition that keeps a grant alive: a refresh token comes back
//! (RFC 6749 section 6, RFC 9700 section 4.14).

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::life::Wanted;
use super::{Attempt, Generation, Grant, Refusal, Seed, Selection, Stage};
use crate::model::client::AuthenticatedClient;
use crate::model::resource::Resources;
use crate::model::timestamp::Timestamp;

/// How long refresh tokens live, for one client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefreshTerms {
    /// From one use to the next.
    pub(crate) idle: Duration,
    /// From the user's approval to the last use.
    pub(crate) absolute: Duration,
    /// How long the predecessor of a token may come once more.
    pub(crate) grace: Duration,
    /// Whether each use makes a new token.
    pub(crate) rotates: bool,
}

/// A refresh request's claim to a grant.
pub(crate) struct RefreshClaim<'r> {
    pub(crate) client: &'r AuthenticatedClient,
    /// What the refresh token carried.
    pub(crate) seed: Seed,
    pub(crate) generation: NonZeroU32,
    pub(crate) wanted: Wanted,
    /// What the policy addresses tokens to where a client names nothing.
    pub(crate) default_resources: &'r Resources,
}

/// What a claim that held makes of the grant.
#[derive(Debug)]
pub(crate) enum Renewal {
    /// Nothing: there is nothing to write. The client retries, or its token is
    /// not rotated and was used not long ago.
    Unchanged(Selection),
    /// A later end, and with rotation the next token: to be written.
    Renewed(Arc<Grant>, Selection),
    /// An old token came back: somebody else has it, and nothing may stay valid
    /// (RFC 9700 section 4.14.2). To be written.
    Replayed(Arc<Grant>),
}

/// Without rotation, a use is noted only when it makes the grant live so much
/// longer: at most one write an hour.
const WORTH_WRITING: Duration = Duration::from_secs(3600);

impl RefreshTerms {
    /// When a grant ends that was approved and is now used.
    pub(super) fn end(&self, approved_at: Timestamp, now: Timestamp) -> Timestamp {
        now.plus(self.idle).min(approved_at.plus(self.absolute))
    }

    /// What is worth a write: an hour, or half of a shorter idle lifetime.
    fn worth_writing(&self) -> Duration {
        self.idle.checked_div(2).map_or(WORTH_WRITING, |half| half.min(WORTH_WRITING))
    }
}

impl Grant {
    /// A refresh token is presented by its client: the latest one keeps the grant
    /// alive, its predecessor gives the same again within the grace, and any
    /// other ends it, whatever it asks for.
    pub(crate) fn refresh(
        &self,
        claim: &RefreshClaim<'_>,
        terms: &RefreshTerms,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Renewal, Refusal> {
        let latest = self.verify_refresh(claim, terms, now)?;
        let is_old = claim.generation < latest.number;
        let in_grace = claim.generation.checked_add(1) == Some(latest.number)
            && now < latest.since(self.facts.approved_at).plus(terms.grace);
        if is_old && !in_grace {
            return Ok(Renewal::Replayed(self.end()));
        }
        let selection = self.select(&claim.wanted, claim.client, claim.default_resources)?;
        if is_old {
            return Ok(Renewal::Unchanged(selection));
        }
        // Never earlier: by a slow clock or a shorter policy, the grant would
        // be forgotten before tokens that it gave out have expired.
        let expires_at = terms.end(self.facts.approved_at, now).max(self.facts.expires_at);
        if !terms.rotates && expires_at < self.facts.expires_at.plus(terms.worth_writing()) {
            return Ok(Renewal::Unchanged(selection));
        }
        let next = if terms.rotates {
            let number = claim.generation.checked_add(1).ok_or(Refusal::Expired)?;
            Generation::new(number, self.facts.approved_at, now)
        } else {
            latest
        };
        Ok(Renewal::Renewed(self.renewed(next, attempt, expires_at), selection))
    }

    /// The generation of the refresh token that is to be used next, if there
    /// is one.
    pub(crate) const fn generation(&self) -> Option<Generation> {
        match self.facts.stage {
            Stage::Active { refresh, .. } => refresh,
            Stage::Coded(_) | Stage::Ended => None,
        }
    }

    /// Whether a refresh token is this grant's, and what the latest one is.
    pub(crate) fn refreshable(&self, seed: &Seed, now: Timestamp) -> Result<Generation, Refusal> {
        match &self.facts.stage {
            Stage::Active { tokens, refresh: Some(latest), .. }
                if tokens.is_of(&seed.for_access()) =>
            {
                if now >= self.facts.expires_at {
                    return Err(Refusal::Expired);
                }
                Ok(*latest)
            }
            Stage::Active { .. } | Stage::Coded(_) => Err(Refusal::OtherSeed),
            Stage::Ended => Err(Refusal::Ended),
        }
    }

    fn verify_refresh(
        &self,
        claim: &RefreshClaim<'_>,
        terms: &RefreshTerms,
        now: Timestamp,
    ) -> Result<Generation, Refusal> {
        let latest = self.refreshable(&claim.seed, now)?;
        if claim.client.id() != &self.facts.client {
            return Err(Refusal::OtherClient);
        }
        if now >= self.facts.approved_at.plus(terms.absolute) {
            return Err(Refusal::Expired);
        }
        Ok(latest)
    }

    fn renewed(&self, latest: Generation, attempt: Attempt, expires_at: Timestamp) -> Arc<Self> {
        let mut stage = self.facts.stage.clone();
        if let Stage::Active { refresh, .. } = &mut stage {
            *refresh = Some(latest);
        }
        self.next(attempt, stage, expires_at)
    }
}
