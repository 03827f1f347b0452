//! What makes a server an OpenID Connect provider.

#[cfg(feature = "openid")]
use crate::keys::KeySet;
use crate::model::claims::ClaimNames;
#[cfg(feature = "openid")]
use crate::model::claims::is_of_the_protocol;
use crate::model::identity::Subject;
#[cfg(feature = "openid")]
use crate::model::pairwise::PairwiseSalt;
use crate::model::scope::Scope;
#[cfg(feature = "openid")]
use crate::model::scope_claims::ScopeClaims;
use crate::model::sector::Sector;

/// What an OpenID Connect provider has beyond an authorization server.
#[cfg(feature = "openid")]
#[derive(Clone, Debug)]
#[must_use]
pub struct Provider {
    pub(crate) keys: KeySet,
    pub(crate) scope_claims: ScopeClaims,
    pairwise_salt: Option<PairwiseSalt>,
}

/// Without the feature `openid` there is none.
#[cfg(not(feature = "openid"))]
#[derive(Clone, Debug)]
pub(crate) enum Provider {}

#[cfg(feature = "openid")]
impl Provider {
    /// A provider that signs with these keys. Every client that does not ask for
    /// another algorithm needs one of RS256 (OpenID Connect Core section 15.1).
    pub const fn new(keys: KeySet) -> Self {
        Self { keys, scope_claims: ScopeClaims::standard(), pairwise_salt: None }
    }

    /// Lets a scope release `claims` at userinfo, such as `payroll` the claim
    /// `employee_number`; a standard scope, beside its own (OpenID Connect Core
    /// section 5.4). `roles` and `permissions` are the user's own.
    ///
    /// It holds for what users allowed earlier, too: say on the consent page what
    /// a scope tells. The claims of the protocol, such as `sub`, are none of the
    /// user's, and no scope releases them.
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

    /// What the clients of `sector` call `user`, if there is a salt.
    pub(crate) fn pairwise(&self, sector: &Sector, user: &Subject) -> Option<Subject> {
        self.pairwise_salt.as_ref()?.name(sector, user)
    }

    /// The claims that `asked` would release, and `allowed` does not.
    pub(crate) fn withheld(&self, asked: &Scope, allowed: &Scope) -> ClaimNames {
        self.scope_claims.of(asked).without(&self.scope_claims.of(allowed))
    }

    /// The claims that a client may be told of, for `claims_supported`: those that
    /// tell of the sign-in first.
    #[cfg_attr(not(test), expect(dead_code, reason = "the metadata do not name them yet"))]
    pub(crate) fn claims_supported(&self) -> Vec<&str> {
        let of_the_sign_in = ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr"];
        let mut claims = of_the_sign_in.to_vec();
        let of_the_user = self.scope_claims.all().filter(|name| !is_of_the_protocol(name));
        for name in of_the_user.chain(["roles", "permissions"]) {
            if !claims.contains(&name) {
                claims.push(name);
            }
        }
        claims
    }
}

/// What is never asked, so that the floors above need not know of the feature.
#[cfg(not(feature = "openid"))]
impl Provider {
    pub(crate) const fn pairwise(&self, _: &Sector, _: &Subject) -> Option<Subject> {
        match *self {}
    }

    pub(crate) const fn withheld(&self, _: &Scope, _: &Scope) -> ClaimNames {
        match *self {}
    }
}

#[cfg(all(test, feature = "openid"))]
mod tests {
    use super::*;
    use crate::keys::SigningKey;
    use crate::model::algorithm::Algorithm;

    #[test]
    fn every_claim_that_a_scope_releases_is_supported_and_named_once() {
        let keys = KeySet::new([SigningKey::generate(Algorithm::EdDsa).unwrap()]).unwrap();
        let provider = Provider::new(keys)
            .scope_claims("payroll", ["employee_number", "roles", "sub"])
            .scope_claims("staff", ["employee_number"]);
        let supported = provider.claims_supported();
        for name in ["sub", "email", "updated_at", "employee_number", "roles", "permissions"] {
            let count = supported.iter().filter(|supported| **supported == name).count();
            assert_eq!(count, 1, "{name}");
        }
    }
}
