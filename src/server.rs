//! The authorization server as a host holds it.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use url::form_urlencoded::byte_serialize;

use crate::answer::Response;
use crate::endpoint::pause::{Authorize, Decision, Login, Refused};
use crate::endpoint::service::Service;
use crate::endpoint::{authorize, token};
use crate::guard::Guard;
use crate::host::{
    ClientStore, Clock, CodeStore, ConsentStore, Directory, Entropy, NoConsents, NoDirectory,
    SecretVerifier, Sha256Secrets, SystemClock, SystemEntropy, UserAuthenticator,
};
use crate::model::issuer::Issuer;
use crate::policy::{Policy, PolicyError};
use crate::token::credential::{Sealer, SecretRing};

/// An authorization server: one plain value, whose clones share everything.
///
/// Every endpoint takes a request as `http` knows it, head and body apart, and
/// returns a response as `http` knows it. None fails: what goes wrong is an
/// answer, and its [`Cause`](crate::Cause) is in the response's extensions.
#[derive(Clone)]
pub struct AuthorizationServer(Arc<Service>);

impl AuthorizationServer {
    /// Starts to put a server together from what every server needs.
    pub fn builder(
        issuer: Issuer,
        secrets: SecretRing,
        clients: Arc<dyn ClientStore>,
        codes: Arc<dyn CodeStore>,
        users: Arc<dyn UserAuthenticator>,
    ) -> Builder {
        Builder {
            authorization_path: "/authorize".to_owned(),
            service: Service {
                encoded_issuer: byte_serialize(issuer.as_str().as_bytes()).collect(),
                authorization_endpoint: String::new(),
                policy: Policy::default(),
                sealer: Sealer::new(&secrets, &issuer),
                issuer,
                clients,
                codes,
                users,
                consents: Arc::new(NoConsents),
                directory: Arc::new(NoDirectory::default()),
                secrets: Arc::new(Sha256Secrets),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
            },
        }
    }

    /// The authorization endpoint, for GET and POST (RFC 6749 section 3.1).
    pub async fn authorize(&self, request: &Parts, body: &[u8]) -> Authorize {
        authorize::authorize(&self.0, request, body).await
    }

    /// What a login page's ticket stands for, to show the page once more: at an
    /// address of its own, or after a wrong password.
    pub async fn login(&self, login_ticket: &str) -> Result<Login, Refused> {
        authorize::login(&self.0, login_ticket).await
    }

    /// After a login: sends the browser back to the request that the ticket holds.
    pub fn resume(&self, login_ticket: &str) -> Result<Response, Refused> {
        authorize::resume(&self.0, login_ticket)
    }

    /// Instead of a login: tells the client `access_denied`.
    pub async fn cancel(&self, login_ticket: &str) -> Result<Response, Refused> {
        authorize::cancel(&self.0, login_ticket).await
    }

    /// After a consent page: tells the client what the user decided. `request`
    /// is the one that brought the decision; whoever it authenticates must be
    /// who was asked.
    pub async fn decide(
        &self,
        request: &Parts,
        consent_ticket: &str,
        decision: Decision,
    ) -> Result<Response, Refused> {
        authorize::decide(&self.0, request, consent_ticket, decision).await
    }

    /// The token endpoint, for POST (RFC 6749 section 3.2).
    pub async fn token(&self, request: &Parts, body: &[u8]) -> Response {
        token::token(&self.0, request, body).await
    }

    /// What protects resources in this process.
    #[must_use]
    pub fn guard(&self) -> Guard {
        Guard {
            issuer: self.0.issuer.clone(),
            sealer: self.0.sealer.clone(),
            codes: self.0.codes.clone(),
            directory: self.0.directory.clone(),
            clock: self.0.clock.clone(),
        }
    }

    /// The issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }
}

/// A server in the making; [`build`](Self::build) judges it.
#[must_use]
pub struct Builder {
    authorization_path: String,
    service: Service,
}

/// What is wrong with a server's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A lifetime is out of bounds.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The path of the authorization endpoint is not one.
    #[error("the authorization endpoint's path {0:?} must be plain segments, each behind a slash")]
    Path(String),
}

impl Builder {
    /// Lifetimes and rules, in place of [`Policy::default`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.service.policy = policy;
        self
    }

    /// Remembers what users allowed, in place of [`NoConsents`].
    pub fn consents(mut self, consents: Arc<dyn ConsentStore>) -> Self {
        self.service.consents = consents;
        self
    }

    /// Roles and permissions, in place of [`NoDirectory`].
    pub fn directory(mut self, directory: Arc<dyn Directory>) -> Self {
        self.service.directory = directory;
        self
    }

    /// Compares client secrets, in place of [`Sha256Secrets`].
    pub fn secret_verifier(mut self, secrets: Arc<dyn SecretVerifier>) -> Self {
        self.service.secrets = secrets;
        self
    }

    /// Tells the time, in place of [`SystemClock`].
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.service.clock = clock;
        self
    }

    /// Draws randomness, in place of [`SystemEntropy`].
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.service.entropy = entropy;
        self
    }

    /// Where the host mounts the authorization endpoint below the issuer, in
    /// place of `/authorize`.
    pub fn authorization_path(mut self, path: impl Into<String>) -> Self {
        self.authorization_path = path.into();
        self
    }

    /// Judges the configuration.
    pub fn build(self) -> Result<AuthorizationServer, ConfigError> {
        let Self { authorization_path, mut service } = self;
        if let Some(fault) = service.policy.faults().into_iter().next() {
            return Err(fault.into());
        }
        if !is_path(&authorization_path) {
            return Err(ConfigError::Path(authorization_path));
        }
        service.authorization_endpoint = service.issuer.endpoint(&authorization_path);
        Ok(AuthorizationServer(Arc::new(service)))
    }
}

/// Whether browsers and routers read `path` as what it says.
fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte))
        && path.split('/').all(|segment| segment != "." && segment != "..")
}

impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuer = &self.0.issuer;
        f.debug_struct("AuthorizationServer").field("issuer", issuer).finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("issuer", &self.service.issuer).finish_non_exhaustive()
    }
}
