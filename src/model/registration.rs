//! How an application is registered, and how its registration is kept.

use std::ops::Not;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;
use super::backchannel_uri::{BackchannelUri, BackchannelUriError};
use super::client::{Client, ClientAuthentication};
use super::identity::{Acr, ClientId, NameError};
use super::record::{self, RecordError};
use super::redirect_uri::{PrivateSchemes, RedirectUriError, RegisteredUri};
use super::resource::{ResourceError, Resources};
use super::scope::{Scope, ScopeError};
use super::secret::SecretHash;
use super::sector::Sector;

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

/// What is wrong with a registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The identifier, or an `acr`, is not a name.
    #[error(transparent)]
    Id(#[from] NameError),
    /// It could never be answered, and serves no resource either.
    #[error("a client needs at least one redirect URI, unless it only serves resources")]
    NoRedirectUri,
    /// One of the URIs must not receive codes.
    #[error("the redirect URI {uri:?} {reason}")]
    RedirectUri {
        /// The URI as it was given.
        uri: String,
        /// What is wrong with it.
        reason: RedirectUriError,
    },
    /// One of the URIs must not be led to after a sign-out.
    #[error("the post-logout redirect URI {uri:?} {reason}")]
    PostLogoutRedirectUri {
        /// The URI as it was given.
        uri: String,
        /// What is wrong with it.
        reason: RedirectUriError,
    },
    /// The URI must not be told of sign-outs.
    #[error("the back-channel logout URI {uri:?} {reason}")]
    BackchannelLogoutUri {
        /// The URI as it was given.
        uri: String,
        /// What is wrong with it.
        reason: BackchannelUriError,
    },
    /// One of the scopes cannot be read.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The default scope has a token that the client may not ask for.
    #[error("the default scope exceeds the scope the client may ask for")]
    DefaultScope,
    /// One of the resources that it may ask for is none.
    #[error("one of the resources cannot be: {0}")]
    Resource(ResourceError),
    /// One of the audiences that it serves is none.
    #[error("one of the audiences cannot be: {0}")]
    Audience(ResourceError),
    /// Whoever introspects has to authenticate (RFC 7662 section 2.1).
    #[error("a client that introspects the tokens of others must authenticate")]
    PublicIntrospection,
    /// Nothing says which sector a pairwise client belongs to.
    #[error("a pairwise client needs one https host in all redirect URIs, or a sector identifier")]
    Sector,
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

    /// Its ID tokens always say when the user signed in.
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

    /// Judges the registration.
    pub fn build(self) -> Result<Client, ClientError> {
        let serves = self.introspects_any || !self.audiences.is_empty();
        if self.redirect_uris.is_empty() && !serves {
            return Err(ClientError::NoRedirectUri);
        }
        if serves && self.authentication == ClientAuthentication::None {
            return Err(ClientError::PublicIntrospection);
        }
        let scope = Scope::parse(&self.scope)?;
        let default_scope = match &self.default_scope {
            Some(default) => Scope::parse(default)?,
            None => scope.clone(),
        };
        if !scope.covers(&default_scope) {
            return Err(ClientError::DefaultScope);
        }
        let judge = |uri: String| {
            RegisteredUri::parse(&uri, &self.private_schemes)
                .map_err(|reason| ClientError::RedirectUri { uri, reason })
        };
        let judge_afterwards = |uri: String| {
            RegisteredUri::parse(&uri, &self.private_schemes)
                .map_err(|reason| ClientError::PostLogoutRedirectUri { uri, reason })
        };
        let judge_backchannel = |uri: String| {
            BackchannelUri::parse(&uri)
                .map_err(|reason| ClientError::BackchannelLogoutUri { uri, reason })
        };
        let afterwards = self.post_logout_redirect_uris.into_iter().map(judge_afterwards);
        let acrs = self.default_acr_values.into_iter().map(Acr::parse);
        let redirect_uris: Vec<_> =
            self.redirect_uris.into_iter().map(judge).collect::<Result<_, _>>()?;
        let sector = match &self.sector_identifier {
            Some(host) => Sector::parse(host),
            None => Sector::of(&redirect_uris),
        };
        if self.pairwise && sector.is_none() {
            return Err(ClientError::Sector);
        }
        Ok(Client {
            name: self.name.unwrap_or_else(|| self.id.to_string()),
            id: ClientId::parse(self.id)?,
            authentication: self.authentication,
            redirect_uris,
            post_logout_redirect_uris: afterwards.collect::<Result<_, _>>()?,
            backchannel_logout_uri: self
                .backchannel_logout_uri
                .map(judge_backchannel)
                .transpose()?,
            backchannel_logout_session_required: self.backchannel_logout_session_required,
            private_schemes: self.private_schemes,
            scope,
            default_scope,
            resources: Resources::parse(&self.resources).map_err(ClientError::Resource)?,
            refresh_token: self.refresh_token,
            audiences: Resources::parse(&self.audiences).map_err(ClientError::Audience)?,
            introspects_any: self.introspects_any,
            require_pkce: self.require_pkce,
            trusted: self.trusted,
            default_max_age: self.default_max_age.map(Duration::from_secs),
            default_acr_values: acrs.collect::<Result<_, _>>()?,
            require_auth_time: self.require_auth_time,
            id_token_signed_response_alg: self.id_token_signed_response_alg,
            userinfo_signed_response_alg: self.userinfo_signed_response_alg,
            sector: sector.filter(|_| self.pairwise),
        })
    }
}

/// The registration that a client was built from, to change it or to keep it.
impl From<&Client> for ClientBuilder {
    fn from(client: &Client) -> Self {
        let uris = |resources: &Resources| resources.iter().map(ToString::to_string).collect();
        Self {
            id: client.id.as_str().into(),
            name: Some(client.name.clone()),
            authentication: client.authentication.clone(),
            redirect_uris: client.redirect_uris.iter().map(|uri| uri.as_str().into()).collect(),
            private_schemes: client.private_schemes.clone(),
            scope: client.scope.to_string(),
            default_scope: Some(client.default_scope.to_string()),
            resources: uris(&client.resources),
            refresh_token: client.refresh_token,
            audiences: uris(&client.audiences),
            introspects_any: client.introspects_any,
            require_pkce: client.require_pkce,
            trusted: client.trusted,
            default_max_age: client.default_max_age.map(|age| age.as_secs()),
            default_acr_values: client.default_acr_values.iter().map(Acr::to_string).collect(),
            require_auth_time: client.require_auth_time,
            id_token_signed_response_alg: client.id_token_signed_response_alg,
            userinfo_signed_response_alg: client.userinfo_signed_response_alg,
            pairwise: client.sector.is_some(),
            sector_identifier: client.sector_identifier().map(Into::into),
            post_logout_redirect_uris: client
                .post_logout_redirect_uris
                .iter()
                .map(|uri| uri.as_str().into())
                .collect(),
            backchannel_logout_uri: client.backchannel_logout_uri().map(Into::into),
            backchannel_logout_session_required: client.backchannel_logout_session_required,
        }
    }
}

impl Client {
    /// The registration as text for a store to keep. It holds no usable secret.
    ///
    /// Fails only if memory does.
    pub fn to_record(&self) -> Result<String, RecordError> {
        record::write(&ClientBuilder::from(self))
    }

    /// The client that a store kept, judged anew. Fails as
    /// [`Grant::from_record`](crate::Grant::from_record) does, and for a
    /// registration that would be refused today.
    pub fn from_record(record: &str) -> Result<Self, RecordError> {
        let registration: ClientBuilder = record::read(record)?;
        registration.build().map_err(|error| RecordError::Unfit(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTPS: &str = "https://app.example/cb";

    #[test]
    fn inconsistent_registrations_are_refused_by_reason() {
        let refused = |builder: ClientBuilder| builder.build().unwrap_err().to_string();
        assert!(refused(Client::builder("").redirect_uri(HTTPS)).contains("client_id"));
        assert!(refused(Client::builder("app")).contains("at least one redirect URI"));
        assert!(
            refused(Client::builder("app").redirect_uri("/cb"))
                .contains("\"/cb\" is not an absolute")
        );
        let scoped = Client::builder("app").redirect_uri(HTTPS).scope("a b");
        assert!(refused(scoped.clone().default_scope("c")).contains("default scope"));
        assert!(refused(scoped.scope("\"")).contains("scope token"));
    }

    #[test]
    fn nobody_is_led_or_told_after_a_sign_out_where_it_would_not_be_safe() {
        let app = Client::builder("app").redirect_uri(HTTPS);
        for bad in ["http://app.example/", "javascript:alert(1)", "/bye", "com.example.app:/bye"] {
            let error = app.clone().post_logout_redirect_uri(bad).build().unwrap_err();
            assert!(matches!(error, ClientError::PostLogoutRedirectUri { .. }), "{bad}");
            let error = app.clone().backchannel_logout_uri(bad).build().unwrap_err();
            assert!(matches!(error, ClientError::BackchannelLogoutUri { .. }), "{bad}");
        }
        let native = app.native().post_logout_redirect_uri("com.example.app:/bye");
        assert!(native.build().is_ok());
    }

    #[test]
    fn a_record_of_before_there_were_sign_outs_is_still_the_same() {
        let record = Client::builder("app").redirect_uri(HTTPS).build().unwrap().to_record();
        assert!(!record.unwrap().contains("logout"));
    }

    #[test]
    fn private_schemes_are_for_native_clients_and_dotless_ones_by_leave() {
        let dotted = Client::builder("app").redirect_uri("com.example.app:/cb");
        assert!(dotted.clone().build().is_err());
        assert!(dotted.native().build().is_ok());
        let dotless = Client::builder("app").redirect_uri("vscode://cb");
        assert!(dotless.clone().native().build().is_err());
        assert!(dotless.clone().dotless_scheme("zed").build().is_err());
        assert!(dotless.clone().dotless_scheme("vscode").build().is_ok());
    }

    #[test]
    fn who_introspects_for_others_must_authenticate_and_needs_no_redirect_uri() {
        let hash = SecretHash::Sha256([1; 32]);
        let api = Client::builder("api").audience("https://api.example");
        assert_eq!(api.clone().build().unwrap_err(), ClientError::PublicIntrospection);
        assert!(api.client_secret_basic(hash.clone()).build().is_ok());
        let any = Client::builder("api").introspects_any();
        assert_eq!(any.clone().build().unwrap_err(), ClientError::PublicIntrospection);
        assert!(any.client_secret_basic(hash).build().is_ok());
    }

    #[test]
    fn a_registration_reads_back_from_its_record_whole() {
        let hash = SecretHash::Sha256([7; 32]);
        let everything = Client::builder("app")
            .name("App")
            .redirect_uri(HTTPS)
            .redirect_uri("vscode://cb")
            .dotless_scheme("vscode")
            .client_secret_post(hash)
            .scope("a b")
            .default_scope("b")
            .resource("https://api.example")
            .refresh_token()
            .audience("https://app.example/api")
            .introspects_any()
            .require_pkce()
            .trusted()
            .default_max_age(Duration::from_secs(3600))
            .default_acr_value("gold")
            .default_acr_value("silver")
            .require_auth_time()
            .id_token_signed_response_alg(Algorithm::Es256)
            .userinfo_signed_response_alg(Algorithm::EdDsa)
            .sector_identifier("sector.example")
            .post_logout_redirect_uri("https://app.example/bye")
            .backchannel_logout_uri("https://app.example/logout")
            .backchannel_logout_session_required();
        for client in [everything, Client::builder("bare").redirect_uri(HTTPS)] {
            let client = client.build().unwrap();
            let read = Client::from_record(&client.to_record().unwrap()).unwrap();
            assert_eq!(format!("{read:?}"), format!("{client:?}"));
            assert_eq!(read.authentication(), client.authentication());
        }
    }

    #[test]
    fn a_record_that_could_not_be_registered_is_refused() {
        let client = Client::builder("app").redirect_uri(HTTPS);
        let client = client.id_token_signed_response_alg(Algorithm::EdDsa).build().unwrap();
        let record = client.to_record().unwrap();
        for damaged in [
            record.replace("EdDSA", "none"),
            record.replace("EdDSA", "HS256"),
            record.replace("https:", "http:"),
            record.replace(r#""trusted""#, r#""colour""#),
            record.replace(r#""format":1"#, r#""format":2"#),
        ] {
            assert_ne!(damaged, record);
            assert!(Client::from_record(&damaged).is_err(), "{damaged}");
        }
    }
}
