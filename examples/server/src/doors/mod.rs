//! The paths, one file each.

mod account;
mod authorize;
mod client;
mod consent;
mod form;
mod healthz;
mod login;
mod logout;
mod metadata;
mod peer;
mod resource;
mod throttle;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::request::Parts as Head;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use codegrant::{AuthorizationServer, Cause, HostError, Refused};
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::application::Parts;
use crate::log;
use crate::pages::ErrorPage;

/// More than any request that the library takes, or any form of ours.
const LONGEST_BODY: usize = AuthorizationServer::LONGEST_BODY.saturating_add(1);

/// A client that sends more than this may not hear the answer.
const MOST_READ: usize = 8 * 1024 * 1024;

/// How long a client may take to send a request's body, so that slow ones do
/// not take up all connections.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) fn router(parts: &Arc<Parts>) -> Router {
    let doors = Router::new()
        .route("/authorize", any(authorize::door))
        .route("/logout", any(logout::door))
        .route("/logout/confirm", post(logout::confirm))
        .route("/login", get(login::page).post(login::sign_in))
        .route("/consent", get(consent::page).post(consent::decide))
        .route("/account", get(account::page).post(account::act))
        .route("/resource", get(resource::door).post(resource::door))
        .route("/healthz", get(healthz::door));
    let root = Router::new().without_v07_checks();
    let root = match parts.path.as_str() {
        "" => root.merge(doors),
        path => root.nest(path, doors),
    };
    let root = match metadata::path_of_resource(parts) {
        Some(path) => root.route(&path, get(metadata::of_resource)),
        None => root,
    };
    root.method_not_allowed_fallback(method_not_allowed)
        .fallback(client::door)
        .with_state(parts.clone())
}

async fn method_not_allowed() -> Response {
    let description = "this page cannot be opened like this";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    ErrorPage { status, code: "invalid_request", description }.render()
}

fn not_found() -> Response {
    let description = "this server does not have this page";
    ErrorPage { status: StatusCode::NOT_FOUND, code: "not_found", description }.render()
}

/// The request's head and its body.
async fn read(request: Request) -> Result<(Head, Bytes), Response> {
    let (head, body) = request.into_parts();
    match timeout(BODY_TIMEOUT, read_body(body)).await {
        Ok(Ok(body)) => Ok((head, body)),
        Ok(Err(_)) | Err(_) => Err(broken_off()),
    }
}

/// No more of the body is kept than anybody needs to see that it is too long.
/// The rest is read, so that the client is ready for the answer.
async fn read_body(mut body: Body) -> Result<Bytes, axum::Error> {
    let (mut kept, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = LONGEST_BODY.saturating_sub(kept.len()).min(data.len());
        kept.extend_from_slice(data.get(..room).unwrap_or_default());
        length = length.saturating_add(data.len());
        if length > MOST_READ {
            break;
        }
    }
    Ok(kept.into())
}

fn broken_off() -> Response {
    let description = "the request broke off";
    let status = StatusCode::BAD_REQUEST;
    ErrorPage { status, code: "invalid_request", description }.render()
}

/// Sends the browser to a page of ours by GET.
fn see_other(page: String) -> Response {
    let headers = [
        (LOCATION, page),
        (CACHE_CONTROL, "no-store".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// An answer of the library's, logged on its way out.
fn answer(door: &str, response: codegrant::Response) -> Response {
    log::answer(door, response.status(), response.extensions().get::<Cause>());
    response.map(Body::from)
}

/// `response`, with the header by which the browser forgets its session.
fn forgetting(mut response: Response, cookie: &str) -> Result<Response, Refused> {
    let cookie = cookie.parse().map_err(HostError::from)?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// The error page for what the library refuses, logged on its way out.
fn refuse(door: &'static str, refused: &Refused) -> Response {
    log::answer(door, refused.status(), Some(refused.cause()));
    ErrorPage::refused(refused)
}
