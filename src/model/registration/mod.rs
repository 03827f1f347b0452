//! How an application is registered.

mod judge;
mod kept;

pub use judge::ClientError;

use std::ops::Not;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;
use super::client::{Client, ClientAuthentication};
use super::redirect_uri::PrivateSchemes;
use super::secret::SecretHash;

/// A registration in the making; [`build`](Self::build) judges it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct ClientBuilder {
    id: Arc<str>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    authentication: ClientAuthentication,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    private_schemes: PrivateSchemes,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    default_scope: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    refresh_token: bool,
    #[serde(default)]
    audiences: Vec<String>,
    #[serde(default)]
    introspects_any: bool,
    #[serde(default)]
    require_pkce: bool,
    #[serde(default)]
    trusted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_max_age: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    default_acr_values: Vec<String>,
    #[serde(default, skip_serializing_if = "Not::not")]
    require_auth_time: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    id_token_signed_response_alg: Algorithm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    userinfo_signed_response_alg: Option<Algorithm>,
    #[serde(default, skip_serializing_if = "Not::not")]
    pairwise: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sector_identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    post_logout_redirect_uris: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backchannel_logout_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Not::not")]
    backchannel_logout_session_required: bool,
}

fn is_default(algorithm: &Algorithm) -> bool {
    *algorithm == Algorithm::default()
}

impl Client {
    /// Starts a registration: a public web client until told otherwise.
    pub fn builder(id: impl Into<Arc<str>>) -> ClientBuilder {
        ClientBuilder {
            id: id.into(),
            name: None,
            authentication: ClientAuthentication::None,
            redirect_uris: Vec::new(),
            private_schemes: PrivateSchemes::default(),
            scope: String::new(),
            default_scope: None,
            resources: Vec::new(),
            refresh_token: false,
            audiences: Vec::new(),
            introspects_any: false,
            require_pkce: false,
            trusted: false,
            default_max_age: None,
            default_acr_values: Vec::new(),
            require_auth_time: false,
            id_token_signed_response_alg: Algorithm::default(),
            userinfo_signed_response_alg: None,
            pairwise: false,
            sector_identifier: None,
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
        }
    }
}

impl ClientBuilder {
    /// What users know it by; the identifier if not given.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds a place where it may be answered.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// It authenticates with this secret in the Authorization header.
    pub fn client_secret_basic(mut self, hash: SecretHash) -> Self {
        self.authentication = ClientAuthentication::ClientSecretBasic(hash);
        self
    }

    /// It authenticates with this secret in the request's body.
    pub fn client_secret_post(mut self, hash: SecretHash) -> Self {
        self.authentication = ClientAuthentication::ClientSecretPost(hash);
        self
    }

    /// It is installed on the user's device (RFC 8252): private-use schemes
    /// with a dot may be registered, and `http://localhost` on any port.
    pub fn native(mut self) -> Self {
        self.private_schemes.native = true;
        self
    }

    /// A native client that is known by this scheme without a dot (`vscode`),
    /// which other programs may claim too.
    pub fn dotless_scheme(mut self, scheme: impl Into<String>) -> Self {
        self.private_schemes.dotless.push(scheme.into());
        self.native()
    }

    /// All it may ask for, separated by spaces.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// What it gets when it names no scope; all it may ask for if not given.
    pub fn default_scope(mut self, scope: impl Into<String>) -> Self {
        self.default_scope = Some(scope.into());
        self
    }

    /// Adds a resource server that it may ask tokens for (RFC 8707).
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.resources.push(uri.into());
        self
    }

    /// It gets refresh tokens beside access tokens: the grant type `refresh_token`.
    pub const fn refresh_token(mut self) -> Self {
        self.refresh_token = true;
        self
    }

    /// It is a resource server too: it may introspect the access tokens that
    /// are addressed to `uri`.
    pub fn audience(mut self, uri: impl Into<String>) -> Self {
        self.audiences.push(uri.into());
        self
    }

    /// It may introspect every token, whomever it is addressed to.
    pub const fn introspects_any(mut self) -> Self {
        self.introspects_any = true;
        self
    }

    /// It must use PKCE even though it authenticates.
    pub const fn require_pkce(mut self) -> Self {
        self.require_pkce = true;
        self
    }

    /// It belongs to the server's own operator: users are not asked.
    pub const fn trusted(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// Its users sign in again when that was longer ago, unless its request says
    /// otherwise; fractions of a second are dropped.
    pub const fn default_max_age(mut self, age: Duration) -> Self {
        self.default_max_age = Some(age.as_secs());
        self
    }

    /// Adds an `acr` that would suit it where its request names none; the first
    /// is wanted most.
    pub fn default_acr_value(mut self, acr: impl Into<String>) -> Self {
        self.default_acr_values.push(acr.into());
        self
    }

    /// Its ID tokens always say when the user signed in (`require_auth_time`), as
    /// those of every client do.
    pub const fn require_auth_time(mut self) -> Self {
        self.require_auth_time = true;
        self
    }

    /// Its ID tokens are signed by this algorithm, in place of RS256: a key for it
    /// must be in the server's key set, or it gets no tokens.
    pub const fn id_token_signed_response_alg(mut self, algorithm: Algorithm) -> Self {
        self.id_token_signed_response_alg = algorithm;
        self
    }

    /// What userinfo tells it is signed, by this algorithm: a key for it must be
    /// in the server's key set, or it is told nothing.
    pub const fn userinfo_signed_response_alg(mut self, algorithm: Algorithm) -> Self {
        self.userinfo_signed_response_alg = Some(algorithm);
        self
    }

    /// It is told names of users that only its own sector knows, so that it
    /// cannot compare notes with others: `subject_type=pairwise` (OpenID Connect
    /// Core section 8). Its sector is the one host of its redirect URIs.
    ///
    /// The server needs a `PairwiseSalt`; without one, its requests fail.
    pub const fn pairwise(mut self) -> Self {
        self.pairwise = true;
        self
    }

    /// It is [pairwise](Self::pairwise), and shares the names of users with all
    /// that name this host, which may be another than theirs: the one of their
    /// `sector_identifier_uri`.
    pub fn sector_identifier(mut self, host: impl Into<String>) -> Self {
        self.sector_identifier = Some(host.into());
        self.pairwise()
    }

    /// Adds a place where the browser may be sent when its user has signed out
    /// (`post_logout_redirect_uris`). A request has to name it to the letter.
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }

    /// Where its server is told that one of its users has signed out
    /// (`backchannel_logout_uri`).
    pub fn backchannel_logout_uri(mut self, uri: impl Into<String>) -> Self {
        self.backchannel_logout_uri = Some(uri.into());
        self
    }

    /// It has to be told which session ended (`backchannel_logout_session_required`),
    /// not only whose, so a host that does not name sessions cannot serve it.
    pub const fn backchannel_logout_session_required(mut self) -> Self {
        self.backchannel_logout_session_required = true;
        self
    }
}
