//! The page on which users see whom they let in, and the one after it.

use axum::http::StatusCode;
use axum::response::Response;
use codegrant::{ClientId, Resource, Timestamp};
use maud::{Markup, html};
use time::OffsetDateTime;

use super::{hidden, page, with_cookie};
use crate::form_token::FormToken;

pub(crate) struct AccountPage<'p> {
    pub(crate) action: String,
    pub(crate) username: &'p str,
    pub(crate) connections: Vec<Connection>,
    /// The sign-in that the page was made for.
    pub(crate) session: &'p str,
    pub(crate) form_token: &'p FormToken,
}

/// An application that has access, or would get it without asking.
pub(crate) struct Connection {
    pub(crate) client: ClientId,
    pub(crate) name: String,
    /// In words for everybody.
    pub(crate) may: Vec<String>,
    pub(crate) resources: Vec<Resource>,
    /// `None` if it has no access now.
    pub(crate) period: Option<Period>,
}

/// How long and how often access was given.
pub(crate) struct Period {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) grants: usize,
}

impl AccountPage<'_> {
    pub(crate) fn render(&self) -> Response {
        let content = html! {
            h1 { "Your applications" }
            p {
                "You are signed in as " strong #signed-in-as { (self.username) } ". "
                @if self.connections.is_empty() {
                    "No application may act in your name."
                } @else {
                    "These may act in your name. Access that is not used ends by itself."
                }
            }
            form method="post" action=(self.action) {
                (hidden("form_token", &self.form_token.token))
                (hidden("session", self.session))
                div #applications {
                    @for connection in &self.connections { (connection.entry()) }
                }
                div .actions .leave {
                    button #sign-out type="submit" name="action" value="sign-out"
                        aria-describedby="sign-out-note" { "Sign out" }
                    button #sign-out-everywhere type="submit" name="action"
                        value="sign-out-everywhere" aria-describedby="sign-out-note" {
                        "Sign out everywhere"
                    }
                }
            }
            p #sign-out-note .note {
                "Signing out ends what applications may do that you signed in to from this \
                 browser, unless you allowed them to go on. Signing out everywhere signs you out \
                 of every browser, and ends what all applications may do now. They may come back \
                 when you sign in to them again."
            }
        };
        with_cookie(page(StatusCode::OK, "Your applications", &content), self.form_token)
    }
}

impl Connection {
    fn entry(&self) -> Markup {
        let id: String = form_urlencoded::byte_serialize(self.client.as_str().as_bytes()).collect();
        let title = format!("app-{id}-name");
        html! {
            section .application id={ "app-" (id) } aria-labelledby=(title) {
                h2 id=(title) { bdi { (self.name) } }
                @if self.may.is_empty() {
                    p { "has access, to nothing in particular" }
                } @else {
                    ul { @for item in &self.may { li { (item) } } }
                }
                dl .facts {
                    @if !self.resources.is_empty() {
                        dt { "Where" }
                        @for resource in &self.resources { dd { code { (resource) } } }
                    }
                    @match &self.period {
                        Some(period) => (period.facts()),
                        None => {
                            dt { "Now" }
                            dd { "no access, but it would get it without asking you" }
                        }
                    }
                }
                button id={ "disconnect-" (id) } type="submit" name="disconnect"
                    value=(self.client) aria-describedby=(title) { "Disconnect" }
            }
        }
    }
}

impl Period {
    fn facts(&self) -> Markup {
        html! {
            dt { "Since" }
            dd { (moment(self.since)) }
            dt { "Until" }
            dd { (moment(self.until)) }
            @if self.grants > 1 {
                dt { "Allowed" }
                dd { (self.grants) " times" }
            }
        }
    }
}

/// A time as people read it. Without script it cannot be their own zone's.
fn moment(timestamp: Timestamp) -> Markup {
    let Ok(at) = OffsetDateTime::try_from(timestamp) else { return html! { "for ever" } };
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, _) = at.to_hms();
    let machine = format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}Z", u8::from(month));
    html! {
        time datetime=(machine) { (format!("{day} {month} {year}, {hour:02}:{minute:02} UTC")) }
    }
}

/// After a sign-out. `home` is where to sign in again.
pub(crate) fn signed_out(home: &str) -> Response {
    let content = html! {
        h1 #signed-out { "You are signed out" }
        p { "You can close this page, or " a href=(home) { "sign in again" } "." }
    };
    page(StatusCode::OK, "Signed out", &content)
}
