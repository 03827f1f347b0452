//! How the page sees what goes on elsewhere: layers around the other parties,
//! and a wrapper around the database. None of them changes anything.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use codegrant::{Cause, Directory, HostError, Subject, User};

use crate::reports::PERMISSION;
use crate::session::{Session, Sessions};
use crate::step::Step;
use crate::trace::{Arrow, Party};
use crate::wire;

tokio::task_local! {
    /// What the request is for that this task is busy with.
    static WATCHED: Watched;
}

/// A request that is answered for a browser session.
struct Watched {
    session: Arc<Session>,
    /// Who answers it, and in which step.
    by: Party,
    step: Step,
}

/// More than the authorization server takes, so that it is the one to refuse.
const LARGEST_FORM: usize = 256 * 1024;

/// Where the authorization server meets the browser for the dashboard.
const PAGES: [&str; 5] = ["/authorize", "/login", "/consent", "/logout", "/logout/confirm"];

/// Around the authorization server: what the browser asks it and hears, and whom
/// it looks up for what the dashboard asks it past the browser, which shows the
/// request and the answer.
///
/// Browsers send cookies to every port of a host, so the dashboard's own cookie
/// tells here, too, whose page the request belongs to.
pub(crate) async fn authorization_server(
    State(sessions): State<Sessions>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(session) = sessions.of_back_channel(request.headers()) {
        let watched = Watched { session, by: Party::AuthorizationServer, step: Step::Token };
        return WATCHED.scope(watched, next.run(request)).await;
    }
    let Some(session) = sessions.of_browser(request.headers()) else {
        return next.run(request).await;
    };
    if !PAGES.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(form) = to_bytes(body, LARGEST_FORM).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = head.uri.path().to_owned();
    let signing_in = session.trace.reached(Step::Decide);
    let step = match path.as_str() {
        "/authorize" if !signing_in => Step::Redirect,
        "/logout" | "/logout/confirm" => Step::SignOut,
        _ => Step::Decide,
    };
    let query = head.uri.query().unwrap_or_default();
    let title = format!("{} {path}", head.method);
    let arrow = Arrow::request(step, Party::User, Party::AuthorizationServer, title)
        .with(wire::form(query.as_bytes()))
        .with(wire::form(&form));
    session.trace.add(arrow);
    let posted = head.method == Method::POST;
    let request = Request::from_parts(head, Body::from(form));
    let response = next.run(request).await;
    if step == Step::Redirect && leads_back_with(response.headers(), "code") {
        session.trace.add(nothing_to_ask());
    }
    session.trace.add(if step == Step::SignOut {
        answer_to_sign_out(&response)
    } else {
        answer_of_authorization_server(&path, posted, &response)
    });
    response
}

fn answer_to_sign_out(response: &Response) -> Arrow {
    let (from, to) = (Party::AuthorizationServer, Party::User);
    let arrow = Arrow::answer(Step::SignOut, from, to, wire::status(response.status()));
    match location(response.headers()) {
        Some(place) => arrow
            .with(wire::location(place))
            .remark("The session here is over, and so are the tokens issued in it."),
        None => arrow.remark("A page of the authorization server."),
    }
}

fn nothing_to_ask() -> Arrow {
    Arrow::note(Step::Decide, Party::AuthorizationServer, "Nothing to ask").remark(
        "You are still signed in here, and you allowed exactly this before, so no page is shown.",
    )
}

fn answer_of_authorization_server(path: &str, posted: bool, response: &Response) -> Arrow {
    let status = response.status();
    let (from, to) = (Party::AuthorizationServer, Party::User);
    if let Some(place) = location(response.headers()) {
        let (step, remark) = if leads_back_with(response.headers(), "code") {
            (Step::Code, "Back to the dashboard, with a code. No token passes through the browser.")
        } else if leads_back_with(response.headers(), "error") {
            (Step::Decide, "Back to the dashboard, with an error in place of a code.")
        } else {
            (Step::Decide, "On to the next page of the authorization server.")
        };
        return Arrow::answer(step, from, to, wire::status(status))
            .with(wire::location(place))
            .remark(remark);
    }
    let remark = match (path, status) {
        ("/login", StatusCode::OK) => "The login page.",
        ("/login", _) => "The login page again: that was not right.",
        ("/authorize" | "/consent", StatusCode::OK) => {
            "The consent page: what do you allow the dashboard?"
        }
        _ if posted => "A page that says why this went no further.",
        _ => "A page of the authorization server.",
    };
    Arrow::answer(Step::Decide, from, to, wire::status(status)).remark(remark)
}

/// Whether a redirect answers the client, with this parameter.
fn leads_back_with(headers: &HeaderMap, parameter: &str) -> bool {
    let (place, query) = location(headers).and_then(|url| url.split_once('?')).unwrap_or_default();
    place.ends_with("/callback")
        && wire::form(query.as_bytes()).iter().any(|line| line.name == parameter)
}

fn location(headers: &HeaderMap) -> Option<&str> {
    headers.get(LOCATION)?.to_str().ok()
}

/// Around the reports API: why it answers as it does. The dashboard shows the
/// request and the answer.
pub(crate) async fn reports_api(
    State(sessions): State<Sessions>,
    request: Request,
    next: Next,
) -> Response {
    let Some(session) = sessions.of_back_channel(request.headers()) else {
        return next.run(request).await;
    };
    let watched = Watched { session: session.clone(), by: Party::ReportsApi, step: Step::Check };
    let response = WATCHED.scope(watched, next.run(request)).await;
    let verdict = match response.extensions().get::<Cause>() {
        None => format!(
            "The token is valid, its scope reaches this far, and its user has the permission \
             {PERMISSION}."
        ),
        Some(Cause::Permission { needed }) => format!(
            "The token is valid and its scope reaches this far, but its user does not have the \
             permission {needed}."
        ),
        Some(Cause::InsufficientUserAuthentication) => {
            "The token is valid, but its user’s sign-in is too old for this report.".to_owned()
        }
        Some(cause) => format!("No: {cause}."),
    };
    session.trace.add(Arrow::note(Step::Check, Party::ReportsApi, "Verdict").remark(verdict));
    response
}

/// A [`Directory`] that tells the page who was looked up. This is all it takes
/// to stand between the library and a part that a host brings.
pub(crate) struct WatchedDirectory(pub(crate) Arc<dyn Directory>);

#[async_trait]
impl Directory for WatchedDirectory {
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError> {
        let found = self.0.user(subject).await;
        // Outside a watched request there is no page to tell.
        let _ = WATCHED.try_with(|watched| {
            watched.session.trace.add(watched.look_up(subject));
            watched.session.trace.add(watched.looked_up(&found));
        });
        found
    }
}

impl Watched {
    fn look_up(&self, subject: &Subject) -> Arrow {
        Arrow::request(self.step, self.by, Party::Database, "Look up the user")
            .with([wire::line("subject", subject.as_str())])
    }

    fn looked_up(&self, found: &Result<Option<Arc<User>>, HostError>) -> Arrow {
        let answer = |head| Arrow::answer(self.step, Party::Database, self.by, head);
        match found {
            Ok(Some(user)) => answer("Known").with([
                wire::line("roles", &listed(user.roles())),
                wire::line("permissions", &listed(user.permissions())),
            ]),
            Ok(None) => answer("Unknown"),
            Err(_) => answer("The database cannot answer"),
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
