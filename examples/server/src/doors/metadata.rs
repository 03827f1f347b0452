//! The well-known place that says what `/resource` demands.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::http::uri::{Authority, Scheme};
use axum::response::Response;

use super::{answer, not_found};
use crate::application::Parts;

/// RFC 9728.
pub(super) async fn of_resource(State(parts): State<Arc<Parts>>) -> Response {
    match parts.guard.metadata() {
        Some(response) => answer("metadata", response),
        None => not_found(),
    }
}

/// Where clients look for the metadata of `/resource`, if that is on this host.
pub(super) fn path_of_resource(parts: &Parts) -> Option<String> {
    let audience = origin(parts.config.resource.audience.as_deref()?)?;
    let path = parts.guard.metadata_path()?;
    let is_ours = audience == origin(parts.server.issuer().as_str())?
        && path.starts_with("/.well-known/oauth-protected-resource");
    is_ours.then_some(path)
}

fn origin(url: &str) -> Option<(Scheme, Authority)> {
    let parts = url.parse::<Uri>().ok()?.into_parts();
    parts.scheme.zip(parts.authority)
}
