//! What makes a server an OpenID Connect provider.

use std::time::Duration;

use crate::host::HostError;
use crate::keys::KeySet;
use crate::model::algorithm::Algorithm;
use crate::model::claim_names::{ClaimNames, is_of_the_protocol, without_language};
use crate::model::identity::Subject;
use crate::model::pairwise::PairwiseSalt;
use crate::model::scope::Scope;
use crate::model::scope_claims::ScopeClaims;
use crate::model::sector::Sector;
use crate::model::timestamp::Timestamp;
use crate::policy::{A_DAY, PolicyError};
use crate::token::access::AccessToken;
use crate::token::credential::Sealer;
use crate::token::id_token::{Hint, IdToken};
use crate::token::jwt_access::TYP;

/// The type in an ID token's header. Of the other tokens here only signed userinfo
/// has it, for want of one of its own, and that has none of the times of a [`Hint`].
const ID_TOKEN: &str = "JWT";

/// The claims that ID tokens have, whoever the user is.
const OF_THE_SIGN_IN: [&str; 11] =
    ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr", "sid"];

/// What an OpenID Connect provider has beyond an authorization server.
#[derive(Clone, Debug)]
#[must_use]
pub struct Provider {
    pub(crate) keys: KeySet,
    id_token_lifetime: Duration,
    pub(crate) jwks_max_age: Duration,
    pub(crate) scope_claims: ScopeClaims,
    pairwise_salt: Option<PairwiseSalt>,
    names_sessions: bool,
}

impl Provider {
    /// A provider that signs with these keys. One of them has to be for RS256
    /// (OpenID Connect Core section 15.1): every client gets ID tokens signed by
    /// it whose registration does not name another algorithm.
    pub fn new(keys: KeySet) -> Self {
        Self {
            keys,
            id_token_lifetime: Duration::from_secs(600),
            jwks_max_age: Duration::from_secs(3600),
            scope_claims: ScopeClaims::standard(),
            pairwise_salt: None,
            names_sessions: false,
        }
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

    /// The access token that `text` points with, if one of the keys signed it as
    /// such, and what is sealed in it.
    pub(crate) fn open(&self, sealer: &Sealer, text: &str) -> Option<(AccessToken, String)> {
        let jwt = self.keys.verify(text, TYP).ok()?;
        AccessToken::within(sealer, &jwt.claims)
    }

    /// Lets a scope release `claims` at userinfo, such as `payroll` the claim
    /// `employee_number`; a standard scope, beside its own (OpenID Connect Core
    /// section 5.4). `roles` and `permissions` are the user's own.
    ///
    /// It holds for what users allowed earlier, too: say on the consent page what
    /// a scope tells. The claims of the protocol, such as `sub`, are none of the
    /// user's, and no scope releases them. What any scope releases can also be asked
    /// for by itself, with the parameter `claims`, and nothing else can.
    pub fn scope_claims(
        mut self,
        scope: impl Into<String>,
        claims: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.scope_claims.add(scope.into(), &claims.into_iter().collect());
        self
    }

    /// Makes the names by which [pairwise](crate::ClientBuilder::pairwise) clients
    /// know users. Without a salt, the requests of such clients fail.
    pub fn pairwise_salt(mut self, salt: PairwiseSalt) -> Self {
        self.pairwise_salt = Some(salt);
        self
    }

    /// Says that the host names every session
    /// ([`Authentication::with_session`](crate::Authentication::with_session)), so
    /// that `sid` is in all ID tokens and logout tokens. The metadata promises it
    /// to clients (`backchannel_logout_session_supported`), and does not if not said.
    pub const fn names_sessions(mut self) -> Self {
        self.names_sessions = true;
        self
    }

    /// What the clients of `sector` call `user`, if there is a salt.
    pub(crate) fn pairwise(&self, sector: &Sector, user: &Subject) -> Option<Subject> {
        self.pairwise_salt.as_ref()?.name(sector, user)
    }

    /// The claims that `asked` would release, and `allowed` does not.
    pub(crate) fn withheld(&self, asked: &Scope, allowed: &Scope) -> ClaimNames {
        self.scope_claims.of(asked).without(&self.scope_claims.of(allowed))
    }

    /// Whether clients can have names for users of their own.
    pub(crate) const fn has_pairwise_names(&self) -> bool {
        self.pairwise_salt.is_some()
    }

    /// Whether clients can tell a user's sessions apart.
    pub(crate) const fn has_session_names(&self) -> bool {
        self.names_sessions
    }

    /// The claims that a client may be told of, for `claims_supported`: those that
    /// tell of the sign-in first.
    pub(crate) fn claims_supported(&self) -> Vec<&str> {
        let mut claims = OF_THE_SIGN_IN.to_vec();
        for name in self.of_the_user() {
            if !claims.contains(&name) {
                claims.push(name);
            }
        }
        claims
    }

    /// Whether `name`, in whatever language, is one of them that tells of the user.
    pub(crate) fn offers(&self, name: &str) -> bool {
        self.of_the_user().any(|offered| without_language(offered) == name)
    }

    fn of_the_user(&self) -> impl Iterator<Item = &str> {
        let by_scope = self.scope_claims.all().filter(|name| !is_of_the_protocol(name));
        by_scope.chain(["roles", "permissions"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SigningKey;
    use crate::model::algorithm::Algorithm;

    #[test]
    fn every_claim_that_a_scope_releases_is_supported_named_once_and_offered() {
        let keys = KeySet::new([SigningKey::generate(Algorithm::EdDsa).unwrap()]).unwrap();
        let provider = Provider::new(keys)
            .scope_claims("payroll", ["employee_number", "roles", "sub"])
            .scope_claims("staff", ["employee_number", "motto#de"]);
        let supported = provider.claims_supported();
        for name in ["sub", "email", "updated_at", "employee_number", "roles", "permissions"] {
            let count = supported.iter().filter(|supported| **supported == name).count();
            assert_eq!(count, 1, "{name}");
            assert_eq!(provider.offers(name), name != "sub", "{name}");
        }
        assert!(provider.offers("motto") && !provider.offers("shoe_size"));
    }
}
