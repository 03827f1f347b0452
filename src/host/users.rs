//! The host's sign-in.

use async_trait::async_trait;
use http::request::Parts;

use super::HostError;
use crate::model::authentication::Authentication;

/// Says who is signed in on the browser that sent a request. How they proved
/// it, by password, passkey or another identity provider, is the host's affair.
/// [The guide](crate::guide::login) writes one.
#[diagnostic::on_unimplemented(
    note = "put `#[async_trait]` above its `impl UserAuthenticator`, as `codegrant::guide::login` does"
)]
#[async_trait]
pub trait UserAuthenticator: Send + Sync {
    /// Who is signed in now, by the session that `request` carries; `None` leads
    /// to the login page. Somebody who has not finished signing in is `None`.
    /// Asked once more before a code is handed out: what is remembered from the
    /// first time lets a session go on that was ended meanwhile.
    async fn authenticate(&self, request: &Parts) -> Result<Option<Authentication>, HostError>;
}

/// For hosts whose session cannot be reached from [`Parts`]: the handler puts
/// an [`Authentication`] into the request's extensions, or none. It cannot tell
/// that a session was ended while its request was being served.
#[derive(Clone, Copy, Debug, Default)]
pub struct InExtensions;

#[async_trait]
impl UserAuthenticator for InExtensions {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Authentication>, HostError> {
        Ok(request.extensions.get::<Authentication>().cloned())
    }
}
