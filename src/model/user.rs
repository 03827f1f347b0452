//! Who allows, and what they may do themselves.

use serde::{Deserialize, Serialize};

use super::identity::{SessionId, Subject};
use super::timestamp::Timestamp;

/// Who is signed in on the browser that sent a request, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authentication {
    subject: Subject,
    authenticated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
}

impl Authentication {
    /// `subject` proved who they are at `authenticated_at` (`auth_time`).
    #[must_use]
    pub const fn new(subject: Subject, authenticated_at: Timestamp) -> Self {
        Self { subject, authenticated_at, session: None }
    }

    /// Names the sign-in, so that what one browser session began cannot be
    /// finished by another of the same user.
    #[must_use]
    pub fn with_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// The user.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// When they last proved who they are.
    #[must_use]
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }

    /// The sign-in this belongs to, where the host names it.
    #[must_use]
    pub const fn session(&self) -> Option<&SessionId> {
        self.session.as_ref()
    }
}

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
