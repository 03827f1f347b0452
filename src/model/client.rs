//! The applications that ask.

use std::sync::Arc;

use super::identity::{ClientId, NameError};
use super::redirect_uri::{PrivateSchemes, RedirectUri, RedirectUriError, RegisteredUri};
use super::scope::{Scope, ScopeError};
use super::secret::SecretHash;

/// A registered application. What exists is consistent: every URI was judged,
/// the default scope lies within the allowed one.
///
/// ```
/// use codegrant::{Client, ClientSecret};
///
/// let secret = ClientSecret::generate();
/// let client = Client::builder("dashboard")
///     .name("Dashboard")
///     .redirect_uri("https://dashboard.example/callback")
///     .scope("reports.read reports.write")
///     .default_scope("reports.read")
///     .client_secret_basic(secret.hash())
///     .build()?;
/// assert_eq!(client.id().as_str(), "dashboard");
/// # Ok::<(), codegrant::ClientError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    id: ClientId,
    name: String,
    authentication: ClientAuthentication,
    redirect_uris: Vec<RegisteredUri>,
    scope: Scope,
    default_scope: Scope,
    require_pkce: bool,
    trusted: bool,
}

/// How a client proves at the token endpoint that it is itself
/// (`token_endpoint_auth_method`, RFC 7591 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `none`: a public client, which must use PKCE instead.
    None,
    /// `client_secret_basic`: the secret in the Authorization header.
    ClientSecretBasic(SecretHash),
    /// `client_secret_post`: the secret in the request's body.
    ClientSecretPost(SecretHash),
}

/// The method of a [`ClientAuthentication`], as a request shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthenticationMethod {
    None,
    ClientSecretBasic,
    ClientSecretPost,
}

/// A client that proved who it is, in the way it is registered for.
#[derive(Clone, Debug)]
pub(crate) struct AuthenticatedClient(Arc<Client>);

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
            require_pkce: false,
            trusted: false,
        }
    }

    /// `client_id`.
    #[must_use]
    pub const fn id(&self) -> &ClientId {
        &self.id
    }

    /// What users know it by (`client_name`).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it authenticates.
    #[must_use]
    pub const fn authentication(&self) -> &ClientAuthentication {
        &self.authentication
    }

    /// Where it may be answered.
    #[must_use]
    pub fn redirect_uris(&self) -> &[RegisteredUri] {
        &self.redirect_uris
    }

    /// All it may ask for.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What it gets when it asks for nothing in particular.
    #[must_use]
    pub const fn default_scope(&self) -> &Scope {
        &self.default_scope
    }

    /// Whether it belongs to the server's own operator, so that users need not
    /// be asked. Honoured only where nobody can impersonate it.
    #[must_use]
    pub const fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// Whether anybody can send a request for `redirect_uri` in this client's
    /// name and receive the answer: it does not authenticate, and the URI does
    /// not lead to its own web server (RFC 8252 section 8.6).
    pub(crate) fn can_be_impersonated_at(&self, redirect_uri: &RedirectUri) -> bool {
        let leads_home = |registered: &RegisteredUri| {
            registered.identifies_its_client() && registered.as_str() == redirect_uri.as_str()
        };
        self.authentication == ClientAuthentication::None
            && !self.redirect_uris.iter().any(leads_home)
    }

    /// Whether a request without PKCE is refused (RFC 9700 section 2.1.1).
    pub(crate) fn must_use_pkce(&self) -> bool {
        self.require_pkce || self.authentication == ClientAuthentication::None
    }

    /// The URI to answer to: `requested` if it is registered, or the only
    /// registered one if the request names none (RFC 6749 section 3.1.2.3).
    pub(crate) fn redirect_uri(&self, requested: Option<&str>) -> Option<RedirectUri> {
        match (requested, self.redirect_uris.as_slice()) {
            (Some(requested), registered) => registered.iter().find_map(|uri| uri.admit(requested)),
            (None, [only]) => Some(only.itself()),
            (None, _) => None,
        }
    }

    /// This client as one that proved itself: by the method it is registered
    /// for and, where that has a secret, with the right one.
    pub(crate) fn authenticated(
        self: Arc<Self>,
        method: AuthenticationMethod,
        secret_matches: bool,
    ) -> Option<AuthenticatedClient> {
        let proven = method == self.authentication.method()
            && (secret_matches || method == AuthenticationMethod::None);
        proven.then_some(AuthenticatedClient(self))
    }
}

impl ClientAuthentication {
    pub(crate) const fn method(&self) -> AuthenticationMethod {
        match self {
            Self::None => AuthenticationMethod::None,
            Self::ClientSecretBasic(_) => AuthenticationMethod::ClientSecretBasic,
            Self::ClientSecretPost(_) => AuthenticationMethod::ClientSecretPost,
        }
    }

    pub(crate) const fn secret_hash(&self) -> Option<&SecretHash> {
        match self {
            Self::None => None,
            Self::ClientSecretBasic(hash) | Self::ClientSecretPost(hash) => Some(hash),
        }
    }
}

impl AuthenticatedClient {
    pub(crate) fn id(&self) -> &ClientId {
        self.0.id()
    }
}

/// A registration in the making; [`build`](Self::build) judges it.
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    id: Arc<str>,
    name: Option<String>,
    authentication: ClientAuthentication,
    redirect_uris: Vec<String>,
    private_schemes: PrivateSchemes,
    scope: String,
    default_scope: Option<String>,
    require_pkce: bool,
    trusted: bool,
}

/// What is wrong with a registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The identifier is not a name.
    #[error(transparent)]
    Id(#[from] NameError),
    /// It could never be answered.
    #[error("a client needs at least one redirect URI")]
    NoRedirectUri,
    /// One of the URIs must not receive codes.
    #[error("the redirect URI {uri:?} {reason}")]
    RedirectUri {
        /// The URI as it was given.
        uri: String,
        /// What is wrong with it.
        reason: RedirectUriError,
    },
    /// One of the scopes cannot be read.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The default scope has a token that the client may not ask for.
    #[error("the default scope exceeds the scope the client may ask for")]
    DefaultScope,
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

    /// Judges the registration.
    pub fn build(self) -> Result<Client, ClientError> {
        if self.redirect_uris.is_empty() {
            return Err(ClientError::NoRedirectUri);
        }
        let judge = |uri: String| {
            RegisteredUri::parse(&uri, &self.private_schemes)
                .map_err(|reason| ClientError::RedirectUri { uri, reason })
        };
        let scope = Scope::parse(&self.scope)?;
        let default_scope = match &self.default_scope {
            Some(default) => Scope::parse(default)?,
            None => scope.clone(),
        };
        if !scope.covers(&default_scope) {
            return Err(ClientError::DefaultScope);
        }
        Ok(Client {
            name: self.name.unwrap_or_else(|| self.id.to_string()),
            id: ClientId::parse(self.id)?,
            authentication: self.authentication,
            redirect_uris: self.redirect_uris.into_iter().map(judge).collect::<Result<_, _>>()?,
            scope,
            default_scope,
            require_pkce: self.require_pkce,
            trusted: self.trusted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTPS: &str = "https://app.example/cb";
    const LOOPBACK: &str = "http://127.0.0.1/cb";

    fn hash() -> SecretHash {
        SecretHash::Sha256([1; 32])
    }

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
    fn a_missing_redirect_uri_means_the_only_registered_one() {
        let one = Client::builder("app").redirect_uri(HTTPS);
        assert_eq!(one.clone().build().unwrap().redirect_uri(None).unwrap().as_str(), HTTPS);
        let two = one.redirect_uri(LOOPBACK).build().unwrap();
        assert!(two.redirect_uri(None).is_none());
        assert!(two.redirect_uri(Some("https://app.example/other")).is_none());
        assert_eq!(two.redirect_uri(Some("http://127.0.0.1:9/cb")).unwrap().host(), "127.0.0.1:9");
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
    fn a_client_proves_itself_only_by_its_own_method_and_secret() {
        use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost, None as Public};
        let builder = Client::builder("app").redirect_uri(HTTPS);
        for (client, its_method) in [
            (builder.clone(), Public),
            (builder.clone().client_secret_basic(hash()), ClientSecretBasic),
            (builder.client_secret_post(hash()), ClientSecretPost),
        ] {
            let client = Arc::new(client.build().unwrap());
            for method in [Public, ClientSecretBasic, ClientSecretPost] {
                for secret_matches in [false, true] {
                    let expected = method == its_method && (secret_matches || method == Public);
                    let proven = client.clone().authenticated(method, secret_matches).is_some();
                    assert_eq!(proven, expected, "{method:?} {secret_matches} for {its_method:?}");
                }
            }
        }
    }

    #[test]
    fn anybody_can_impersonate_a_public_client_off_its_web_server() {
        let builder = Client::builder("app").redirect_uri(HTTPS).redirect_uri(LOOPBACK);
        let public = builder.clone().build().unwrap();
        assert!(!public.can_be_impersonated_at(&public.redirect_uri(Some(HTTPS)).unwrap()));
        assert!(public.can_be_impersonated_at(&public.redirect_uri(Some(LOOPBACK)).unwrap()));
        let confidential = builder.client_secret_basic(hash()).build().unwrap();
        let loopback = confidential.redirect_uri(Some(LOOPBACK)).unwrap();
        assert!(!confidential.can_be_impersonated_at(&loopback));
    }
}
