//! Which claims about the user a scope releases (OpenID Connect Core section 5.4).

use std::collections::BTreeMap;

use super::claim_names::ClaimNames;
use super::scope::Scope;

/// What scopes release: the standard ones what section 5.4 says, and whatever was
/// added to it.
#[derive(Clone, Debug)]
pub(crate) struct ScopeClaims {
    added: BTreeMap<String, ClaimNames>,
}

const STANDARD: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

impl ScopeClaims {
    /// What the specification says, and nothing else.
    pub(crate) const fn standard() -> Self {
        Self { added: BTreeMap::new() }
    }

    /// Lets the scope `token` release `claims` too.
    pub(crate) fn add(&mut self, token: String, claims: &ClaimNames) {
        let before = self.added.entry(token).or_default();
        *before = before.iter().chain(claims.iter()).collect();
    }

    /// What the tokens of `scope` release together.
    pub(crate) fn of(&self, scope: &Scope) -> ClaimNames {
        let standard = STANDARD.iter().filter(|(token, _)| scope.contains(token));
        let added = self.added.iter().filter(|(token, _)| scope.contains(token));
        let standard = standard.flat_map(|(_, claims)| claims.iter().copied());
        standard.chain(added.flat_map(|(_, claims)| claims.iter())).collect()
    }

    /// What any scope releases.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        let standard = STANDARD.iter().flat_map(|(_, claims)| claims.iter().copied());
        standard.chain(self.added.values().flat_map(ClaimNames::iter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> ClaimNames {
        names.iter().copied().collect()
    }

    fn released(claims: &ScopeClaims, scope: &str) -> ClaimNames {
        claims.of(&Scope::parse(scope).unwrap())
    }

    #[test]
    fn the_standard_scopes_release_the_claims_of_the_specification() {
        let standard = ScopeClaims::standard();
        assert_eq!(released(&standard, "openid offline_access payroll"), ClaimNames::none());
        assert_eq!(
            released(&standard, "email phone address"),
            names(&["address", "email", "email_verified", "phone_number", "phone_number_verified"])
        );
        assert_eq!(released(&standard, "profile").iter().count(), 14);
        assert_eq!(standard.all().count(), 19);
    }

    #[test]
    fn a_scope_releases_what_was_added_to_it_beside_what_it_did_before() {
        let mut claims = ScopeClaims::standard();
        claims.add("address".into(), &names(&["office"]));
        claims.add("payroll".into(), &names(&["employee_number"]));
        claims.add("payroll".into(), &names(&["roles", "office"]));
        assert_eq!(released(&claims, "address"), names(&["address", "office"]));
        assert_eq!(released(&claims, "payroll"), names(&["employee_number", "roles", "office"]));
        assert_eq!(released(&claims, "openid payrolls"), ClaimNames::none());
    }
}
