//! A login without passwords: whoever another OpenID Connect provider vouches for.
//!
//! Two flows, one inside the other. The application's is paused as a ticket while the
//! browser is sent on to the provider, of which this server is a [`client`].

pub mod client;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use codegrant::{
    Authentication, AuthorizationServer, Authorize, Cause, ClientSecret, Clock, Consent, Decision,
    Granted, HostError, Login, LoginReason, Refused, Response, SessionId, Subject, SystemClock,
    Timestamp, UserAuthenticator,
};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use client::{Pending, Provider};

/// As long as the tickets live, if the policy does not say otherwise.
const PATIENCE: u64 = 600;

/// What stands in the cookie, and who that is.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Authentication>>);

#[async_trait]
impl UserAuthenticator for Sessions {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Authentication>, HostError> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(cookie(request, "__Host-session").and_then(|session| sessions.get(session).cloned()))
    }
}

/// The application's flow, while the browser is elsewhere.
struct Paused {
    ticket: String,
    pending: Pending,
    since: Timestamp,
    /// Only a sign-in after `since` will do.
    anew: bool,
}

/// The authorization server with its pages. Sessions and paused flows are kept in
/// memory: with several nodes both are tables, and how many one address may begin has a
/// limit.
pub struct Host {
    oauth: AuthorizationServer,
    sessions: Arc<Sessions>,
    provider: Provider,
    /// Our users by the provider's names for them.
    users: HashMap<String, Subject>,
    /// By a cookie: an answer counts only in the browser that was sent to fetch it.
    paused: Mutex<HashMap<String, Paused>>,
}

impl Host {
    /// Serves `oauth`, which finds who is signed in in `sessions`. `users` has our own
    /// name for each `sub` of `provider` that may come in.
    pub fn new(
        oauth: AuthorizationServer,
        sessions: Arc<Sessions>,
        provider: Provider,
        users: impl IntoIterator<Item = (String, Subject)>,
    ) -> Self {
        let (users, paused) = (users.into_iter().collect(), Mutex::default());
        Self { oauth, sessions, provider, users, paused }
    }

    /// Answers any request; to be mounted as it is, as in `src/bin/bare.rs`.
    pub async fn answer(&self, request: &Parts, body: &[u8]) -> Response {
        match (&request.method, request.uri.path()) {
            (_, "/authorize") => match self.oauth.authorize(request, body).await {
                Authorize::Login(login) => self.depart(&login).await,
                Authorize::Consent(consent) => ask(&consent),
                Authorize::Refused(refused) => refused.response(),
                Authorize::Redirect(response) => response,
            },
            (&Method::GET, "/callback") => self.arrive(request).await,
            (&Method::POST, "/consent") => self.consent(request, body).await,
            _ => match self.oauth.serve(request, body).await {
                Some(response) => response,
                None => page(StatusCode::NOT_FOUND, "There is nothing here."),
            },
        }
    }

    /// Sends the browser to the provider: there is no login page of ours.
    async fn depart(&self, login: &Login) -> Response {
        let anew = login.reason() != LoginReason::SignedOut;
        let (address, pending) = match self.provider.begin(anew).await {
            Ok(begun) => begun,
            Err(error) => return failed(error),
        };
        let (key, since) = (ClientSecret::generate(), SystemClock.now());
        let paused = Paused { ticket: login.ticket().to_owned(), pending, since, anew };
        let mut all = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, other| since.seconds_since(other.since) < PATIENCE);
        all.insert(key.expose().to_owned(), paused);
        let mut away = page(StatusCode::SEE_OTHER, "");
        set(&mut away, LOCATION, address.as_str());
        set_cookie(&mut away, "__Host-upstream", key.expose());
        away
    }

    /// The browser comes back with the provider's answer.
    async fn arrive(&self, request: &Parts) -> Response {
        let key = cookie(request, "__Host-upstream").unwrap_or_default();
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        let Some(paused) = paused else {
            return page(StatusCode::BAD_REQUEST, "No sign-in was begun in this browser.");
        };
        let Paused { ticket, pending, since, anew } = paused;
        let answer = request.uri.query().unwrap_or_default();
        let seen = match self.provider.finish(pending, answer.as_bytes()).await {
            Ok(seen) => seen,
            Err(error) => return failed(error),
        };
        let user = seen.as_ref().and_then(|seen| self.users.get(&seen.subject));
        let answer = match (user, &seen) {
            // A provider that shows no page though it was asked to: nor is ours, so without
            // this the browser would go round and round.
            (Some(_), Some(seen)) if anew && since.seconds_since(seen.at) > 60 => {
                self.oauth.cancel(&ticket).await
            }
            (Some(user), Some(seen)) => {
                let before = cookie(request, "__Host-session").unwrap_or_default();
                self.signed_in(before, user.clone(), seen.at, &ticket)
            }
            _ => self.oauth.cancel(&ticket).await,
        };
        answer.unwrap_or_else(|refused| refused.response())
    }

    /// The same user who comes again goes on in the same session, under a new cookie.
    fn signed_in(
        &self,
        before: &str,
        user: Subject,
        at: Timestamp,
        ticket: &str,
    ) -> Result<Response, Refused> {
        let mut back = self.oauth.resume(ticket)?;
        let mut sessions = self.sessions.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = sessions.remove(before).filter(|before| *before.subject() == user);
        let known = before.as_ref().and_then(Authentication::session).cloned();
        let drawn = || SessionId::parse(ClientSecret::generate().expose()).ok();
        let mut user = Authentication::new(user, at);
        if let Some(name) = known.or_else(drawn) {
            user = user.with_session(name);
        }
        let session = ClientSecret::generate();
        set_cookie(&mut back, "__Host-session", session.expose());
        sessions.insert(session.expose().to_owned(), user);
        Ok(back)
    }

    async fn consent(&self, request: &Parts, body: &[u8]) -> Response {
        let field = |name| field(body, name).unwrap_or_default();
        let decision = match field("allow").as_str() {
            "" => Decision::Deny,
            _ => Decision::Allow(Granted::everything()),
        };
        let answer = self.oauth.decide(request, &field("ticket"), decision).await;
        answer.unwrap_or_else(|refused| refused.response())
    }
}

fn ask(consent: &Consent) -> Response {
    let asker = consent.asker();
    let form = format!(
        "<form method=post action=/consent><input type=hidden name=ticket value={}>
         {} at {} wants {}. <button name=allow value=1>Allow</button> <button>Deny</button></form>",
        consent.ticket(),
        escape(asker.client().name()),
        escape(asker.redirect_host()),
        escape(consent.scope().as_str()),
    );
    page(StatusCode::OK, &form)
}

/// Why is in the extensions, for the log, as it is in every answer of the crate.
fn failed(error: HostError) -> Response {
    let mut page = page(StatusCode::BAD_GATEWAY, "Signing in failed. Please begin again.");
    page.extensions_mut().insert(Cause::from(error));
    page
}

/// No other site may put a page into a frame and have the user click in it.
fn page(status: StatusCode, html: &str) -> Response {
    let mut page = Response::new(html.to_owned());
    *page.status_mut() = status;
    set(&mut page, CONTENT_TYPE, "text/html; charset=utf-8");
    set(&mut page, CONTENT_SECURITY_POLICY, "frame-ancestors 'none'");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// `value` is our own, or a URL: there is no byte in it that a header may not have.
fn set(response: &mut Response, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn set_cookie(response: &mut Response, name: &str, value: &str) {
    let cookie = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
    set(response, SET_COOKIE, &cookie);
}

fn cookie<'a>(request: &'a Parts, name: &str) -> Option<&'a str> {
    let cookies = std::str::from_utf8(request.headers.get(COOKIE)?.as_bytes()).ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))
}

/// The value of `name` in a form or a query.
fn field(form: &[u8], name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(form);
    fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
