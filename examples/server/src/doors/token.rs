//! `/token`: where clients turn codes into tokens.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::{answer, read};
use crate::application::Parts;

pub(super) async fn door(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    match read(request).await {
        Ok((head, body)) => answer("token", parts.server.token(&head, &body).await),
        Err(response) => response,
    }
}
