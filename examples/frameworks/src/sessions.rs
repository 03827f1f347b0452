//! What a browser is known by: a cookie for its login session, and one for the
//! forms that it was given.
//!
//! Under https, which is not here, both have `Secure` and a name that begins with
//! `__Host-`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use codegrant::{
    Authentication, ClientSecret, Clock, HostError, SessionId, Subject, SystemClock, Timestamp,
    UserAuthenticator,
};
use http::header::COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

const SESSION: &str = "session";
const FORM: &str = "form";

/// How long a sign-in lasts.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Who is signed in, by the value of the session's cookie.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Authentication>>);

/// A sign-in.
pub(crate) struct Begun {
    /// The cookie to set.
    pub(crate) cookie: HeaderValue,
    /// Whose session it has ended.
    pub(crate) ended: Option<Authentication>,
}

impl Sessions {
    /// Signs `subject` in on the browser with these headers, whose cookie is always
    /// new. Who signs in once more goes on with the session, so that what was
    /// issued in it ends with it.
    pub(crate) fn begin(
        &self,
        subject: Subject,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Begun, HostError> {
        let value = random();
        let cookie = HeaderValue::try_from(set(SESSION, &value))?;
        let mut sessions = self.lock();
        let before = read(headers, SESSION).and_then(|before| sessions.remove(before));
        let before = before.filter(|before| before.session_end() > Some(now));
        let (id, ended) = match before {
            Some(before) if *before.subject() == subject => (before.session().cloned(), None),
            other => (None, other),
        };
        let id = id.map_or_else(|| SessionId::parse(random()), Ok)?;
        let user = Authentication::new(subject, now).with_session(id);
        sessions.insert(value, user.with_session_end(now.plus(LIFETIME)));
        Ok(Begun { cookie, ended })
    }

    /// Ends the session of the browser with these headers; returns the cookie to set.
    pub(crate) fn end(&self, headers: &HeaderMap) -> HeaderValue {
        if let Some(value) = read(headers, SESSION) {
            self.lock().remove(value);
        }
        HeaderValue::from_static("session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
    }

    /// Forgets the sessions that have expired.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.lock().retain(|_, user| user.session_end() > Some(now));
    }

    /// No change of the map can be left half-done.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Authentication>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl UserAuthenticator for Sessions {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Authentication>, HostError> {
        let user =
            read(&request.headers, SESSION).and_then(|value| self.lock().get(value).cloned());
        Ok(user.filter(|user| user.session_end() > Some(SystemClock.now())))
    }
}

/// The fields of a form that one of our own pages brought to this very browser.
pub(crate) struct Form(HashMap<String, String>);

impl Form {
    /// Reads a form. Another site can make a browser send one, but knows nothing of
    /// its cookie, whose value has to be in it too.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let form = Self(form_urlencoded::parse(body).into_owned().collect());
        let is_ours = read(headers, FORM).is_some_and(|token| token == form.get("form_token"));
        is_ours.then_some(form)
    }

    /// The value of a field, nothing if it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// The token for a form on the browser with these headers, and the cookie to set if
/// it has none yet. One serves every page that the browser has open.
pub(crate) fn form_token(headers: &HeaderMap) -> (String, Option<HeaderValue>) {
    if let Some(token) = read(headers, FORM) {
        return (token.to_owned(), None);
    }
    let token = random();
    let cookie = HeaderValue::try_from(set(FORM, &token)).ok();
    (token, cookie)
}

/// 256 random bits as text.
pub(crate) fn random() -> String {
    ClientSecret::generate().expose().to_owned()
}

/// The value of a cookie, if it has one. Those of others beside it may be any bytes.
fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let headers = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let cookies = headers.flat_map(|header| header.split(|byte| *byte == b';'));
    let mut pairs =
        cookies.filter_map(|cookie| std::str::from_utf8(cookie).ok()?.trim().split_once('='));
    pairs.find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
}

/// A cookie until the browser is closed, which scripts cannot read and requests from
/// other sites, links apart, do not carry.
fn set(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax")
}
