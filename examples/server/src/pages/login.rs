//! The login page.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::Response;
use codegrant::Asker;
use maud::html;

use super::{hidden, page, with_cookie};
use crate::form_token::FormToken;

pub(crate) struct LoginPage<'p> {
    pub(crate) action: String,
    pub(crate) asker: &'p Asker,
    pub(crate) ticket: &'p str,
    pub(crate) form_token: &'p FormToken,
}

/// Why the page comes back after a try.
enum Failure {
    WrongPassword,
    TooManyTries(Duration),
}

impl LoginPage<'_> {
    /// The page as it is first shown.
    pub(crate) fn fresh(&self) -> Response {
        self.render("", None)
    }

    /// After a wrong user name or a wrong password, which look the same.
    pub(crate) fn wrong_password(&self, username: &str) -> Response {
        self.render(username, Some(&Failure::WrongPassword))
    }

    /// After more tries than are allowed for now.
    pub(crate) fn too_many_tries(&self, username: &str, wait: Duration) -> Response {
        let mut response = self.render(username, Some(&Failure::TooManyTries(wait)));
        response.headers_mut().insert(RETRY_AFTER, wait.as_secs().into());
        response
    }

    fn render(&self, username: &str, failure: Option<&Failure>) -> Response {
        let described_by = failure.map(|_| "login-error");
        let wrong = matches!(failure, Some(Failure::WrongPassword));
        let invalid = wrong.then_some("true");
        let title = if failure.is_some() { "Sign in failed" } else { "Sign in" };
        let content = html! {
            h1 { "Sign in" }
            p { "to continue to " strong { (self.asker.client().name()) } }
            @if let Some(failure) = failure {
                p #login-error .alert role="alert" { (failure.text()) }
            }
            form method="post" action=(self.action) {
                (hidden(self.form_token, self.ticket))
                label for="username" { "Username" }
                input #username type="text" name="username" value=(username) required
                    maxlength="255" autocomplete="username" autocapitalize="none" spellcheck="false"
                    autofocus[failure.is_none()]
                    aria-invalid=[invalid] aria-describedby=[described_by];
                label for="password" { "Password" }
                input #password type="password" name="password" required
                    maxlength="1024" autocomplete="current-password" autofocus[failure.is_some()]
                    aria-invalid=[invalid] aria-describedby=[described_by];
                div .actions {
                    button #sign-in .primary type="submit" name="action" value="sign-in" {
                        "Sign in"
                    }
                    button #cancel type="submit" name="action" value="cancel" formnovalidate
                        aria-describedby="cancel-note" { "Cancel" }
                }
            }
            p #cancel-note .note {
                "Cancel takes you back to " strong { (self.asker.redirect_host()) } "."
            }
        };
        let status = failure.map_or(StatusCode::OK, Failure::status);
        with_cookie(page(status, title, &content), self.form_token)
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::WrongPassword => StatusCode::UNAUTHORIZED,
            Self::TooManyTries(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::WrongPassword => "The username or the password is wrong.".to_owned(),
            Self::TooManyTries(wait) if wait.as_secs() == 1 => {
                "There were too many tries. Please try again in a second.".to_owned()
            }
            Self::TooManyTries(wait) => {
                let seconds = wait.as_secs();
                format!("There were too many tries. Please try again in {seconds} seconds.")
            }
        }
    }
}
