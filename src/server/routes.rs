//! One door in front of all that need no user.

use http::Method;
use http::request::Parts;

use super::AuthorizationServer;
use crate::answer::{self, Response};
use crate::cause::Cause;
use crate::cross_origin;
use crate::endpoint::endpoints::Endpoints;
use crate::endpoint::metadata::metadata_paths;
use crate::endpoint::service::Service;
use crate::request::form::LONGEST;

/// What is behind a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Token,
    Introspection,
    Revocation,
    #[cfg(feature = "openid")]
    UserInfo,
    #[cfg(feature = "openid")]
    Jwks,
    Metadata,
}

impl AuthorizationServer {
    /// The longest body that any endpoint reads, in bytes. A host refuses a longer
    /// one with 413 before it has read it to the end.
    pub const LONGEST_BODY: usize = LONGEST;

    /// Every endpoint that needs no user, by the path of `request`, from the host's
    /// root: token, introspection, revocation, userinfo, the keys, the metadata in
    /// each of their places; and [`preflight`](Self::preflight) for those that
    /// pages of other origins may call. `None` for what is not offered and for
    /// every other path: these are the host's own, the
    /// [authorization](Self::authorize) and the end-session endpoint too.
    ///
    /// Paths are compared as they were sent, byte for byte. An answer to HEAD has
    /// the body of GET, which the HTTP server leaves out.
    ///
    /// ```
    /// # use codegrant::{AuthorizationServer, Response};
    /// # use http::{StatusCode, request::Parts};
    /// async fn fallback(server: &AuthorizationServer, request: &Parts, body: &[u8]) -> Response {
    ///     server.serve(request, body).await.unwrap_or_else(|| {
    ///         let mut not_found = Response::default();
    ///         *not_found.status_mut() = StatusCode::NOT_FOUND;
    ///         not_found
    ///     })
    /// }
    /// ```
    pub async fn serve(&self, request: &Parts, body: &[u8]) -> Option<Response> {
        let door = Door::at(&self.0, request.uri.path())?;
        if request.method == Method::OPTIONS && door.is_open_to_pages() {
            return Some(self.preflight());
        }
        Some(match door {
            Door::Token => self.token(request, body).await,
            Door::Introspection => self.introspect(request, body).await,
            Door::Revocation => self.revoke(request, body).await,
            #[cfg(feature = "openid")]
            Door::UserInfo => self.userinfo(request, body).await,
            #[cfg(feature = "openid")]
            Door::Jwks => read_only(request, || self.jwks()),
            Door::Metadata => read_only(request, || self.metadata()),
        })
    }
}

impl Door {
    /// What is offered at `path`.
    fn at(service: &Service, path: &str) -> Option<Self> {
        let Endpoints { token, introspection, revocation, .. } = &service.endpoints;
        let doors = [
            (Some(token), Self::Token),
            (introspection.as_ref(), Self::Introspection),
            (revocation.as_ref(), Self::Revocation),
            #[cfg(feature = "openid")]
            (of_provider(service, service.endpoints.userinfo.as_ref()), Self::UserInfo),
            #[cfg(feature = "openid")]
            (of_provider(service, Some(&service.endpoints.jwks)), Self::Jwks),
        ];
        let below = path.strip_prefix(service.issuer.path());
        let is_here = |offered: &String| below == Some(offered.as_str());
        let found = doors.into_iter().find(|(offered, _)| offered.is_some_and(is_here));
        let is_metadata = || metadata_paths(&service.issuer).iter().any(|place| place == path);
        found.map(|(_, door)| door).or_else(|| is_metadata().then_some(Self::Metadata))
    }

    /// Resource servers introspect, and these are no pages.
    fn is_open_to_pages(self) -> bool {
        self != Self::Introspection
    }
}

/// The path of an endpoint that only an OpenID Connect provider offers.
#[cfg(feature = "openid")]
fn of_provider<'s>(service: &'s Service, path: Option<&'s String>) -> Option<&'s String> {
    service.provider.as_ref().and(path)
}

/// A document, or 405 to whoever does not want to read it.
fn read_only(request: &Parts, document: impl FnOnce() -> Response) -> Response {
    match request.method {
        Method::GET | Method::HEAD => document(),
        _ => {
            let refused = answer::allowing(answer::error(Cause::Method), "GET, HEAD");
            cross_origin::readable(request, refused)
        }
    }
}
