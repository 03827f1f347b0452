//! Makes any web application an OAuth 2.0 / 2.1 authorization server for the
//! authorization-code grant.
//!
//! The host brings its users, its database and its web framework by three
//! traits: [`ClientStore`], [`CodeStore`] and [`UserAuthenticator`]. The crate
//! brings the protocol: every endpoint takes a request as the `http` crate knows
//! it and returns a response. It has no other grants, no user database, no HTTP
//! server and no client, and it needs no runtime.
//!
//! Their methods are async: `#[async_trait]` (of the crate `async-trait`) stands above
//! each `impl`. The [`guide`] leads through each task.
//!
//! ```
//! # use std::sync::Arc;
//! use codegrant::{
//!     AuthorizationServer, Authorize, Client, InExtensions, Issuer, SecretRing, ServerSecret, memory,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Client::builder("app").redirect_uri("https://app.example/callback").build()?;
//! let server = AuthorizationServer::builder(
//!     Issuer::parse("https://id.example")?,
//!     SecretRing::new(ServerSecret::generate()),
//!     Arc::new(memory::Clients::new([app])),
//!     Arc::new(memory::Codes::default()),
//!     Arc::new(InExtensions),
//! )
//! .build()?;
//!
//! let uri = "/authorize?response_type=code&client_id=app";
//! let (request, ()) = http::Request::get(uri).body(())?.into_parts();
//! let Authorize::Login(login) = server.authorize(&request, b"").await else {
//!     panic!("nobody is signed in yet")
//! };
//! assert_eq!(login.asker().redirect_host(), "app.example");
//! # Ok(())
//! # }
//! ```
//!
//! `examples/quickstart.rs` goes on from there to the last of the eight steps.
//!
//! # The house, top floor first
//!
//! | room | what is in it |
//! | --- | --- |
//! | [`guide`] | how to do what, one page a task |
//! | `server` | [`AuthorizationServer`] and its [`Builder`] |
//! | `endpoint` | the doors, each in the order of its RFC; [`Authorize`]: pauses as values |
//! | `conformance` | what any store must do, as public checks (feature `conformance`) |
//! | [`memory`] | the embedded stores |
//! | `guard` | [`Guard`], [`RemoteGuard`], `OfflineGuard` (feature `openid`): an access token in, [`Access`] or a challenge out |
//! | `grants` | the host's grants: read, compared and swapped, ended |
//! | `observer` | [`Observer`]: what happens, told to the host; traces of it (feature `tracing`) |
//! | `provider` | `Provider`: what OpenID Connect adds (feature `openid`) |
//! | `keys` | `KeySet`: the keys that sign, published and rotated (feature `openid`) |
//! | `answer`, `form_post`, `cross_origin`, `cause` | [`Response`]; [`Cause`]: why, and what the wire says of it |
//! | `host` | all that a host implements |
//! | `together` | several futures at once, without a runtime |
//! | `token` | codes, tokens and tickets, sealed; what ID tokens say |
//! | `jose` | signatures and keys in JSON (feature `openid`) |
//! | `request` | what arrives, read once and strictly |
//! | `grant` | [`Grant`]: one record, one state machine |
//! | `policy` | [`Policy`]: lifetimes and rules |
//! | `model` | the nouns |
//!
//! A file imports from floors below its own. From `token` down, nothing awaits,
//! reads a clock, knows a store, or draws randomness other than a signature's own.

mod answer;
mod cause;
#[cfg(feature = "conformance")]
pub mod conformance;
mod cross_origin;
mod endpoint;
mod form_post;
#[cfg(all(any(fuzzing, test), feature = "openid"))]
pub mod fuzzing;
mod grant;
mod grants;
mod guard;
pub mod guide;
mod host;
#[cfg(feature = "openid")]
mod jose;
#[cfg(feature = "openid")]
mod keys;
pub mod memory;
mod model;
mod observer;
mod policy;
#[cfg(feature = "openid")]
mod provider;
#[cfg(not(feature = "openid"))]
#[path = "no_provider.rs"]
mod provider;
mod request;
mod server;
#[cfg(any(feature = "conformance", feature = "openid"))]
mod together;
mod token;

pub use answer::Response;
pub use cause::{Cause, CredentialError, ErrorCode};
#[cfg(feature = "openid")]
pub use endpoint::backchannel_logout::{Notices, Undelivered};
pub use endpoint::endpoints::Endpoints;
#[cfg(feature = "openid")]
pub use endpoint::logout_pause::{ConfirmLogout, EndSession, Logout};
pub use endpoint::pause::{Asker, Authorize, Consent, Decision, Granted, Login, Refused};
#[cfg(feature = "openid")]
pub use endpoint::sign_out::SignedOut;
pub use grant::{Grant, Refusal};
#[cfg(feature = "openid")]
pub use guard::OfflineGuard;
pub use guard::{Access, Denied, Guard, InsecureEndpoint, RemoteGuard};
#[cfg(feature = "openid")]
pub use host::Signer;
pub use host::{
    ClientStore, Clock, CodeStore, ConsentStore, Directory, Entropy, HostError, HttpClient,
    InExtensions, NoConsents, NoDirectory, ReplayCache, SecretVerifier, Sha256Secrets, SystemClock,
    SystemEntropy, UserAuthenticator,
};
#[cfg(feature = "openid")]
pub use jose::{key_error::KeyError, private_key::PrivateKeyPem};
#[cfg(feature = "openid")]
pub use keys::{KeySet, SigningKey};
pub use model::algorithm::Algorithm;
pub use model::authentication::Authentication;
pub use model::backchannel_uri::BackchannelUriError;
pub use model::claim_names::ClaimNames;
pub use model::client::{Client, ClientAuthentication};
pub use model::consented::Consented;
pub use model::identity::{Acr, Amr, ClientId, GrantId, NameError, SessionId, Subject};
pub use model::issuer::{Issuer, IssuerError};
pub use model::page::{Display, Locales};
#[cfg(feature = "openid")]
pub use model::pairwise::{PairwiseSalt, WeakSalt};
pub use model::record::RecordError;
pub use model::redirect_uri::{RedirectUriError, RegisteredUri};
pub use model::registration::{ClientBuilder, ClientError};
pub use model::resource::{Resource, ResourceError, Resources};
pub use model::scope::{Scope, ScopeError};
pub use model::secret::{ClientSecret, SecretHash};
pub use model::timestamp::Timestamp;
pub use model::user::User;
pub use observer::{Endpoint, Event, Observer};
pub use policy::{AccessTokenFormat, Policy, PolicyError, Rotation};
#[cfg(feature = "openid")]
pub use provider::Provider;
pub use request::{BearerError, ClientAuthError, Malformed, RequestError};
pub use server::{AuthorizationServer, Builder, ConfigError};
pub use token::credential::{SecretRing, ServerSecret, WeakSecret};
pub use token::ticket::{LoginReason, TicketError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
