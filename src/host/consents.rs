//! What users allowed before.

use std::sync::Arc;

use async_trait::async_trait;

use super::HostError;
use crate::model::consented::Consented;
use crate::model::identity::{ClientId, Subject};

/// Remembers what a user allowed a client, so that nobody is asked the same
/// twice. Optional: with [`NoConsents`] the consent page comes every time.
///
/// It keeps [`Consented::to_record`] under user and client with
/// [`Consented::version`], and like a [`CodeStore`](crate::CodeStore) only
/// compares and swaps. Records stay when consent is withdrawn: the next version
/// says so.
#[async_trait]
pub trait ConsentStore: Send + Sync {
    /// What the last finished write left; `None` if there never was one. What
    /// is wrongly in it is granted without asking.
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError>;

    /// Writes `next` if the stored version is
    /// [`next.replaces()`](Consented::replaces), or adds it if that is 0 and
    /// nothing is stored, in one step; `false`, and nothing written, otherwise.
    /// A store that ignores the version brings back what was withdrawn.
    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError>;
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoConsents;

#[async_trait]
impl ConsentStore for NoConsents {
    async fn consented(
        &self,
        _: &Subject,
        _: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        Ok(None)
    }

    async fn remember(&self, _: Arc<Consented>) -> Result<bool, HostError> {
        Ok(true)
    }
}
