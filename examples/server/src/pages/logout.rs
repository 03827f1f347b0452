//! The page that asks whether to sign out.

use axum::http::StatusCode;
use axum::response::Response;
use codegrant::Client;
use maud::html;

use super::{hidden, page, with_cookie};
use crate::form_token::FormToken;

pub(crate) struct LogoutPage<'p> {
    pub(crate) action: String,
    pub(crate) username: &'p str,
    /// Who sent the user here, as far as anybody knows.
    pub(crate) client: Option<&'p Client>,
    pub(crate) ticket: &'p str,
    pub(crate) form_token: &'p FormToken,
}

impl LogoutPage<'_> {
    pub(crate) fn render(&self) -> Response {
        let content = html! {
            h1 { "Sign out?" }
            p {
                "You are signed in as " strong #signed-in-as { (self.username) } ". "
                @if let Some(client) = self.client {
                    strong { bdi #client-name { (client.name()) } }
                    " asks whether you want to sign out here, too."
                }
            }
            form method="post" action=(self.action) {
                (hidden("form_token", &self.form_token.token))
                (hidden("ticket", self.ticket))
                div .actions {
                    button #stay type="submit" name="decision" value="stay" { "Stay signed in" }
                    button #sign-out .primary type="submit" name="decision" value="sign-out" {
                        "Sign out"
                    }
                }
            }
            p .note {
                "Applications that you signed in to from here lose their access, unless you \
                 allowed them to keep it."
            }
        };
        with_cookie(page(StatusCode::OK, "Sign out?", &content), self.form_token)
    }
}
