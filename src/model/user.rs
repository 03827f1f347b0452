//! Users as the host's directory knows them.

use std::collections::BTreeMap;

use serde_json::Value;

/// What the host's directory knows of a user: what they may do, for resource
/// servers to decide by, and what clients of OpenID Connect may be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    roles: Vec<String>,
    permissions: Vec<String>,
    claims: BTreeMap<String, Value>,
}

impl User {
    /// A user who exists, and of whom nothing in particular is known.
    #[must_use]
    pub const fn new() -> Self {
        Self { roles: Vec::new(), permissions: Vec::new(), claims: BTreeMap::new() }
    }

    /// Adds roles, such as `analyst`.
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Adds permissions, such as `reports:read`.
    #[must_use]
    pub fn with_permissions(
        mut self,
        permissions: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.permissions.extend(permissions.into_iter().map(Into::into));
        self
    }

    /// Adds a claim, such as `given_name` (OpenID Connect Core section 5.1), or
    /// one in a language, such as `given_name#ja-Kana-JP` (section 5.2), in place
    /// of what was said of it before. One that is null or empty is never told.
    #[must_use]
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Adds claims, such as the members of a JSON object.
    #[must_use]
    pub fn with_claims(
        mut self,
        claims: impl IntoIterator<Item = (impl Into<String>, impl Into<Value>)>,
    ) -> Self {
        let claims = claims.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.claims.extend(claims);
        self
    }

    /// The user's roles.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// The user's permissions.
    #[must_use]
    pub fn permissions(&self) -> &[String] {
        &self.permissions
    }

    /// The user's claims by their names, as they were added.
    #[must_use]
    pub const fn claims(&self) -> &BTreeMap<String, Value> {
        &self.claims
    }

    /// Whether the user has `permission`.
    #[must_use]
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.iter().any(|mine| mine == permission)
    }
}
