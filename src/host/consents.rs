//! What users allowed before.

use async_trait::async_trait;

use super::HostError;
use crate::model::identity::{ClientId, Subject};
use crate::model::scope::Scope;

/// Remembers what a user allowed a client, so that nobody is asked the same
/// twice. Optional: with [`NoConsents`] the consent page comes every time.
#[async_trait]
pub trait ConsentStore: Send + Sync {
    /// All that `user` has allowed `client` and not withdrawn, which may be the
    /// empty scope; `None` if they never allowed it anything. What is wrongly in
    /// it is granted without asking.
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Scope>, HostError>;

    /// Keeps `scope` as all that `user` has allowed `client`, in place of what
    /// was kept before.
    async fn remember(
        &self,
        user: &Subject,
        client: &ClientId,
        scope: &Scope,
    ) -> Result<(), HostError>;
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoConsents;

#[async_trait]
impl ConsentStore for NoConsents {
    async fn consented(&self, _: &Subject, _: &ClientId) -> Result<Option<Scope>, HostError> {
        Ok(None)
    }

    async fn remember(&self, _: &Subject, _: &ClientId, _: &Scope) -> Result<(), HostError> {
        Ok(())
    }
}
