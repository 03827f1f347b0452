//! `/healthz`: whether this server can do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use codegrant::GrantId;

use crate::application::Parts;

/// 200 if the store answers a question, whatever the answer: a look for one
/// grant by its id, the cheapest that every database has to be there for.
pub(super) async fn door(State(parts): State<Arc<Parts>>) -> (StatusCode, &'static str) {
    match parts.codes.grant(&GrantId::from_bytes([0; 16])).await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::error!(%error, "the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n")
        }
    }
}
