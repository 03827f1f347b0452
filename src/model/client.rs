//! The applications that ask.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;
use super::backchannel_uri::BackchannelUri;
use super::identity::{Acr, ClientId};
use super::redirect_uri::{PrivateSchemes, RedirectUri, RegisteredUri};
use super::resource::Resources;
use super::scope::Scope;
use super::secret::SecretHash;
use super::sector::Sector;

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
    pub(super) id: ClientId,
    pub(super) name: String,
    pub(super) authentication: ClientAuthentication,
    pub(super) redirect_uris: Vec<RegisteredUri>,
    pub(super) private_schemes: PrivateSchemes,
    pub(super) scope: Scope,
    pub(super) default_scope: Scope,
    pub(super) resources: Resources,
    pub(super) refresh_token: bool,
    pub(super) audiences: Resources,
    pub(super) introspects_any: bool,
    pub(super) require_pkce: bool,
    pub(super) trusted: bool,
    pub(super) default_max_age: Option<Duration>,
    pub(super) default_acr_values: Vec<Acr>,
    pub(super) require_auth_time: bool,
    pub(super) id_token_signed_response_alg: Algorithm,
    pub(super) userinfo_signed_response_alg: Option<Algorithm>,
    pub(super) sector: Option<Sector>,
    pub(super) post_logout_redirect_uris: Vec<RegisteredUri>,
    pub(super) backchannel_logout_uri: Option<BackchannelUri>,
    pub(super) backchannel_logout_session_required: bool,
}

/// How a client proves that it is itself
/// (`token_endpoint_auth_method`, RFC 7591 section 2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// `none`: a public client, which must use PKCE instead.
    #[default]
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

    /// The resource servers that it may ask tokens for (RFC 8707).
    #[must_use]
    pub const fn resources(&self) -> &Resources {
        &self.resources
    }

    /// Whether it gets refresh tokens: the grant type `refresh_token`.
    #[must_use]
    pub const fn may_refresh(&self) -> bool {
        self.refresh_token
    }

    /// The resources that it serves itself: it may introspect what is addressed
    /// to one of them.
    #[must_use]
    pub const fn audiences(&self) -> &Resources {
        &self.audiences
    }

    /// Whether it may introspect every token, whomever it is addressed to.
    #[must_use]
    pub const fn introspects_any(&self) -> bool {
        self.introspects_any
    }

    /// Whether it belongs to the server's own operator, so that users need not
    /// be asked. Honoured only where nobody can impersonate it.
    #[must_use]
    pub const fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// How long ago its users may have signed in where its request does not say
    /// (`default_max_age`).
    #[must_use]
    pub const fn default_max_age(&self) -> Option<Duration> {
        self.default_max_age
    }

    /// How it would like its users to sign in where its request does not say,
    /// the most wanted first (`default_acr_values`).
    #[must_use]
    pub fn default_acr_values(&self) -> &[Acr] {
        &self.default_acr_values
    }

    /// Whether it was registered with `require_auth_time`. Every ID token says when
    /// the user signed in.
    #[must_use]
    pub const fn requires_auth_time(&self) -> bool {
        self.require_auth_time
    }

    /// How its ID tokens are signed (`id_token_signed_response_alg`).
    #[must_use]
    pub const fn id_token_signed_response_alg(&self) -> Algorithm {
        self.id_token_signed_response_alg
    }

    /// How what userinfo tells it is signed, if it is
    /// (`userinfo_signed_response_alg`).
    #[must_use]
    pub const fn userinfo_signed_response_alg(&self) -> Option<Algorithm> {
        self.userinfo_signed_response_alg
    }

    /// The host of the sector that has names of its own for users, if it is told
    /// those: the `subject_type` is `pairwise`.
    #[must_use]
    pub fn sector_identifier(&self) -> Option<&str> {
        self.sector.as_ref().map(Sector::as_str)
    }

    pub(crate) const fn sector(&self) -> Option<&Sector> {
        self.sector.as_ref()
    }

    /// Where the browser may be sent when its user has signed out
    /// (`post_logout_redirect_uris`).
    #[must_use]
    pub fn post_logout_redirect_uris(&self) -> &[RegisteredUri] {
        &self.post_logout_redirect_uris
    }

    /// Where its server is told of sign-outs (`backchannel_logout_uri`).
    #[must_use]
    pub fn backchannel_logout_uri(&self) -> Option<&str> {
        self.backchannel_logout_uri.as_ref().map(BackchannelUri::as_str)
    }

    /// Whether it has to be told which session ended
    /// (`backchannel_logout_session_required`).
    #[must_use]
    pub const fn backchannel_logout_session_required(&self) -> bool {
        self.backchannel_logout_session_required
    }

    /// Whether it has no means to prove who it is (RFC 6749 section 2.1).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.authentication == ClientAuthentication::None
    }

    /// Whether anybody can send a request for `redirect_uri` in this client's
    /// name and receive the answer: it does not authenticate, and the URI does
    /// not lead to its own web server (RFC 8252 section 8.6).
    pub(crate) fn can_be_impersonated_at(&self, redirect_uri: &RedirectUri) -> bool {
        let leads_home = |registered: &RegisteredUri| {
            registered.identifies_its_client() && registered.as_str() == redirect_uri.as_str()
        };
        self.is_public() && !self.redirect_uris.iter().any(leads_home)
    }

    /// Whether a request without PKCE is refused (RFC 9700 section 2.1.1).
    pub(crate) fn must_use_pkce(&self) -> bool {
        self.require_pkce || self.is_public()
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

impl Deref for AuthenticatedClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
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
    fn a_missing_redirect_uri_means_the_only_registered_one() {
        let one = Client::builder("app").redirect_uri(HTTPS);
        assert_eq!(one.clone().build().unwrap().redirect_uri(None).unwrap().as_str(), HTTPS);
        let two = one.redirect_uri(LOOPBACK).build().unwrap();
        assert!(two.redirect_uri(None).is_none());
        assert!(two.redirect_uri(Some("https://app.example/other")).is_none());
        assert_eq!(two.redirect_uri(Some("http://127.0.0.1:9/cb")).unwrap().host(), "127.0.0.1:9");
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
