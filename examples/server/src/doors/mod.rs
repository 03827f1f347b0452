//! The paths, one file each.

pub(crate) mod asker;
mod authorize;
mod consent;
mod form;
mod healthz;
mod login;
mod resource;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts as Head;
use axum::response::Response;
use axum::routing::{any, get, post};
use codegrant::{Cause, Refused};

use crate::application::Parts;
use crate::log;
use crate::pages::ErrorPage;

/// More than the longest request that the library takes, in a form of ours.
const LONGEST_BODY: usize = 128 * 1024;

pub(crate) fn router(parts: &Arc<Parts>) -> Router {
    let doors = Router::new()
        .route("/authorize", any(authorize::door))
        .route("/token", any(token::door))
        .route("/login", get(login::page).post(login::sign_in))
        .route("/consent", post(consent::decide))
        .route("/resource", get(resource::door).post(resource::door))
        .route("/healthz", get(healthz::door))
        .method_not_allowed_fallback(method_not_allowed);
    let doors = match parts.path.as_str() {
        "" => doors,
        path => Router::new().nest(path, doors),
    };
    doors.fallback(not_found).with_state(parts.clone())
}

async fn method_not_allowed() -> Response {
    let description = "this page cannot be opened like this";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    ErrorPage { status, code: "invalid_request", description }.render()
}

async fn not_found() -> Response {
    let description = "this server does not have this page";
    ErrorPage { status: StatusCode::NOT_FOUND, code: "not_found", description }.render()
}

/// The request's head and its whole body, unless that is too long.
async fn read(request: Request) -> Result<(Head, Bytes), StatusCode> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok((head, body))
}

/// The page instead of an answer to a body that is too long.
fn too_long(status: StatusCode) -> Response {
    let description = "the request is too long";
    ErrorPage { status, code: "invalid_request", description }.render()
}

/// An answer of the library's, logged on its way out.
fn answer(door: &'static str, response: codegrant::Response) -> Response {
    log::answer(door, response.status(), response.extensions().get::<Cause>());
    response.map(Body::from)
}

/// The error page for what the library refuses, logged on its way out.
fn refuse(door: &'static str, refused: &Refused) -> Response {
    log::answer(door, refused.status(), Some(refused.cause()));
    ErrorPage::refused(refused)
}
