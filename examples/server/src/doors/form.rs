//! What our own pages send: forms, and links with parameters.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts as Head;
use axum::response::Response;

use super::LONGEST_BODY;
use crate::application::Parts;
use crate::pages::ErrorPage;

/// The fields of a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form that was posted, and refuses one that no page of ours brought.
    pub(super) async fn read(
        parts: &Arc<Parts>,
        request: Request,
    ) -> Result<(Head, Self), Response> {
        let (head, body) = super::read(request).await?;
        if body.len() == LONGEST_BODY {
            let description = "the form is too long";
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return Err(ErrorPage { status, code: "invalid_request", description }.render());
        }
        let form = Self(form_urlencoded::parse(&body).into_owned().collect());
        if parts.form_tokens.matches(&head.headers, form.get("form_token")) {
            return Ok((head, form));
        }
        tracing::info!(path = head.uri.path(), "refused a form without its token");
        Err(ErrorPage {
            status: StatusCode::FORBIDDEN,
            code: "access_denied",
            description: "this form was not sent from a page that this browser was given, \
                          or the browser does not keep cookies",
        }
        .render())
    }

    /// The parameters of a link to a page of ours.
    pub(super) fn in_query(head: &Head) -> Self {
        let query = head.uri.query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The first field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All fields of this name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}
