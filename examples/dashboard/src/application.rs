//! The dashboard application: what happens when its page is opened and its
//! buttons are pressed.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio::sync::watch;

use crate::api::ReportsApi;
use crate::client::{Again, RelyingParty};
use crate::outcome::Outcome;
use crate::page::{self, DemoUser};
use crate::session::{Session, Sessions};
use crate::step::Step;
use crate::trace::{Arrow, Party};
use crate::{callback, load, wire};

#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) client: Arc<RelyingParty>,
    pub(crate) reports_api: Arc<ReportsApi>,
    pub(crate) sessions: Sessions,
    pub(crate) demo_users: Arc<[DemoUser]>,
    /// Where a sign-in leads: the only other place that our forms may reach.
    pub(crate) issuer: Arc<str>,
    /// The one address of this page, to which sign-ins return.
    pub(crate) home: Arc<str>,
    /// Becomes true when the program stops; live pages would keep it waiting.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// The session of the browser that sent a request.
pub(crate) type Browser = Extension<Arc<Session>>;

const DRAWN: &str = "state, nonce and the PKCE secret behind code_challenge were drawn for this \
                     sign-in and stay in the dashboard’s session.";

impl Application {
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/", get(index))
            .route("/sign-in", post(sign_in))
            .route("/callback", get(callback::callback))
            .route("/load/{report}", post(load::load))
            .route("/sign-out", post(sign_out))
            .route("/signed-out", get(signed_out))
            .route("/events", get(events))
            .layer(from_fn_with_state(self.sessions.clone(), with_session))
            .route("/style.css", get(|| asset("text/css", include_str!("style.css"))))
            .route("/live.js", get(|| asset("text/javascript", include_str!("live.js"))))
            .route("/favicon.svg", get(|| asset("image/svg+xml", include_str!("favicon.svg"))))
            .layer(from_fn(only_from_own_pages))
            .layer(from_fn_with_state(self.home.clone(), only_at_home))
            .layer(from_fn_with_state(self.issuer.clone(), with_headers))
            .with_state(self)
    }
}

/// Step 1.
async fn index(State(app): State<Application>, Extension(session): Browser) -> Html<String> {
    if !session.trace.reached(Step::Open) {
        let (user, application) = (Party::User, Party::Application);
        session.trace.add(Arrow::request(Step::Open, user, application, "GET /"));
        let status = wire::status(StatusCode::OK);
        session.trace.add(Arrow::answer(Step::Open, application, user, status));
    }
    Html(page::page(&session, &app.demo_users).into_string())
}

/// Step 2.
async fn sign_in(State(app): State<Application>, Extension(session): Browser) -> Redirect {
    session.trace.rewind(Step::Redirect);
    session.trace.add(pressed(Step::Redirect, "POST /sign-in"));
    to_authorization_server(&app, &session, None, DRAWN).await
}

/// Sends the browser away to sign in; `again`, if somebody is signed in already.
pub(crate) async fn to_authorization_server(
    app: &Application,
    session: &Session,
    again: Option<Again>,
    remark: &str,
) -> Redirect {
    let (url, pending) = match app.client.begin(session, again).await {
        Ok(begun) => begun,
        Err(problem) => {
            session.finish(Outcome::Error(problem.to_string()));
            return Redirect::to("/");
        }
    };
    session.begin_sign_in(pending);
    session.trace.add(redirect(Step::Redirect, url.as_str()).remark(remark));
    Redirect::to(url.as_str())
}

/// Ends the session here at once, and at the authorization server if the user
/// gets there.
async fn sign_out(State(app): State<Application>, Extension(session): Browser) -> Redirect {
    let Some(user) = session.signed_in() else { return Redirect::to("/") };
    session.trace.rewind(Step::Redirect);
    session.trace.add(pressed(Step::SignOut, "POST /sign-out"));
    let (url, state) = app.client.end_session(&user);
    session.leave(state);
    session.trace.add(redirect(Step::SignOut, url.as_str()));
    Redirect::to(url.as_str())
}

/// The browser is back from signing out. Whoever else leads it here ends nothing.
async fn signed_out(
    Extension(session): Browser,
    Query(Returned { state }): Query<Returned>,
) -> Redirect {
    if session.has_left(&state) {
        let (user, application) = (Party::User, Party::Application);
        session.trace.add(
            Arrow::request(Step::SignOut, user, application, "GET /signed-out")
                .with([wire::line("state", &state)]),
        );
        session.finish(Outcome::SignedOut);
    }
    Redirect::to("/")
}

/// What the authorization server sends along with who has signed out.
#[derive(Deserialize)]
struct Returned {
    #[serde(default)]
    state: String,
}

pub(crate) fn pressed(step: Step, head: impl Into<String>) -> Arrow {
    Arrow::request(step, Party::User, Party::Application, head)
}

/// The dashboard sends the browser on to `url`.
pub(crate) fn redirect(step: Step, url: &str) -> Arrow {
    let status = wire::status(StatusCode::SEE_OTHER);
    Arrow::answer(step, Party::Application, Party::User, status).with(wire::location(url))
}

/// The live part of the page, again whenever something changed, until the
/// session's cookie is another: a browser that has the new one asks again.
async fn events(
    State(app): State<Application>,
    Extension(session): Browser,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = session.trace.listen();
    let cookie = session.set_cookie();
    let updates = stream::unfold(
        (app, session, changes, cookie),
        async |(mut app, session, mut changes, cookie)| {
            tokio::select! {
                changed = changes.changed() => changed.ok()?,
                _ = app.stopping.wait_for(|stopping| *stopping) => return None,
            }
            if session.set_cookie() != cookie {
                return None;
            }
            // A carriage return would end the event in the middle.
            let page = page::live(&session).into_string().replace('\r', "");
            let event = Event::default().data(page);
            Some((Ok(event), (app, session, changes, cookie)))
        },
    );
    Sse::new(updates).keep_alive(KeepAlive::default())
}

async fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, content_type)], text).into_response()
}

/// Finds the browser's session, or begins one.
async fn with_session(
    State(sessions): State<Sessions>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(session) = sessions.of_browser(request.headers()) {
        request.extensions_mut().insert(session);
        return next.run(request).await;
    }
    let Ok(session) = sessions.begin() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let cookie = HeaderValue::try_from(session.set_cookie());
    request.extensions_mut().insert(session);
    let mut response = next.run(request).await;
    if let Ok(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Buttons can be pressed on our own pages only: another site that makes the
/// browser post here is recognized by a header that it cannot set.
async fn only_from_own_pages(request: Request, next: Next) -> Response {
    let origin = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    if request.method() == Method::POST && !matches!(origin, None | Some(b"same-origin" | b"none"))
    {
        return (StatusCode::FORBIDDEN, "This button was not pressed on the dashboard’s own page.")
            .into_response();
    }
    next.run(request).await
}

/// Sends whoever came by another name, `localhost` say, to the address that
/// sign-ins return to: a cookie that was set under one name is not sent to another.
async fn only_at_home(State(home): State<Arc<str>>, request: Request, next: Next) -> Response {
    if is_addressed_to(&home, request.headers()) {
        return next.run(request).await;
    }
    Redirect::to(&home).into_response()
}

fn is_addressed_to(home: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.is_some() && host == home.strip_prefix("http://")
}

async fn with_headers(State(issuer): State<Arc<str>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // Browsers hold form-action against where a form's redirects lead, too.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self' {issuer}; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_name_is_home() {
        let home = "http://127.0.0.1:4000";
        let is_home = |host: &str| {
            is_addressed_to(home, &HeaderMap::from_iter([(HOST, host.parse().unwrap())]))
        };
        assert!(is_home("127.0.0.1:4000"));
        assert!(!is_home("localhost:4000"));
        assert!(!is_home("127.0.0.1:4001"));
        assert!(!is_addressed_to(home, &HeaderMap::new()));
    }
}
