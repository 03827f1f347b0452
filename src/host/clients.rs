//! The host's registered clients.

use std::sync::Arc;

use async_trait::async_trait;

use super::HostError;
use crate::model::client::Client;
use crate::model::identity::ClientId;
use crate::model::secret::{ClientSecret, SecretHash};

/// Where the registered clients are kept. Asked anew for each request of a
/// client's, and never cached.
/// [The guide](crate::guide::stores#the-other-stores) writes one.
#[diagnostic::on_unimplemented(
    note = "put `#[async_trait]` above its `impl ClientStore`, as `codegrant::guide::stores` does"
)]
#[async_trait]
pub trait ClientStore: Send + Sync {
    /// The client of this id as it is registered now; `None` if there is none
    /// or it has been disabled: it gets nothing more, and the access tokens it
    /// has live on until they expire. An outdated answer keeps a withdrawn
    /// redirect URI or secret in force for as long as it is outdated.
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, HostError>;
}

/// How a presented client secret is compared with what is kept of it. Needed
/// only where secrets are kept as [`SecretHash::Foreign`].
#[async_trait]
pub trait SecretVerifier: Send + Sync {
    /// Whether `presented` is the secret of `hash`. `None` stands for a client
    /// that does not exist or has no secret: answer `false` after as much work
    /// as a real comparison takes, or the time tells which client ids exist.
    async fn verify(
        &self,
        presented: &ClientSecret,
        hash: Option<&SecretHash>,
    ) -> Result<bool, HostError>;
}

/// Verifies [`SecretHash::Sha256`], in constant time; any other kind is an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sha256Secrets;

#[async_trait]
impl SecretVerifier for Sha256Secrets {
    async fn verify(
        &self,
        presented: &ClientSecret,
        hash: Option<&SecretHash>,
    ) -> Result<bool, HostError> {
        match hash {
            None => Ok(presented.matches(None)),
            Some(SecretHash::Sha256(hash)) => Ok(presented.matches(Some(hash))),
            Some(SecretHash::Foreign(_)) => Err(HostError::new(
                "a client's secret is kept in a foreign format and no SecretVerifier is set",
            )),
        }
    }
}
