//! codegrant makes a web application an OAuth 2.0 / 2.1 authorization server.

mod answer;
mod cause;
mod endpoint;
mod grant;
mod guard;
mod host;
pub mod memory;
mod model;
mod policy;
mod request;
mod server;
mod token;

pub use answer::Response;
pub use cause::{Cause, CredentialError, ErrorCode};
pub use endpoint::pause::{Authorize, Consent, Decision, Granted, Login, Refused};
pub use grant::{Grant, RecordError, Refusal};
pub use guard::{Access, Denied, Guard};
pub use host::*;
pub use model::client::{Client, ClientAuthentication, ClientBuilder, ClientError};
pub use model::identity::{ClientId, GrantId, NameError, SessionId, Subject};
pub use model::issuer::{Issuer, IssuerError};
pub use model::redirect_uri::{RedirectUri, RedirectUriError, RegisteredUri};
pub use model::scope::{Scope, ScopeError};
pub use model::secret::{ClientSecret, SecretHash};
pub use model::timestamp::Timestamp;
pub use model::user::{Authentication, User};
pub use policy::{Policy, PolicyError};
pub use request::{BearerError, ClientAuthError, Malformed, RequestError};
pub use server::{AuthorizationServer, Builder, ConfigError};
pub use token::credential::{SecretRing, ServerSecret, WeakSecret};
pub use token::ticket::TicketError;
