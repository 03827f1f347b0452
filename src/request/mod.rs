//! What arrives: read once, strictly, into values that are valid because they
//! exist.

pub(crate) mod authentication;
pub(crate) mod authorization;
pub(crate) mod bearer;
pub(crate) mod client_auth;
pub(crate) mod form;
#[cfg(feature = "openid")]
pub(crate) mod logout;
pub(crate) mod params;
pub(crate) mod sign_in;
pub(crate) mod token;

pub use bearer::BearerError;
pub use client_auth::ClientAuthError;
pub use form::Malformed;

/// What is wrong with a request's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The query or body cannot be read at all.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A parameter came more than once (RFC 6749 section 3.1).
    #[error("{0} is repeated")]
    Repeated(&'static str),
    /// A required parameter is missing or empty.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A parameter's value is not of the form that it must have.
    #[error("{0} is not valid")]
    Invalid(&'static str),
    /// A parameter came in the query of a request that has its parameters in the
    /// body (RFC 6749 section 3.2).
    #[error("parameters must be in the request's body")]
    InQuery,
    /// The redirect URI is not registered.
    #[error("redirect_uri is not registered for this client")]
    RedirectUri,
    /// The post-logout redirect URI is not registered.
    #[error("post_logout_redirect_uri is not registered for this client")]
    PostLogoutRedirectUri,
    /// `response_type` is something else than `code`.
    #[error("response_type must be code")]
    ResponseType,
    /// `request`: an authorization request as an object (RFC 9101).
    #[error("the parameter request is not supported")]
    RequestObject,
    /// `request_uri`: the address of such an object (RFC 9101).
    #[error("the parameter request_uri is not supported")]
    RequestUri,
    /// `registration`: the client describes itself (OpenID Connect Core section 7.2.1).
    #[error("the parameter registration is not supported")]
    Registration,
    /// The client may not ask for one of the scopes.
    #[error("the client may not ask for this scope")]
    Scope,
    /// A `resource` is none, or one that the client may not ask for (RFC 8707
    /// section 2).
    #[error("the client may not ask for this resource")]
    Target,
    /// PKCE is required of this client (RFC 7636 section 4.4.1).
    #[error("code_challenge is required")]
    ChallengeMissing,
    /// The challenge's method is `plain`, which a missing one means too.
    #[error("code_challenge_method must be S256")]
    ChallengeMethod,
    /// The verifier has characters or a length that no verifier has.
    #[error("code_verifier is not valid")]
    Verifier,
    /// The grant type is something else than `authorization_code` or `refresh_token`.
    #[error("grant_type is not supported")]
    GrantType,
}
