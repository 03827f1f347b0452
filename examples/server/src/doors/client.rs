//! What clients call themselves, and what everybody may read: all that needs no user.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::throttle::Claim;
use super::{answer, not_found, read};
use crate::application::Parts;

/// Every endpoint that the library routes, and nothing else. A client may guess
/// its secret a few times, and then has to wait.
pub(super) async fn door(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, body) = match read(request).await {
        Ok(request) => request,
        Err(response) => return response,
    };
    let claim = Claim::of(&parts, &head, &body);
    if let Some(response) = claim.as_ref().and_then(|claim| claim.throttled(&parts)) {
        return response;
    }
    let door = head.uri.path().rsplit('/').next().unwrap_or_default();
    match parts.server.serve(&head, &body).await {
        Some(response) => {
            if let Some(claim) = claim {
                claim.judged(&parts, response.extensions().get());
            }
            answer(door, response)
        }
        None => not_found(),
    }
}
