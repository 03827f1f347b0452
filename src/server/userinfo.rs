//! The door at which clients are told of users.

use http::request::Parts;

use super::AuthorizationServer;
use crate::answer::{self, Response};
use crate::cross_origin;
use crate::endpoint::userinfo;
use crate::observer::Endpoint;

impl AuthorizationServer {
    /// The userinfo endpoint, for GET and POST (OpenID Connect Core section 5.3):
    /// what the directory says of the user, as far as they allowed the client to
    /// be told.
    ///
    /// It takes access tokens of grants with `openid`, unless the client asked
    /// for them to be addressed elsewhere (RFC 8707): who asks for a `resource` by
    /// name, and wants to be told of the user too, names the issuer beside it.
    pub async fn userinfo(&self, request: &Parts, body: &[u8]) -> Response {
        match (&self.0.provider, &self.0.endpoints.userinfo) {
            (Some(provider), Some(_)) => {
                let work = || userinfo::userinfo(&self.0, provider, request, body);
                cross_origin::readable(request, self.observed(Endpoint::UserInfo, work).await)
            }
            _ => answer::not_offered(),
        }
    }
}
