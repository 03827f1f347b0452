//! The login page.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::Response;
use codegrant::{Asker, Login, LoginReason};
use maud::{Markup, html};

use super::{hidden, page, with_cookie};
use crate::form_token::FormToken;

pub(crate) struct LoginPage<'p> {
    pub(crate) action: String,
    pub(crate) goal: Goal<'p>,
    pub(crate) form_token: &'p FormToken,
}

/// Where a sign-in leads.
pub(crate) enum Goal<'p> {
    /// Back to the client, for whoever is signed in already, under this name.
    Client { login: &'p Login, signed_in_as: Option<&'p str> },
    /// To the user's own page.
    Account,
}

/// Why the page comes back after a try.
enum Failure {
    WrongPassword,
    TooManyTries(Duration),
}

impl LoginPage<'_> {
    /// The page as it is first shown.
    pub(crate) fn fresh(&self) -> Response {
        self.render(self.goal.username(), None)
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
            (self.goal.reason())
            @if let Some(failure) = failure {
                p #login-error .alert role="alert" { (failure.text()) }
            }
            form method="post" action=(self.action) {
                (hidden("form_token", &self.form_token.token))
                (self.goal.field())
                label for="username" { "Username" }
                input #username type="text" name="username" value=(username) required
                    maxlength="255" autocomplete="username" autocapitalize="none" spellcheck="false"
                    autofocus[username.is_empty()]
                    aria-invalid=[invalid] aria-describedby=[described_by];
                label for="password" { "Password" }
                input #password type="password" name="password" required
                    maxlength="1024" autocomplete="current-password"
                    autofocus[!username.is_empty()]
                    aria-invalid=[invalid] aria-describedby=[described_by];
                div .actions {
                    button #sign-in .primary type="submit" name="action" value="sign-in" {
                        "Sign in"
                    }
                    @if self.goal.asker().is_some() {
                        button #cancel type="submit" name="action" value="cancel" formnovalidate
                            aria-describedby="cancel-note" { "Cancel" }
                    }
                }
            }
            @if let Some(asker) = self.goal.asker() {
                p #cancel-note .note {
                    "Cancel takes you back to " strong { (asker.redirect_host()) } "."
                }
            }
        };
        let status = failure.map_or(StatusCode::OK, Failure::status);
        with_cookie(page(status, title, &content), self.form_token)
    }
}

impl<'p> Goal<'p> {
    /// Who waits for the sign-in.
    fn asker(&self) -> Option<&'p Asker> {
        match self {
            Self::Client { login, .. } => Some(login.asker()),
            Self::Account => None,
        }
    }

    /// Who is most likely to sign in: whom the client expects, or who has to once
    /// more.
    fn username(&self) -> &'p str {
        let Self::Client { login, signed_in_as } = self else { return "" };
        let once_more = match login.reason() {
            LoginReason::SelectAccount | LoginReason::OtherUser => None,
            _ => *signed_in_as,
        };
        login.login_hint().or(once_more).unwrap_or_default()
    }

    fn reason(&self) -> Markup {
        let Self::Client { login, signed_in_as } = self else {
            return html! { p { "to see which applications may act in your name" } };
        };
        let name = login.asker().client().name();
        html! {
            p { "to continue to " strong { bdi { (name) } } }
            @if let Some(username) = signed_in_as {
                p #login-reason {
                    "You are signed in as " strong #signed-in-as { (username) } ". "
                    bdi { (name) } (again(login.reason()))
                }
            }
        }
    }

    /// What the form carries to get there.
    fn field(&self) -> Markup {
        match self {
            Self::Client { login, .. } => hidden("ticket", login.ticket()),
            Self::Account => hidden("to", "account"),
        }
    }
}

/// Why a client has somebody who is signed in sign in again.
const fn again(reason: LoginReason) -> &'static str {
    match reason {
        LoginReason::SelectAccount => {
            " lets you choose: sign in with the account that you want to use there."
        }
        LoginReason::OtherUser => " expects somebody else.",
        LoginReason::MaxAge => " needs a more recent sign-in: please enter your password again.",
        _ => " wants to be sure that it is you: please enter your password again.",
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
