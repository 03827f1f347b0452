//! What users may do themselves.

/// What the host's directory knows of a user, for resource servers to decide by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    roles: Vec<String>,
    permissions: Vec<String>,
}

impl User {
    /// A user who exists and may do nothing in particular.
    #[must_use]
    pub const fn new() -> Self {
        Self { roles: Vec::new(), permissions: Vec::new() }
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

    /// Whether the user has `permission`.
    #[must_use]
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.iter().any(|mine| mine == permission)
    }
}
