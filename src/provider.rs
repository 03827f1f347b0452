//! What makes a server an OpenID Connect provider.

#[cfg(feature = "openid")]
use crate::keys::KeySet;

/// What an OpenID Connect provider has beyond an authorization server.
#[cfg(feature = "openid")]
#[derive(Clone, Debug)]
#[must_use]
pub struct Provider {
    pub(crate) keys: KeySet,
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
        Self { keys }
    }
}
