//! What makes a server an OpenID Connect provider.

#[cfg(feature = "openid")]
use std::time::Duration;

use crate::host::HostError;
#[cfg(feature = "openid")]
use crate::keys::KeySet;
use crate::model::algorithm::Algorithm;
use crate::model::timestamp::Timestamp;
#[cfg(feature = "openid")]
use crate::policy::A_DAY;
use crate::policy::PolicyError;
use crate::token::id_token::{Hint, IdToken};

/// The type in an ID token's header: no other token here has it, so that none
/// passes for one.
#[cfg(feature = "openid")]
const ID_TOKEN: &str = "JWT";

/// What an OpenID Connect provider has beyond an authorization server.
#[cfg(feature = "openid")]
#[derive(Clone, Debug)]
#[must_use]
pub struct Provider {
    pub(crate) keys: KeySet,
    id_token_lifetime: Duration,
    pub(crate) jwks_max_age: Duration,
}

/// Without the feature `openid` there is none.
#[cfg(not(feature = "openid"))]
#[derive(Clone, Debug)]
pub(crate) enum Provider {}

#[cfg(feature = "openid")]
impl Provider {
    /// A provider that signs with these keys. One of them has to be for RS256
    /// (OpenID Connect Core section 15.1): every client gets ID tokens signed by
    /// it whose registration does not name another algorithm.
    pub const fn new(keys: KeySet) -> Self {
        let [id_token_lifetime, jwks_max_age] =
            [Duration::from_secs(600), Duration::from_secs(3600)];
        Self { keys, id_token_lifetime, jwks_max_age }
    }

    /// From when an ID token is issued to its `exp`: 10 minutes if not given, at
    /// most a day. It says that somebody has just signed in and is read as it
    /// arrives; how long they stay signed in at the client is the client's affair.
    pub const fn id_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.id_token_lifetime = lifetime;
        self
    }

    /// How long clients may keep the published keys without looking again: an
    /// hour if not given, at most a day. It is the wait of the first step of a
    /// rotation, as [`KeySet`] describes it; one that changes counts for a
    /// rotation only once the longer of both has passed.
    pub const fn jwks_max_age(mut self, max_age: Duration) -> Self {
        self.jwks_max_age = max_age;
        self
    }

    /// Every lifetime that is outside its bounds.
    pub(crate) fn faults(&self) -> Vec<PolicyError> {
        PolicyError::among([
            ("id_token_lifetime", self.id_token_lifetime, 1, A_DAY),
            ("jwks_max_age", self.jwks_max_age, 1, A_DAY),
        ])
    }

    /// The algorithms that something can be signed by now.
    pub(crate) fn algorithms(&self) -> Vec<Algorithm> {
        self.keys.algorithms()
    }

    /// When an ID token expires that is issued `now`.
    pub(crate) fn id_token_expiry(&self, now: Timestamp) -> Timestamp {
        now.plus(self.id_token_lifetime)
    }

    /// The ID token with these claims, signed.
    pub(crate) async fn id_token(
        &self,
        algorithm: Algorithm,
        claims: &IdToken<'_>,
    ) -> Result<String, HostError> {
        self.keys.sign(algorithm, ID_TOKEN, &serde_json::to_vec(claims)?).await
    }

    /// What `text` says, if it is an ID token that one of the keys signed, one
    /// that signs no more too.
    pub(crate) fn hint(&self, text: &str) -> Option<Hint> {
        let verified = self.keys.verify(text, ID_TOKEN).ok()?;
        serde_json::from_slice(&verified.claims).ok()
    }
}

/// What is never asked, so that the floors above need not know of the feature.
#[cfg(not(feature = "openid"))]
impl Provider {
    pub(crate) const fn faults(&self) -> Vec<PolicyError> {
        match *self {}
    }

    pub(crate) const fn algorithms(&self) -> Vec<Algorithm> {
        match *self {}
    }

    pub(crate) const fn id_token_expiry(&self, _: Timestamp) -> Timestamp {
        match *self {}
    }

    pub(crate) async fn id_token(
        &self,
        _: Algorithm,
        _: &IdToken<'_>,
    ) -> Result<String, HostError> {
        match *self {}
    }

    pub(crate) const fn hint(&self, _: &str) -> Option<Hint> {
        match *self {}
    }
}
