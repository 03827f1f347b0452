//! One grant: everything a user allowed a client, from the code to the last
//! token, and the only record that says what is valid.
//!
//! Every transition is a pure function of (grant, request, now). It makes the
//! next version of the record; the store keeps it only over the one it was
//! made from.

mod life;
mod record;
mod refresh;
mod refusal;
mod seed;
mod sign_out;
#[cfg(test)]
mod table;

pub(crate) use life::{Approval, CodeBinding, NewTokens, Outcome, Redemption, Selection, Wanted};
pub(crate) use refresh::{RefreshClaim, RefreshTerms, Renewal};
pub use refusal::Refusal;
pub(crate) use seed::{Seed, SeedHash};
use sign_out::Farewell;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::authentication::Authentication;
use crate::model::authentication_request::AuthenticationRequest;
use crate::model::base64url;
use crate::model::identity::{ClientId, GrantId, Subject};
use crate::model::resource::Resources;
use crate::model::scope::{OPENID, Scope};
use crate::model::timestamp::Timestamp;

/// What one user allowed one client, at one version of its life.
///
/// Hosts keep grants and list them; only the endpoints make and change them.
#[derive(Clone, Debug)]
pub struct Grant {
    version: u64,
    facts: Facts,
}

/// Everything about a grant but its version, which the store's column rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    id: GrantId,
    attempt: Attempt,
    client: ClientId,
    authentication: Authentication,
    scope: Scope,
    /// What not every grant has: one that has none of it pays a pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    particulars: Option<Arc<Particulars>>,
    approved_at: Timestamp,
    expires_at: Timestamp,
    stage: Stage,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Particulars {
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    resources: Resources,
    /// What the request asked as an authentication request, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    openid: Option<Arc<AuthenticationRequest>>,
    /// What a pairwise client calls the user, as it did when they approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known_as: Option<Subject>,
    /// Whether its client is to hear when its session ends; never, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    farewell: Option<Farewell>,
}

static NO_PARTICULARS: Particulars =
    Particulars { resources: Resources::none(), openid: None, known_as: None, farewell: None };

/// Where a grant is in its life. Each stage holds only what is then true.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Stage {
    /// A code was handed out and waits for its redemption.
    Coded(CodeBinding),
    /// The code was redeemed and tokens were issued.
    Active {
        /// What redeemed the code, to tell a replay from a mistake.
        redeemed: CodeBinding,
        /// What the access tokens carry.
        tokens: SeedHash,
        /// The refresh token that is to be used next, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refresh: Option<Generation>,
    },
    /// Nothing issued from it is valid any more.
    Ended,
}

/// Which of the refresh tokens of a grant is the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generation {
    /// The first is 1, and each rotation makes the next.
    pub(crate) number: NonZeroU32,
    /// How many seconds after the approval it was first issued: half the size of a
    /// time.
    issued_after: u32,
}

/// Marks one try to write, so that whoever lost the store's answer can see
/// whether the write was theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Attempt(#[serde(with = "base64url")] [u8; 8]);

impl Generation {
    /// First issued at `now`, of a grant approved at `approved_at`.
    fn new(number: NonZeroU32, approved_at: Timestamp, now: Timestamp) -> Self {
        let issued_after = u32::try_from(now.seconds_since(approved_at)).unwrap_or(u32::MAX);
        Self { number, issued_after }
    }

    /// When it was first issued, of a grant approved at `approved_at`.
    pub(crate) fn since(self, approved_at: Timestamp) -> Timestamp {
        approved_at.plus(Duration::from_secs(self.issued_after.into()))
    }
}

impl Attempt {
    pub(crate) const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Another number for another try, mostly.
    pub(crate) const fn to_number(self) -> u64 {
        u64::from_be_bytes(self.0)
    }
}

impl Grant {
    /// The key of the record.
    #[must_use]
    pub const fn id(&self) -> &GrantId {
        &self.facts.id
    }

    /// The version of the record, 1 for a new grant.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The version that this one may be written over.
    #[must_use]
    pub const fn replaces(&self) -> u64 {
        self.version.saturating_sub(1)
    }

    /// The user who allowed it, by the host's own name for them.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        self.facts.authentication.subject()
    }

    /// What the client calls that user: the `sub` of everything that it, and
    /// whatever resource server it goes to, is told. For a pairwise client it is
    /// another name than [`subject`](Self::subject), made when they approved
    /// (OpenID Connect Core section 8).
    #[must_use]
    pub fn known_as(&self) -> &Subject {
        self.pairwise_name().unwrap_or_else(|| self.subject())
    }

    /// That name, if it is another one.
    pub(crate) fn pairwise_name(&self) -> Option<&Subject> {
        self.particulars().known_as.as_ref()
    }

    /// What it answers as an authentication request, if it was one.
    pub(crate) fn asked(&self) -> Option<&AuthenticationRequest> {
        self.particulars().openid.as_deref()
    }

    /// How that user was signed in.
    #[must_use]
    pub const fn authentication(&self) -> &Authentication {
        &self.facts.authentication
    }

    /// The client it was given to.
    #[must_use]
    pub const fn client(&self) -> &ClientId {
        &self.facts.client
    }

    /// All that was allowed.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.facts.scope
    }

    /// The resource servers it was allowed for; none in particular, if empty.
    #[must_use]
    pub fn resources(&self) -> &Resources {
        &self.particulars().resources
    }

    /// When it was allowed.
    #[must_use]
    pub const fn approved_at(&self) -> Timestamp {
        self.facts.approved_at
    }

    /// When nothing issued from it can be valid any more.
    #[must_use]
    pub const fn valid_until(&self) -> Timestamp {
        self.facts.expires_at
    }

    /// What the client asked of ID tokens, if tokens of this part of the grant come
    /// with one: the grant answers an authentication request, and `openid` is
    /// still in it (OpenID Connect Core sections 3.1.2.1 and 12.2).
    pub(crate) fn authentication_request(
        &self,
        selection: Selection,
    ) -> Option<&AuthenticationRequest> {
        self.asked().filter(|_| self.facts.scope.chosen(selection.scope).contains(OPENID))
    }

    /// Whether it was ended before its time.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        matches!(self.facts.stage, Stage::Ended)
    }

    /// Whether this version is the one that `next` was to make. Any two that end
    /// a grant have done the same, but one of a sign-out: it alone tells the client.
    pub(crate) fn is_same_attempt(&self, next: &Self) -> bool {
        let ends_silently = next.is_ended() && next.particulars().farewell != Some(Farewell::Said);
        self.is_ended() && ends_silently
            || self.version == next.version && self.facts.attempt == next.facts.attempt
    }

    fn particulars(&self) -> &Particulars {
        self.facts.particulars.as_deref().unwrap_or(&NO_PARTICULARS)
    }

    /// The next version, differing in what a transition changes.
    fn next(&self, attempt: Attempt, stage: Stage, expires_at: Timestamp) -> Arc<Self> {
        self.next_with(attempt, stage, expires_at, self.particulars().farewell)
    }

    /// The same for a transition that also changes what the client is to hear.
    fn next_with(
        &self,
        attempt: Attempt,
        stage: Stage,
        expires_at: Timestamp,
        farewell: Option<Farewell>,
    ) -> Arc<Self> {
        let mut particulars = self.facts.particulars.clone();
        if farewell != self.particulars().farewell {
            Arc::make_mut(particulars.get_or_insert_default()).farewell = farewell;
        }
        let facts = Facts {
            id: self.facts.id,
            attempt,
            client: self.facts.client.clone(),
            authentication: self.facts.authentication.clone(),
            scope: self.facts.scope.clone(),
            particulars,
            approved_at: self.facts.approved_at,
            expires_at,
            stage,
        };
        Arc::new(Self { version: self.version.saturating_add(1), facts })
    }
}
