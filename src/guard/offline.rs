//! A guard in another process that asks nobody: it validates JWT access tokens by
//! the issuer's published keys (RFC 9068 section 4).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use serde::Deserialize;

use super::published_keys::{PublishedKeys, is_trustworthy};
use super::told::Told;
use super::{Access, Audience, Denied, InsecureEndpoint, Realm};
use crate::answer::Response;
use crate::cause::{Cause, CredentialError};
use crate::host::{Clock, HttpClient, SystemClock};
use crate::jose::jws::{self, JwsError, Verified};
use crate::model::identity::Acr;
use crate::model::issuer::Issuer;
use crate::model::resource::Resource;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::request::bearer::bearer_token;
use crate::token::jwt_access::TYP;

/// By how much the issuer's clock may be ahead of ours.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Lets requests with a valid JWT access token pass, as a [`Guard`](crate::Guard)
/// does, without asking the authorization server about it: what the token says is
/// what it was worth when it was issued.
///
/// **A token that was revoked passes here until it expires**, and so does one
/// whose grant was ended, whose user is gone or lost a permission: as late as
/// the server's [`access_token_lifetime`](crate::Policy::access_token_lifetime).
/// Where that is too late, use a [`RemoteGuard`](crate::RemoteGuard). Roles and
/// permissions are known if
/// [`jwt_tells_permissions`](crate::Policy::jwt_tells_permissions).
///
/// The keys are read when the first token comes, and again when their
/// `Cache-Control: max-age` is over or a token names another one, at most every
/// ten seconds. While there are none, the answer is 503.
#[derive(Clone)]
pub struct OfflineGuard {
    realm: Arc<Realm>,
    keys: Arc<PublishedKeys>,
    clock: Arc<dyn Clock>,
}

/// What only a JWT says (RFC 7519 section 4.1).
#[derive(Deserialize)]
struct Claims {
    iat: i64,
    nbf: Option<i64>,
    #[serde(flatten)]
    rest: Told,
}

impl OfflineGuard {
    /// A guard of `resource` that knows the keys of `issuer` from its metadata
    /// (RFC 8414). Tokens that were asked for without a `resource` are for the
    /// server's [`default_resources`](crate::Policy::default_resources) or else
    /// for the issuer, by its own name.
    #[must_use]
    pub fn new(issuer: Issuer, resource: Resource, http: Arc<dyn HttpClient>) -> Self {
        Self {
            realm: Arc::new(Realm::new(issuer.clone(), Audience::Named(resource))),
            keys: Arc::new(PublishedKeys::of(issuer, http)),
            clock: Arc::new(SystemClock),
        }
    }

    /// Reads the keys from this address, whatever the metadata say.
    ///
    /// Fails for one that is neither https nor on this machine: whoever can
    /// change what comes from there can make tokens.
    pub fn jwks_uri(self, jwks_uri: &str) -> Result<Self, InsecureEndpoint> {
        if !is_trustworthy(jwks_uri) {
            return Err(InsecureEndpoint);
        }
        Ok(Self { keys: Arc::new(self.keys.at(jwks_uri.to_owned())), ..self })
    }

    /// Tells clients that bring no valid token to ask for `scope`.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        Arc::make_mut(&mut self.realm).scope = Some(scope);
        self
    }

    /// Lets only users pass whose sign-in was one of `acrs`, the first best, as
    /// [`Guard::acr_values`](crate::Guard::acr_values) does.
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

    /// Tells the time, in place of [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Validates the access token of `request`.
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
        let now = self.clock.now();
        let jwt = self.verify(text, now).await?;
        let access = self.read(&jwt, now)?;
        self.realm.demand.judge(&access.sign_in, now)?;
        Ok(access)
    }

    /// Only the keys that the issuer publishes prove that it signed a token, and
    /// as an access token. Those that are known get one chance, newer ones another.
    async fn verify(&self, text: &str, now: Timestamp) -> Result<Verified, Cause> {
        let mut seen = None;
        for _ in 0..2 {
            let Some(keys) = self.keys.other_than(seen.as_ref(), now).await? else { break };
            match jws::verify(&keys, text, TYP) {
                Err(JwsError::UnknownKey) => seen = Some(keys),
                judged => return judged.map_err(|_| Cause::Token(CredentialError::Forged)),
            }
        }
        Err(Cause::Token(CredentialError::Forged))
    }

    /// What the token says, if it is for this resource and its time is now.
    fn read(&self, jwt: &Verified, now: Timestamp) -> Result<Access, Cause> {
        let forged = Cause::Token(CredentialError::Forged);
        let claims: Claims = jwt.read().ok_or(forged.clone())?;
        if claims.rest.iss.is_none() {
            return Err(forged);
        }
        let begins = claims.iat.max(claims.nbf.unwrap_or(claims.iat));
        if Timestamp::from_unix(begins) > now.plus(CLOCK_SKEW) {
            return Err(Cause::Token(CredentialError::NotYet));
        }
        // What it cannot mean is its own fault: nobody else was asked.
        claims.rest.access(&self.realm, now).map_err(|cause| match cause {
            Cause::Host(_) => forged,
            cause => cause,
        })
    }
}

impl fmt::Debug for OfflineGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflineGuard").field("realm", &self.realm).finish_non_exhaustive()
    }
}
