//! The dashboard application: what happens when its page is opened and its
//! buttons are pressed.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Request, State};
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
use tokio::sync::watch;

use crate::callback;
use crate::client::{OAuthClient, ReportAnswer};
use crate::page::{self, DemoUser};
use crate::session::{Outcome, Session, Sessions};
use crate::step::Step;
use crate::trace::{Arrow, Party};
use crate::wire;

#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) client: Arc<OAuthClient>,
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

impl Application {
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/", get(index))
            .route("/sign-in", post(sign_in))
            .route("/callback", get(callback::callback))
            .route("/load-report", post(load_report))
            .route("/sign-out", post(sign_out))
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
    let (url, pending) = app.client.begin();
    session.begin_sign_in(pending);
    session.trace.add(pressed(Step::Redirect, "POST /sign-in"));
    session.trace.add(
        Arrow::answer(Step::Redirect, Party::Application, Party::User, status_of_redirect())
            .with(wire::location(url.as_str()))
            .remark(
                "state and the PKCE secret behind code_challenge were drawn for this sign-in and \
                 stay in the dashboard’s session.",
            ),
    );
    Redirect::to(url.as_str())
}

/// Steps 7 and 8.
async fn load_report(State(app): State<Application>, Extension(session): Browser) -> Redirect {
    session.hide_report();
    let Some(token) = session.access_token() else {
        session.finish(Outcome::Error("There is no token yet: sign in first.".to_owned()));
        return Redirect::to("/");
    };
    session.trace.rewind(Step::Call);
    session.trace.add(pressed(Step::Call, "POST /load-report"));
    match app.client.report(&session, &token).await {
        Ok(ReportAnswer::Report(report)) => session.show_report(report),
        Ok(ReportAnswer::Forbidden) => session.finish(Outcome::Forbidden),
        Ok(ReportAnswer::TokenRefused) => {
            let text = "401: the token has expired or was ended. Sign in again for a new one.";
            session.finish(Outcome::Error(text.to_owned()));
        }
        Err(problem) => session.finish(Outcome::Error(problem)),
    }
    Redirect::to("/")
}

async fn sign_out(Extension(session): Browser) -> Redirect {
    session.trace.rewind(Step::Redirect);
    session.sign_out();
    Redirect::to("/")
}

fn pressed(step: Step, head: &str) -> Arrow {
    Arrow::request(step, Party::User, Party::Application, head)
}

pub(crate) fn status_of_redirect() -> String {
    wire::status(StatusCode::SEE_OTHER)
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
