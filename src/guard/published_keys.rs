//! The keys that an authorization server publishes, as another process knows them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, AGE, CACHE_CONTROL};
use http::{HeaderMap, Request, Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::turns::Turns;
use crate::host::{HostError, HttpClient};
use crate::jose::jwk::JwkSet;
use crate::model::issuer::{Issuer, is_secure};
use crate::model::timestamp::Timestamp;
use crate::policy::A_DAY;

/// How long nobody is asked again, whatever tokens come: somebody who invents
/// names of keys cannot make us ask more often.
const PAUSE: Duration = Duration::from_secs(10);

/// How long keys are kept whose issuer does not say.
const USUALLY: Duration = Duration::from_secs(5 * 60);

/// How long they are kept at most, whatever the issuer says: a key that was
/// stolen is left out there, and has to be forgotten here.
const LONGEST: Duration = Duration::from_secs(A_DAY);

/// One issuer's keys, read when they are needed.
pub(super) struct PublishedKeys {
    issuer: Issuer,
    /// Where they are, if not where the issuer's metadata say.
    jwks_uri: Option<String>,
    http: Arc<dyn HttpClient>,
    turns: Turns,
    known: Mutex<Known>,
}

#[derive(Clone, Default)]
struct Known {
    kept: Option<Kept>,
    asked: Option<Asked>,
}

#[derive(Clone)]
struct Kept {
    keys: Arc<JwkSet>,
    since: Timestamp,
    until: Timestamp,
}

/// The last time that the issuer was asked.
#[derive(Clone, Copy)]
struct Asked {
    at: Timestamp,
    failed: bool,
}

/// What is read of the issuer's metadata (RFC 8414 section 2).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl PublishedKeys {
    pub(super) fn of(issuer: Issuer, http: Arc<dyn HttpClient>) -> Self {
        Self { issuer, jwks_uri: None, http, turns: Turns::default(), known: Mutex::default() }
    }

    /// The same issuer's, at another address.
    pub(super) fn at(&self, jwks_uri: String) -> Self {
        let keys = Self::of(self.issuer.clone(), self.http.clone());
        Self { jwks_uri: Some(jwks_uri), ..keys }
    }

    /// The keys as they are known now, unless they are the ones that were `seen`
    /// not to do: then newer ones, if there may be any.
    pub(super) async fn other_than(
        &self,
        seen: Option<&Arc<JwkSet>>,
        now: Timestamp,
    ) -> Result<Option<Arc<JwkSet>>, HostError> {
        if let Some(keys) = self.known().fresh(seen, now) {
            return Ok(Some(keys));
        }
        let _turn = self.turns.take().await;
        // Whoever had the turn before may have read them.
        let known = self.known().clone();
        match (known.fresh(seen, now), known.asked_lately(now)) {
            (Some(keys), _) => Ok(Some(keys)),
            (None, Some(Asked { failed: false, .. })) => Ok(None),
            (None, Some(_)) => Err(HostError::new("the issuer's keys could not be read just now")),
            (None, None) => self.read(now).await.map(Some),
        }
    }

    /// Who is dropped while they wait leaves no trace: only an answer counts.
    async fn read(&self, now: Timestamp) -> Result<Arc<JwkSet>, HostError> {
        let answer = self.fetch().await;
        let mut known = self.known();
        known.asked = Some(Asked { at: now, failed: answer.is_err() });
        let (keys, lifetime) = answer?;
        known.kept = Some(Kept { keys: keys.clone(), since: now, until: now.plus(lifetime) });
        Ok(keys)
    }

    async fn fetch(&self) -> Result<(Arc<JwkSet>, Duration), HostError> {
        let answer = match &self.jwks_uri {
            Some(uri) => self.get(uri).await?,
            None => self.get(&self.told_uri().await?).await?,
        };
        Ok((Arc::new(JwkSet::parse(answer.body())?), lifetime(answer.headers())))
    }

    /// Where the issuer says that its keys are (RFC 8414 section 3).
    async fn told_uri(&self) -> Result<String, HostError> {
        let answer = self.get(&self.issuer.metadata_address()).await?;
        let metadata: Metadata = serde_json::from_str(answer.body())?;
        if metadata.issuer != self.issuer.as_str() {
            return Err(HostError::new("the metadata are another issuer's"));
        }
        if !is_trustworthy(&metadata.jwks_uri) {
            return Err(HostError::new("the metadata's jwks_uri is not https"));
        }
        Ok(metadata.jwks_uri)
    }

    async fn get(&self, uri: &str) -> Result<Response<String>, HostError> {
        let request = Request::get(uri)
            .header(ACCEPT, "application/json, application/jwk-set+json")
            .body(String::new())?;
        let answer = self.http.send(request).await?;
        match answer.status() {
            StatusCode::OK => Ok(answer),
            other => Err(HostError::new(format!("{uri} answered {other}"))),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that was set back prolongs nothing.
impl Known {
    fn fresh(&self, seen: Option<&Arc<JwkSet>>, now: Timestamp) -> Option<Arc<JwkSet>> {
        let kept = self.kept.as_ref().filter(|kept| (kept.since..kept.until).contains(&now))?;
        let is_seen = seen.is_some_and(|seen| Arc::ptr_eq(seen, &kept.keys));
        (!is_seen).then(|| kept.keys.clone())
    }

    fn asked_lately(&self, now: Timestamp) -> Option<Asked> {
        self.asked.filter(|asked| (asked.at..asked.at.plus(PAUSE)).contains(&now))
    }
}

/// Whether what comes from `uri` comes from its host.
pub(super) fn is_trustworthy(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| is_secure(&url))
}

/// How long the answer may be kept (RFC 9111 section 4.2), within bounds.
fn lifetime(headers: &HeaderMap) -> Duration {
    let told = |name| headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let directives = told(CACHE_CONTROL).flat_map(|value| value.split(','));
    let Some(fresh) = directives.filter_map(seconds_fresh).min() else { return USUALLY };
    let age = told(AGE).map(number).max().unwrap_or(0);
    Duration::from_secs(fresh.saturating_sub(age)).clamp(PAUSE, LONGEST)
}

/// How long a directive of `Cache-Control` leaves an answer fresh, if it says so.
fn seconds_fresh(directive: &str) -> Option<u64> {
    let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
    match name.trim().to_ascii_lowercase().as_str() {
        "max-age" => Some(number(value)),
        "no-store" | "no-cache" => Some(0),
        _ => None,
    }
}

/// What is no number keeps nothing fresh.
fn number(text: &str) -> u64 {
    text.trim().trim_matches('"').parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn keys_are_kept_as_long_as_their_issuer_says_within_bounds() {
        for (cache_control, age, seconds) in [
            (None, None, 300),
            (Some("public"), None, 300),
            (Some("public, max-age=3600"), None, 3600),
            (Some("MAX-AGE=3600"), Some("3000"), 600),
            (Some("max-age=\"60\""), None, 60),
            (Some("max-age=60"), Some("61"), 10),
            (Some("max-age=0"), None, 10),
            (Some("max-age=60, no-store"), None, 10),
            (Some("No-Cache"), None, 10),
            (Some("max-age=90, max-age=60"), None, 60),
            (Some("max-age=soon"), None, 10),
            (Some("s-maxage=60, max-age=120"), None, 120),
            (Some("max-age=999999999"), None, 86_400),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(CACHE_CONTROL, cache_control), (AGE, age)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(lifetime(&headers).as_secs(), seconds, "{cache_control:?} {age:?}");
        }
    }
}
