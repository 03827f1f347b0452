//! The doors that only an OpenID Connect provider has.

use super::AuthorizationServer;
use crate::answer::Response;
use crate::endpoint::jwks;

impl AuthorizationServer {
    /// The keys that this server signs with, for GET (RFC 7517 section 5): what
    /// `jwks_uri` in the metadata points at. Clients keep them for as long as
    /// [`Provider::jwks_max_age`](crate::Provider::jwks_max_age) says.
    #[must_use]
    pub fn jwks(&self) -> Response {
        jwks::jwks(&self.0)
    }
}
