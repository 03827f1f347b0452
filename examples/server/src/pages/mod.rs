//! The pages that people see: plain HTML without script, from this origin alone.

mod account;
mod consent;
mod error;
mod login;
mod logout;

use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

pub(crate) use account::{AccountPage, Connection, Period, signed_out};
pub(crate) use consent::{ConsentPage, Item};
pub(crate) use error::ErrorPage;
pub(crate) use login::{Goal, LoginPage};
pub(crate) use logout::LogoutPage;

use crate::form_token::FormToken;

const STYLE: &str = include_str!("style.css");

/// Nothing but the one stylesheet, whose hash stands here, and no frame around
/// the page. There is no `form-action`: browsers apply it to the redirect that
/// answers a form too, and ours lead to the clients.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).ok()
});

/// A whole page around `content`.
fn page(status: StatusCode, title: &str, content: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    };
    let mut response = (status, page.into_string()).into_response();
    protect(response.headers_mut());
    response
}

fn protect(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(policy) = &*POLICY {
        headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
}

/// What a form carries and nobody sees.
fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// `response`, setting the cookie of its form where the browser has none.
fn with_cookie(mut response: Response, form_token: &FormToken) -> Response {
    if let Some(cookie) = form_token.set_cookie.as_deref().and_then(|c| c.parse().ok()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
