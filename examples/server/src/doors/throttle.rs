//! Whoever fails again and again to prove that they are a client has to wait.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts as Head;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use codegrant::Cause;

use super::peer;
use crate::application::Parts;

const TOO_MANY: &str = r#"{"error":"temporarily_unavailable","error_description":"client authentication failed too often, try again later"}"#;

/// A secret was presented: as whose, and from where.
pub(super) struct Claim {
    client_id: String,
    address: IpAddr,
}

impl Claim {
    /// What `head` and `body` claim, if they do. The library judges it; here it
    /// only has to be the same for the same client.
    pub(super) fn of(parts: &Parts, head: &Head, body: &[u8]) -> Option<Self> {
        let client_id = in_header(head).or_else(|| in_body(body))?;
        Some(Self { client_id, address: peer::address(head, parts.config.proxied) })
    }

    /// The answer to one who has to wait.
    pub(super) fn throttled(&self, parts: &Parts) -> Option<Response> {
        let now = parts.clock.now();
        let wait = parts.client_tries.judge(&self.client_id, self.address, now).err()?;
        tracing::warn!(address = %self.address, "a client has failed too often");
        Some(too_many(wait))
    }

    /// Remembers how the library judged.
    pub(super) fn judged(&self, parts: &Parts, cause: Option<&Cause>) {
        if let Some(Cause::ClientAuthentication(_)) = cause {
            parts.client_tries.failed(&self.client_id, self.address, parts.clock.now());
        }
    }
}

fn in_header(head: &Head) -> Option<String> {
    let header = head.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    let encoded = scheme.eq_ignore_ascii_case("Basic").then_some(encoded)?;
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let id = decoded.split(|byte| *byte == b':').next()?;
    form_urlencoded::parse(id).next().map(|(id, _)| id.into_owned())
}

fn in_body(body: &[u8]) -> Option<String> {
    let field = |name: &str| form_urlencoded::parse(body).find(|(field, _)| field == name);
    field("client_secret")?;
    field("client_id").map(|(_, id)| id.into_owned())
}

fn too_many(wait: Duration) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (RETRY_AFTER, wait.as_secs().to_string()),
    ];
    (StatusCode::TOO_MANY_REQUESTS, headers, TOO_MANY).into_response()
}
