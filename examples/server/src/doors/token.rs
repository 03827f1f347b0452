//! `/token`: where clients turn codes into tokens.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::{answer, read};
use crate::application::Parts;
use crate::log;

pub(super) async fn door(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    match read(request).await {
        Ok((head, body)) => answer("token", parts.server.token(&head, &body).await),
        Err(status) => {
            log::answer("token", status, None);
            let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
            let body = r#"{"error":"invalid_request","error_description":"the body is too long"}"#;
            (status, headers, body).into_response()
        }
    }
}
