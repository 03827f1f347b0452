//! The authorization server as a host holds it.

#[cfg(feature = "openid")]
mod logout;
mod observed;
#[cfg(feature = "openid")]
mod openid;
mod routes;
#[cfg(feature = "openid")]
mod userinfo;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use url::form_urlencoded::byte_serialize;

use crate::answer::{self, Response};
use crate::cause::Cause;
use crate::cross_origin;
use crate::endpoint::endpoints::Endpoints;
use crate::endpoint::pause::{Authorize, Consent, Decision, Login, Refused};
use crate::endpoint::service::Service;
use crate::endpoint::{authorize, consent, introspect, metadata, revoke, token};
use crate::grant::Grant;
use crate::grants::Grants;
use crate::guard::{Audience, Guard, Realm};
use crate::host::{
    ClientStore, Clock, CodeStore, ConsentStore, Directory, Entropy, HostError, NoConsents,
    NoDirectory, SecretVerifier, Sha256Secrets, SystemClock, SystemEntropy, UserAuthenticator,
};
use crate::model::algorithm::Algorithm;
use crate::model::identity::{Acr, ClientId, GrantId, Subject};
use crate::model::issuer::Issuer;
use crate::model::scope::Scope;
use crate::observer::{Audit, Endpoint, Observer};
use crate::policy::{AccessTokenFormat, Policy, PolicyError};
use crate::provider::Provider;
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
            service: Service {
                encoded_issuer: byte_serialize(issuer.as_str().as_bytes()).collect(),
                authorization_endpoint: String::new(),
                endpoints: Endpoints::default(),
                scopes: None,
                provider: None,
                acr_values: Vec::new(),
                policy: Policy::default(),
                sealer: Sealer::new(&secrets, &issuer),
                issuer,
                clients,
                grants: Grants::new(codes),
                users,
                consents: Arc::new(NoConsents),
                directory: Arc::new(NoDirectory::default()),
                secrets: Arc::new(Sha256Secrets),
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
                audit: Audit::default(),
            },
        }
    }

    /// The authorization endpoint, for GET and POST (RFC 6749 section 3.1).
    pub async fn authorize(&self, request: &Parts, body: &[u8]) -> Authorize {
        let work = || authorize::authorize(&self.0, request, body);
        self.observed(Endpoint::Authorization, work).await
    }

    /// What a login page's ticket stands for, to show the page once more: at an
    /// address of its own, or after a wrong password.
    pub async fn login(&self, login_ticket: &str) -> Result<Login, Refused> {
        let work = || authorize::login(&self.0, login_ticket);
        self.observed(Endpoint::Authorization, work).await
    }

    /// After a login: sends the browser back to the request that the ticket holds.
    pub fn resume(&self, login_ticket: &str) -> Result<Response, Refused> {
        let outcome = authorize::resume(&self.0, login_ticket);
        self.tell_of(Endpoint::Authorization, &outcome);
        outcome
    }

    /// Instead of a login: tells the client `access_denied`.
    pub async fn cancel(&self, login_ticket: &str) -> Result<Response, Refused> {
        let work = || authorize::cancel(&self.0, login_ticket);
        self.observed(Endpoint::Authorization, work).await
    }

    /// What a consent page's ticket stands for, to show the page at an address of
    /// its own, or once more. Whoever `request` authenticates must be who was asked.
    pub async fn consent(&self, request: &Parts, consent_ticket: &str) -> Result<Consent, Refused> {
        let work = || authorize::consent(&self.0, request, consent_ticket);
        self.observed(Endpoint::Authorization, work).await
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
        let work = || authorize::decide(&self.0, request, consent_ticket, decision);
        self.observed(Endpoint::Authorization, work).await
    }

    /// The token endpoint, for POST (RFC 6749 section 3.2).
    pub async fn token(&self, request: &Parts, body: &[u8]) -> Response {
        let work = || token::token(&self.0, request, body);
        cross_origin::readable(request, self.observed(Endpoint::Token, work).await)
    }

    /// The introspection endpoint, for POST (RFC 7662): clients that are
    /// declared resource servers see the tokens that are addressed to them,
    /// others that authenticate their own.
    pub async fn introspect(&self, request: &Parts, body: &[u8]) -> Response {
        if self.0.endpoints.introspection.is_none() {
            return answer::not_offered();
        }
        let work = || introspect::introspect(&self.0, request, body);
        self.observed(Endpoint::Introspection, work).await
    }

    /// The revocation endpoint, for POST (RFC 7009). Revoking any token, an
    /// expired one too, ends its grant, and with it everything that was issued
    /// from it.
    pub async fn revoke(&self, request: &Parts, body: &[u8]) -> Response {
        if self.0.endpoints.revocation.is_none() {
            return answer::not_offered();
        }
        let work = || revoke::revoke(&self.0, request, body);
        cross_origin::readable(request, self.observed(Endpoint::Revocation, work).await)
    }

    /// What a browser asks by OPTIONS before a page of another origin may call:
    /// to be mounted beside the token, revocation and userinfo endpoints, the keys
    /// and the metadata. Never beside the authorization endpoint, which pages lead
    /// to and do not read.
    #[must_use]
    pub fn preflight(&self) -> Response {
        cross_origin::preflight()
    }

    /// What this server offers, for GET at each of
    /// [`metadata_paths`](Self::metadata_paths) (RFC 8414).
    #[must_use]
    pub fn metadata(&self) -> Response {
        metadata::metadata(&self.0)
    }

    /// The paths, from the host's root, where clients look for the metadata:
    /// RFC 8414 section 3.1, and the two that section 5 keeps for clients of
    /// OpenID Connect. Without a path in the issuer the last two are the same.
    #[must_use]
    pub fn metadata_paths(&self) -> [String; 3] {
        metadata::metadata_paths(&self.0.issuer)
    }

    /// What protects resources in this process. Its audience is the policy's
    /// default resource where there is exactly one.
    #[must_use]
    pub fn guard(&self) -> Guard {
        let audience = match self.0.policy.default_resources.as_slice() {
            [only] => Audience::Named(only.clone()),
            _ => Audience::default(),
        };
        Guard {
            realm: Arc::new(Realm::new(self.0.issuer.clone(), audience)),
            sealer: self.0.sealer.clone(),
            grants: self.0.grants.clone(),
            directory: self.0.directory.clone(),
            clock: self.0.clock.clone(),
        }
    }

    /// Seals with the first secret of `secrets` from now on and opens with all
    /// of them, here, in every clone and in every guard. Nothing is lost that
    /// one of them sealed.
    pub fn rotate_secrets(&self, secrets: &SecretRing) {
        self.0.sealer.rotate(secrets, &self.0.issuer);
    }

    /// The grants of `user` that are alive, the oldest first: who holds what.
    pub async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let now = self.0.now();
        let mut grants = self.0.grants.granted_by(user).await?;
        grants.retain(|grant| !grant.is_ended() && grant.valid_until() > now);
        grants.sort_by_key(|grant| grant.approved_at());
        Ok(grants)
    }

    /// Ends one grant: nothing issued from it is valid any more.
    pub async fn revoke_grant(&self, grant: &GrantId) -> Result<(), Cause> {
        match self.0.grants.find(grant).await? {
            Some(found) => self.0.grants.end(found).await,
            None => Ok(()),
        }
    }

    /// Ends everything that `user` has granted, one grant after the other; after
    /// an error the rest is ended all the same. To sign out everywhere, end
    /// their login sessions first: an authorization that is just being written
    /// then finds its user signed out, and comes to nothing.
    ///
    /// A future that is dropped half-way leaves the rest alive.
    pub async fn revoke_all(&self, user: &Subject) -> Result<(), Cause> {
        self.0.grants.end_all(user, |_| true).await
    }

    /// Takes back all that `user` has allowed `client`: they are asked again,
    /// and every grant is ended, where there is a
    /// [`ConsentStore`] also one that is just being written. A
    /// [trusted](crate::Client::is_trusted) client is not asked about, and may
    /// come again at once.
    ///
    /// A future that is dropped half-way leaves the rest alive.
    pub async fn withdraw_consent(&self, user: &Subject, client: &ClientId) -> Result<(), Cause> {
        consent::withdraw(&self.0, user, client).await
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
    service: Service,
}

/// What is wrong with a server's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A lifetime is out of bounds.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Access tokens are to be JWTs, and there is no key to sign them with.
    #[error("access_token_format needs a provider with a key for {0}")]
    AccessTokenFormat(Algorithm),
    /// The path of an endpoint is not one.
    #[error("the endpoint's path {0:?} must be plain segments, each behind a slash")]
    Path(String),
    /// Two endpoints have the same path.
    #[error("two endpoints have the path {0:?}")]
    SamePath(String),
    /// None of a provider's keys is for RS256, which every client may rely on
    /// (OpenID Connect Core section 15.1).
    #[error("an OpenID Connect provider needs a signing key for RS256")]
    NoRs256,
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

    /// Tells `observer` what happens; nobody is told if not given.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.service.audit = Audit::by(observer);
        self
    }

    /// Where the host mounts which endpoints, in place of [`Endpoints::default`].
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.service.endpoints = endpoints;
        self
    }

    /// The scopes that the metadata names (`scopes_supported`); none if not given.
    pub fn scopes_supported(mut self, scopes: Scope) -> Self {
        self.service.scopes = Some(scopes);
        self
    }

    /// What the host's login pages can make a sign-in worth
    /// ([`Authentication::with_acr`](crate::Authentication::with_acr)), which is
    /// also what the metadata names (`acr_values_supported`); nothing if not
    /// given. Only for one of these is anybody asked to sign in again.
    pub fn acr_values_supported(mut self, acrs: impl IntoIterator<Item = Acr>) -> Self {
        self.service.acr_values = acrs.into_iter().collect();
        self
    }

    /// Makes it an OpenID Connect provider: a request with the scope `openid` is
    /// an authentication request (OpenID Connect Core section 3.1.2.1).
    #[cfg(feature = "openid")]
    pub fn openid(mut self, provider: Provider) -> Self {
        self.service.provider = Some(provider);
        self
    }

    /// Judges the configuration.
    pub fn build(self) -> Result<AuthorizationServer, ConfigError> {
        let Self { mut service } = self;
        let of_provider = service.provider.iter().flat_map(Provider::faults);
        if let Some(fault) = service.policy.faults().into_iter().chain(of_provider).next() {
            return Err(fault.into());
        }
        let signable = service.provider.as_ref().map(Provider::algorithms);
        if signable.as_ref().is_some_and(|signable| !signable.contains(&Algorithm::Rs256)) {
            return Err(ConfigError::NoRs256);
        }
        if let AccessTokenFormat::Jwt(algorithm) = service.policy.access_token_format
            && !signable.is_some_and(|signable| signable.contains(&algorithm))
        {
            return Err(ConfigError::AccessTokenFormat(algorithm));
        }
        judge(&service.endpoints)?;
        let (provider, audit) = (service.provider.clone(), service.audit.clone());
        service.grants = service.grants.with_tokens_of(provider).heard_by(audit);
        service.authorization_endpoint = service.issuer.endpoint(&service.endpoints.authorization);
        Ok(AuthorizationServer(Arc::new(service)))
    }
}

/// Whether each endpoint has a path, and one of its own.
fn judge(endpoints: &Endpoints) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for path in endpoints.paths() {
        if !is_path(path) {
            return Err(ConfigError::Path(path.clone()));
        }
        if !seen.insert(path) {
            return Err(ConfigError::SamePath(path.clone()));
        }
    }
    Ok(())
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
