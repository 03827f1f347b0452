//! `/resource`: something that only an access token opens.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts as Head;
use axum::response::{IntoResponse, Response};
use codegrant::{Access, Denied};
use serde_json::json;

use super::answer;
use crate::application::Parts;
use crate::log;

pub(super) async fn door(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match admit(&parts, &head).await {
        Ok(access) => {
            log::answer("resource", StatusCode::OK, None);
            let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
            (headers, report(&access)).into_response()
        }
        Err(denied) => answer("resource", denied.into_response()),
    }
}

/// What the token must cover and, where that is configured, what its user must
/// be permitted.
async fn admit(parts: &Parts, head: &Head) -> Result<Access, Denied> {
    let access = parts.guard.check(head).await?;
    access.require_scope(&parts.resource_scope)?;
    if let Some(permission) = &parts.config.resource.permission {
        access.require_permission(permission)?;
    }
    Ok(access)
}

fn report(access: &Access) -> String {
    json!({
        "sub": access.known_as().as_str(),
        "client_id": access.client().as_str(),
        "scope": access.scope().as_str(),
        "roles": access.user().roles(),
        "permissions": access.user().permissions(),
    })
    .to_string()
}
