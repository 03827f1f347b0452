//! A guard in another process: it asks the authorization server (RFC 7662).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;
use url::form_urlencoded::Serializer;

use super::told::Told;
use super::{Access, Audience, Denied, Realm};
use crate::answer::Response;
use crate::cause::{Cause, CredentialError};
use crate::host::{Clock, HostError, HttpClient, SystemClock};
use crate::model::identity::{Acr, ClientId};
use crate::model::issuer::{Issuer, is_secure};
use crate::model::resource::Resource;
use crate::model::scope::Scope;
use crate::model::secret::ClientSecret;
use crate::model::timestamp::Timestamp;
use crate::request::bearer::bearer_token;
use crate::request::client_auth::basic_header;

/// A JWT access token may be long; no header is longer.
const LONGEST_TOKEN: usize = 16 * 1024;

/// How many tokens are remembered at most.
const MOST_REMEMBERED: usize = 10_000;

/// Lets requests with a valid access token pass, as a [`Guard`](crate::Guard)
/// does, and learns from the introspection endpoint what a token is worth.
///
/// What it learnt of a valid token it remembers for 5 seconds, or as long as
/// [`remember_for`](Self::remember_for) says: so much longer a revoked token
/// may pass here. Nothing is remembered of a token that is refused.
#[derive(Clone)]
pub struct RemoteGuard {
    realm: Arc<Realm>,
    endpoint: Arc<str>,
    authorization: HeaderValue,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    remember_for: Duration,
    remembered: Arc<Mutex<HashMap<[u8; 32], Remembered>>>,
}

/// An address to which no secret may be sent, and from which no key may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address must be https, or http on a loopback address")]
pub struct InsecureEndpoint;

struct Remembered {
    access: Access,
    since: Timestamp,
    until: Timestamp,
}

/// The answer of the introspection endpoint (RFC 7662 section 2.2).
#[derive(Deserialize)]
struct Introspection {
    active: bool,
    token_type: Option<String>,
    #[serde(flatten)]
    rest: Told,
}

impl RemoteGuard {
    /// A guard of `resource` that asks `introspection_endpoint` as the client
    /// `id`, which has to be registered with this audience and
    /// `client_secret_basic`.
    ///
    /// Fails for an endpoint that is neither https nor on this machine: it gets
    /// the secret and every token.
    pub fn new(
        issuer: Issuer,
        introspection_endpoint: &str,
        resource: Resource,
        id: &ClientId,
        secret: &ClientSecret,
        http: Arc<dyn HttpClient>,
    ) -> Result<Self, InsecureEndpoint> {
        if !Url::parse(introspection_endpoint).is_ok_and(|url| is_secure(&url)) {
            return Err(InsecureEndpoint);
        }
        Ok(Self {
            realm: Arc::new(Realm::new(issuer, Audience::Named(resource))),
            endpoint: introspection_endpoint.into(),
            authorization: basic_header(id, secret),
            http,
            clock: Arc::new(SystemClock),
            remember_for: Duration::from_secs(5),
            remembered: Arc::default(),
        })
    }

    /// Tells clients that bring no valid token to ask for `scope`.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        Arc::make_mut(&mut self.realm).scope = Some(scope);
        self
    }

    /// Lets only users pass whose sign-in was one of `acrs`, the first best, as
    /// [`Guard::acr_values`](crate::Guard::acr_values) does. What the sign-in was
    /// introspection tells if the authorization server is an OpenID provider.
    #[must_use]
    pub fn acr_values(mut self, acrs: impl IntoIterator<Item = Acr>) -> Self {
        Arc::make_mut(&mut self.realm).demand.acr_values = acrs.into_iter().collect();
        self
    }

    /// Lets only users pass who signed in at most `age` ago, as
    /// [`Guard::max_age`](crate::Guard::max_age) does.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        Arc::make_mut(&mut self.realm).demand.max_age = Some(age);
        self
    }

    /// How long a valid token is not asked about again; zero asks every time.
    #[must_use]
    pub fn remember_for(self, span: Duration) -> Self {
        Self { remember_for: span, remembered: Arc::default(), ..self }
    }

    /// Tells the time, in place of [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Validates the access token of `request`: one request to the
    /// authorization server, unless it was asked just now.
    pub async fn check(&self, request: &Parts) -> Result<Access, Denied> {
        self.access(request).await.map_err(|cause| self.realm.denied(cause))
    }

    /// The resource's metadata, for GET at [`metadata_path`](Self::metadata_path)
    /// (RFC 9728); `None` if its identifier is not a URL.
    #[must_use]
    pub fn metadata(&self) -> Option<Response> {
        self.realm.metadata()
    }

    /// Where clients look for the metadata, from the root of the resource's host.
    #[must_use]
    pub fn metadata_path(&self) -> Option<String> {
        self.realm.metadata_path()
    }

    async fn access(&self, request: &Parts) -> Result<Access, Cause> {
        let text = bearer_token(request)?.ok_or(Cause::TokenMissing)?;
        if !is_token(text) {
            return Err(Cause::Token(CredentialError::Forged));
        }
        let key: [u8; 32] = Sha256::digest(text).into();
        let now = self.clock.now();
        let access = match self.recall(&key, now) {
            Some(access) => access,
            None => {
                let access = self.read(&self.ask(text).await?, now)?;
                self.remember(key, &access, now);
                access
            }
        };
        // A sign-in ages while it is remembered.
        self.realm.demand.judge(&access.sign_in, now)?;
        Ok(access)
    }

    async fn ask(&self, token: &str) -> Result<Introspection, HostError> {
        let body = Serializer::new(String::new()).append_pair("token", token).finish();
        let request = Request::post(&*self.endpoint)
            .header(AUTHORIZATION, &self.authorization)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(body)?;
        let answer = self.http.send(request).await?;
        match answer.status() {
            StatusCode::OK => Ok(serde_json::from_str(answer.body())?),
            other => Err(HostError::new(format!("the introspection endpoint answered {other}"))),
        }
    }

    /// Judges what the authorization server says: only an access token will do.
    fn read(&self, told: &Introspection, now: Timestamp) -> Result<Access, Cause> {
        let is_access = |kind: &String| kind.eq_ignore_ascii_case("Bearer");
        if !told.active || !told.token_type.as_ref().is_none_or(is_access) {
            return Err(Cause::Token(CredentialError::Unknown));
        }
        told.rest.access(&self.realm, now)
    }

    fn recall(&self, key: &[u8; 32], now: Timestamp) -> Option<Access> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let found = remembered.get(key).filter(|found| found.is_fresh(now))?;
        Some(found.access.clone())
    }

    fn remember(&self, key: [u8; 32], access: &Access, now: Timestamp) {
        let until = now.plus(self.remember_for).min(access.expires_at);
        if until <= now {
            return;
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, kept| kept.is_fresh(now));
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(key, Remembered { access: access.clone(), since: now, until });
        }
    }
}

impl Remembered {
    /// A clock that was set back does not prolong it.
    fn is_fresh(&self, now: Timestamp) -> bool {
        (self.since..self.until).contains(&now)
    }
}

/// Whether `text` is made of what tokens are made of (RFC 6750 section 2.1), and
/// no longer than any: nobody need be asked about the rest.
fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    text.len() <= LONGEST_TOKEN && text.bytes().all(allowed)
}

impl fmt::Debug for RemoteGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteGuard").field("realm", &self.realm).finish_non_exhaustive()
    }
}
