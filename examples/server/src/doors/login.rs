//! `/login`: where people prove who they are.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts as Head;
use axum::response::Response;
use codegrant::{HostError, Login, Refused, RequestError, Subject, UserAuthenticator};

use super::form::Form;
use super::{answer, peer, refuse, see_other};
use crate::application::Parts;
use crate::pages::LoginPage;
use crate::{log, pages};

/// Where a sign-in leads: back to the request that a ticket holds or, without
/// one, to the user's own page.
#[derive(Clone, Copy)]
enum Goal<'t> {
    Request(&'t str),
    Account,
}

/// The form, for the goal that the URL names.
pub(super) async fn page(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let query = Form::in_query(&head);
    let shown = async {
        let goal = Goal::of(&query)?;
        page_of(&parts, &head, goal, |page| page.fresh()).await
    };
    shown.await.unwrap_or_else(|refused| refuse("login", &refused))
}

/// A filled-in form.
pub(super) async fn sign_in(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, form) = match Form::read(&parts, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let answered = async {
        match Goal::of(&form)? {
            Goal::Request(ticket) if form.get("action") == Some("cancel") => {
                Ok(answer("login", parts.server.cancel(ticket).await?))
            }
            goal => judge(&parts, &head, &form, goal).await,
        }
    };
    answered.await.unwrap_or_else(|refused| refuse("login", &refused))
}

async fn judge(
    parts: &Arc<Parts>,
    head: &Head,
    form: &Form,
    goal: Goal<'_>,
) -> Result<Response, Refused> {
    let username = form.get("username").unwrap_or_default().trim();
    let password = form.get("password").unwrap_or_default();
    let mut onward = goal.onward(parts)?;
    let address = peer::address(head, parts.config.proxied);
    if let Err(wait) = parts.tries.begin(username, address, parts.clock.now()) {
        log::sign_in(StatusCode::TOO_MANY_REQUESTS, None, "too many tries");
        return page_of(parts, head, goal, |page| page.too_many_tries(username, wait)).await;
    }
    let Some(subject) = authenticate(parts, username, password).await? else {
        log::sign_in(StatusCode::UNAUTHORIZED, None, "wrong username or password");
        return page_of(parts, head, goal, |page| page.wrong_password(username)).await;
    };
    parts.tries.succeeded(username, address);
    let cookie = begin(parts, head, subject.clone()).await?.parse().map_err(HostError::from)?;
    log::sign_in(onward.status(), Some(&subject), "signed in");
    onward.headers_mut().append(SET_COOKIE, cookie);
    Ok(onward)
}

/// Signs `subject` in and somebody else, who was signed in before, out: that is
/// carried through, whether or not the browser waits. What fails of it is tried
/// again, and keeps nobody from signing in.
async fn begin(parts: &Arc<Parts>, head: &Head, subject: Subject) -> Result<String, HostError> {
    let (parts, headers) = (parts.clone(), head.headers.clone());
    let work = tokio::spawn(async move {
        let begun = parts.sessions.begin(subject, &headers).await?;
        if let Some(before) = begun.ended {
            let _ = parts.departures.sign_out(&before).await;
        }
        Ok(begun.cookie)
    });
    work.await.map_err(HostError::from)?
}

impl<'t> Goal<'t> {
    fn of(form: &'t Form) -> Result<Self, RequestError> {
        match (form.get("ticket"), form.get("to")) {
            (Some(ticket), _) => Ok(Self::Request(ticket)),
            (None, Some("account")) => Ok(Self::Account),
            (None, _) => Err(RequestError::Missing("ticket")),
        }
    }

    /// The way there.
    fn onward(self, parts: &Parts) -> Result<Response, Refused> {
        match self {
            Self::Request(ticket) => Ok(parts.server.resume(ticket)?.map(Body::from)),
            Self::Account => Ok(see_other(format!("{}/account", parts.path))),
        }
    }
}

/// Who has this user name and password. An unknown name takes as long as a
/// wrong password.
async fn authenticate(
    parts: &Parts,
    username: &str,
    password: &str,
) -> Result<Option<Subject>, HostError> {
    let account = parts.database.account(username).await?;
    let (subject, hash) = account.map(|a| (a.subject, a.password_hash)).unzip();
    let is_right = parts.passwords.verify(password, hash).await?;
    Ok(subject.filter(|_| is_right))
}

/// The page of this goal.
async fn page_of(
    parts: &Parts,
    head: &Head,
    goal: Goal<'_>,
    how: impl FnOnce(&LoginPage<'_>) -> Response,
) -> Result<Response, Refused> {
    match goal {
        Goal::Request(ticket) => {
            let login = parts.server.login(ticket).await?;
            Ok(show(parts, head, &login, how).await?)
        }
        Goal::Account => Ok(render(parts, head, pages::Goal::Account, how)?),
    }
}

/// The page that leads back to a client.
pub(super) async fn show(
    parts: &Parts,
    head: &Head,
    login: &Login,
    how: impl FnOnce(&LoginPage<'_>) -> Response,
) -> Result<Response, HostError> {
    let user = parts.sessions.authenticate(head).await?;
    let signed_in_as = user.as_ref().map(|user| parts.username(user.subject()));
    render(parts, head, pages::Goal::Client { login, signed_in_as }, how)
}

fn render(
    parts: &Parts,
    head: &Head,
    goal: pages::Goal<'_>,
    how: impl FnOnce(&LoginPage<'_>) -> Response,
) -> Result<Response, HostError> {
    let form_token = parts.form_tokens.issue(&head.headers)?;
    let action = format!("{}/login", parts.path);
    Ok(how(&LoginPage { action, goal, form_token: &form_token }))
}
