//! Why an answer is not the one that was asked for, and what the wire says of it.

use std::borrow::Cow;

use http::StatusCode;

use crate::grant::Refusal;
use crate::host::HostError;
use crate::model::identity::ClientId;
use crate::model::scope::Scope;
use crate::request::{BearerError, ClientAuthError, Malformed, RequestError};
use crate::token::ticket::{LoginReason, TicketError};

/// What went wrong, in full, for the host's log: found in the extensions of
/// every answer that refuses something (`response.extensions().get::<Cause>()`).
///
/// It holds no secret. The client learns only [`code`](Self::code) and
/// [`description`](Self::description).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The request's parameters are at fault.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The endpoint does not answer this method.
    #[error("the endpoint does not answer this method")]
    Method,
    /// No such client, or it is disabled.
    #[error("there is no client {0}")]
    UnknownClient(ClientId),
    /// The client could not prove who it is.
    #[error(transparent)]
    ClientAuthentication(#[from] ClientAuthError),
    /// A page's ticket leads nowhere.
    #[error(transparent)]
    Ticket(#[from] TicketError),
    /// The user denied the request, or left the login page by its cancel button.
    #[error("the user did not allow the request")]
    Denied,
    /// Somebody has to sign in, and must not be asked to, or did not do it as
    /// the client wants.
    #[error("somebody would have to sign in: {0:?}")]
    LoginRequired(LoginReason),
    /// The user left the page on which to choose an account.
    #[error("the user chose no account")]
    AccountSelectionRequired,
    /// The user would have to be asked what they allow, and must not be.
    #[error("the user would have to be asked for their consent")]
    ConsentRequired,
    /// The user would have to be asked each time anew, since anybody could have
    /// sent the request, and must not be.
    #[error("the user would have to be asked, whatever they allowed before")]
    InteractionRequired,
    /// No sign-in reaches the `acr` that the client cannot do without.
    #[error("the user did not sign in as the client demands")]
    UnmetAuthenticationRequirements,
    /// The user signed out while a code was on its way.
    #[error("the user signed out meanwhile")]
    SignedOut,
    /// The user withdrew their consent while a code was on its way.
    #[error("the user withdrew their consent meanwhile")]
    Withdrawn,
    /// The code that a client presented gives it nothing.
    #[error("the code was refused: {0}")]
    Code(#[source] CredentialError),
    /// The refresh token that a client presented gives it nothing.
    #[error("the refresh token was refused: {0}")]
    Refresh(#[source] CredentialError),
    /// The client's registration does not have the grant type.
    #[error("the client is not registered for this grant type")]
    GrantTypeNotRegistered,
    /// The token that is to be revoked is another client's.
    #[error("the token to be revoked was issued to another client")]
    OtherClientsToken,
    /// The access token was not sent as it must be.
    #[error(transparent)]
    Bearer(#[from] BearerError),
    /// A resource was asked for without an access token.
    #[error("no access token was sent")]
    TokenMissing,
    /// The access token that was presented opens nothing.
    #[error("the access token was refused: {0}")]
    Token(#[source] CredentialError),
    /// The user's sign-in is too long ago for the resource, or not sure enough.
    #[error("the user has to sign in again, as the resource demands")]
    InsufficientUserAuthentication,
    /// The access token does not reach as far as the resource asks.
    #[error("the access token's scope does not cover {needed}")]
    Scope {
        /// What the resource asks.
        needed: Scope,
    },
    /// The user may not do this, whatever they allowed the client.
    #[error("the user does not have the permission {needed}")]
    Permission {
        /// What the resource asks.
        needed: String,
    },
    /// The client calls users by names of its own, and the server has no salt to
    /// make them with.
    #[error("the client is pairwise, and the provider has no pairwise salt")]
    NoPairwiseSalt,
    /// Something of the host's failed.
    #[error("the host could not answer: {0}")]
    Host(#[source] HostError),
    /// Others kept changing the same grant, or what the same user allowed, first.
    #[error("the record was changed by others again and again")]
    Contention,
}

/// Why a code or token is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// This server did not seal it, or sealed it as something else.
    #[error("this server never issued it")]
    Forged,
    /// It is dated later than now: somebody's clock is wrong.
    #[error("it is not valid yet")]
    NotYet,
    /// Its grant is not in the store: it expired, or never got there.
    #[error("its grant is unknown")]
    Unknown,
    /// Its grant does not give it anything.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It was redeemed before; the grant has been ended.
    #[error("it was used a second time, so its grant was ended")]
    Replayed,
    /// The directory does not know its user any more.
    #[error("its user is gone")]
    UserGone,
    /// Its client is registered no more.
    #[error("its client is gone")]
    ClientGone,
}

/// The error codes of RFC 6749 sections 4.1.2.1 and 5.2, of RFC 6750 section
/// 3.1, of RFC 8707 section 2, of RFC 9470 section 3 and of OpenID Connect Core
/// section 3.1.2.6 with its addition, each spelled here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "their names are their definitions in the RFCs")]
pub enum ErrorCode {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnsupportedGrantType,
    UnsupportedResponseType,
    InvalidScope,
    InvalidTarget,
    UnauthorizedClient,
    AccessDenied,
    ServerError,
    TemporarilyUnavailable,
    InvalidToken,
    InsufficientScope,
    InsufficientUserAuthentication,
    LoginRequired,
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    UnmetAuthenticationRequirements,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
}

impl ErrorCode {
    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::LoginRequired => "login_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
        }
    }
}

impl Cause {
    /// The `error` that the client is told.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Request(error) => match error {
                RequestError::ResponseType => ErrorCode::UnsupportedResponseType,
                RequestError::GrantType => ErrorCode::UnsupportedGrantType,
                RequestError::Scope => ErrorCode::InvalidScope,
                RequestError::Target => ErrorCode::InvalidTarget,
                RequestError::Verifier => ErrorCode::InvalidGrant,
                RequestError::RequestObject => ErrorCode::RequestNotSupported,
                RequestError::RequestUri => ErrorCode::RequestUriNotSupported,
                RequestError::Registration => ErrorCode::RegistrationNotSupported,
                _ => ErrorCode::InvalidRequest,
            },
            Self::Method
            | Self::Ticket(_)
            | Self::Bearer(_)
            | Self::ClientAuthentication(ClientAuthError::TwoMethods) => ErrorCode::InvalidRequest,
            Self::UnknownClient(_) | Self::ClientAuthentication(_) => ErrorCode::InvalidClient,
            Self::Denied | Self::SignedOut | Self::Withdrawn | Self::Permission { .. } => {
                ErrorCode::AccessDenied
            }
            Self::LoginRequired(_) => ErrorCode::LoginRequired,
            Self::AccountSelectionRequired => ErrorCode::AccountSelectionRequired,
            Self::ConsentRequired => ErrorCode::ConsentRequired,
            Self::InteractionRequired => ErrorCode::InteractionRequired,
            Self::UnmetAuthenticationRequirements => ErrorCode::UnmetAuthenticationRequirements,
            Self::Code(error) | Self::Refresh(error) => match error {
                CredentialError::Refused(Refusal::Scope) => ErrorCode::InvalidScope,
                CredentialError::Refused(Refusal::Target) => ErrorCode::InvalidTarget,
                _ => ErrorCode::InvalidGrant,
            },
            Self::GrantTypeNotRegistered => ErrorCode::UnauthorizedClient,
            Self::OtherClientsToken => ErrorCode::InvalidGrant,
            Self::TokenMissing | Self::Token(_) => ErrorCode::InvalidToken,
            Self::InsufficientUserAuthentication => ErrorCode::InsufficientUserAuthentication,
            Self::Scope { .. } => ErrorCode::InsufficientScope,
            Self::NoPairwiseSalt => ErrorCode::ServerError,
            Self::Host(_) | Self::Contention => ErrorCode::TemporarilyUnavailable,
        }
    }

    /// The status of an answer to the client itself (RFC 6749 section 5.2,
    /// RFC 6750 section 3.1).
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match (self, self.code()) {
            (Self::Method, _) => StatusCode::METHOD_NOT_ALLOWED,
            (
                _,
                ErrorCode::InvalidClient
                | ErrorCode::InvalidToken
                | ErrorCode::InsufficientUserAuthentication,
            ) => StatusCode::UNAUTHORIZED,
            (_, ErrorCode::InsufficientScope | ErrorCode::AccessDenied) => StatusCode::FORBIDDEN,
            (_, ErrorCode::ServerError) => StatusCode::INTERNAL_SERVER_ERROR,
            (_, ErrorCode::TemporarilyUnavailable) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The status of a page that a user sees instead: nothing that they could
    /// authenticate for.
    #[must_use]
    pub const fn page_status(&self) -> StatusCode {
        match self.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => StatusCode::BAD_REQUEST,
            status => status,
        }
    }

    /// The `error_description` that the client is told: fixed words, and alike
    /// for causes that must not be told apart.
    #[must_use]
    pub fn description(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Request(error) => return error.to_string().into(),
            Self::ClientAuthentication(error @ ClientAuthError::TwoMethods) => {
                return error.to_string().into();
            }
            Self::Bearer(error) => return error.to_string().into(),
            Self::Ticket(TicketError::Forged) => "this page was not made by this server",
            Self::Ticket(TicketError::Expired) => "this page was open too long, start again",
            Self::Ticket(TicketError::OtherUser) => "the sign-in has changed, start again",
            Self::Method => "this endpoint does not answer this method",
            Self::UnknownClient(_) => "the client is not registered",
            Self::ClientAuthentication(_) => "client authentication failed",
            Self::Denied | Self::SignedOut | Self::Withdrawn => {
                "the user did not allow the request"
            }
            Self::LoginRequired(_) => "the user has to sign in",
            Self::AccountSelectionRequired => "the user has to choose an account",
            Self::ConsentRequired => "the user has to allow the request",
            Self::InteractionRequired => "the user has to be asked",
            Self::UnmetAuthenticationRequirements => {
                "the user did not sign in as the request demands"
            }
            Self::Code(CredentialError::Refused(Refusal::Target))
            | Self::Refresh(CredentialError::Refused(Refusal::Target)) => {
                "the user did not allow this resource"
            }
            Self::Code(CredentialError::Refused(Refusal::Scope))
            | Self::Refresh(CredentialError::Refused(Refusal::Scope)) => {
                "the scope exceeds what was allowed"
            }
            Self::Refresh(_) => "the refresh token is invalid, expired, or was revoked",
            Self::GrantTypeNotRegistered => "the client is not registered for this grant type",
            Self::OtherClientsToken => "the token was issued to another client",
            Self::Code(CredentialError::Refused(Refusal::VerifierMissing)) => {
                "code_verifier is missing"
            }
            Self::Code(CredentialError::Refused(Refusal::RedirectUri)) => {
                "redirect_uri is not the one of the authorization request"
            }
            Self::Code(_) => "the code is invalid, expired, or was issued for another request",
            Self::TokenMissing => "an access token is needed",
            Self::Token(_) => "the access token is invalid or expired",
            Self::InsufficientUserAuthentication => {
                "the user has to sign in again, as the challenge says"
            }
            Self::Scope { .. } => "the access token's scope does not cover this",
            Self::Permission { .. } => "the user may not do this",
            Self::NoPairwiseSalt => "this server is not set up for the client",
            Self::Host(_) | Self::Contention => "please try again",
        })
    }
}

impl From<Malformed> for Cause {
    fn from(malformed: Malformed) -> Self {
        RequestError::from(malformed).into()
    }
}

impl From<HostError> for Cause {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}
