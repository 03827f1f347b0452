//! `/token`, `/introspect`, `/revoke` and `/userinfo`: what clients call themselves.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::{answer, read};
use crate::application::Parts;

/// Codes and refresh tokens become access tokens.
pub(super) async fn token(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    match read(request).await {
        Ok((head, body)) => answer("token", parts.server.token(&head, &body).await),
        Err(response) => response,
    }
}

/// What a token is worth.
pub(super) async fn introspect(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    match read(request).await {
        Ok((head, body)) => answer("introspect", parts.server.introspect(&head, &body).await),
        Err(response) => response,
    }
}

/// A token comes back, and is worth nothing from then on.
pub(super) async fn revoke(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    match read(request).await {
        Ok((head, body)) => answer("revoke", parts.server.revoke(&head, &body).await),
        Err(response) => response,
    }
}

/// What the directory says of the user of an access token.
pub(super) async fn userinfo(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    match read(request).await {
        Ok((head, body)) => answer("userinfo", parts.server.userinfo(&head, &body).await),
        Err(response) => response,
    }
}
