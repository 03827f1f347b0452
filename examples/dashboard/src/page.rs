//! The dashboard's page: one for everybody, and kept up to date for those who
//! have scripts.

use maud::{DOCTYPE, Markup, html};

use crate::diagram;
use crate::reports::Report;
use crate::session::{Outcome, Session, View};

/// Somebody to sign in as.
#[derive(Clone, Debug)]
pub(crate) struct DemoUser {
    pub(crate) username: String,
    pub(crate) password: String,
    /// What to expect of them.
    pub(crate) story: String,
}

/// The whole page.
pub(crate) fn page(session: &Session, demo_users: &[DemoUser]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Dashboard · the authorization-code flow" }
                link rel="icon" href="/favicon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/style.css";
                script src="/live.js" defer {}
            }
            body {
                header.masthead {
                    p.brand { "codegrant" }
                    h1 { "Let an application in, keep your password to yourself" }
                    p.lead {
                        "This dashboard wants to show you a sales report that is kept by another \
                         service. Sign in, allow it, load the report, and watch below what five \
                         parties say to each other on the way. Every line really happened."
                    }
                }
                main { (live(session)) (people(demo_users)) }
                footer {
                    p { "Secrets are cut to their first six characters. Everything runs on this machine." }
                }
            }
        }
    }
}

/// What changes while the page is open. Each element with `data-part` is
/// exchanged by itself, so that focus and scroll position stay.
pub(crate) fn live(session: &Session) -> Markup {
    let view = session.view();
    html! {
        section.panel aria-labelledby="panel-title" {
            h2 id="panel-title" { "The dashboard" }
            // The region itself stays in place: screen readers announce what changes inside.
            div role="status" { (outcome(view.outcome.as_ref())) }
            (controls(&view))
            div #report-place data-part {
                @if let Some(report) = &view.report { (table(report)) }
            }
        }
        (diagram::diagram(&session.trace.arrows()))
    }
}

fn outcome(outcome: Option<&Outcome>) -> Markup {
    html! {
        @match outcome {
            None => div #outcome data-part { p { "Nobody is signed in. Begin with the first button." } },
            Some(outcome) => div #outcome data-part data-result=(outcome.result()) {
                p { strong { (outcome.title()) } " " (outcome.words()) }
            },
        }
    }
}

fn controls(view: &View) -> Markup {
    let signed_in = view.tokens.is_some();
    html! {
        div #controls data-part {
            @if let Some(tokens) = &view.tokens {
                p #signed-in-as {
                    @if let Some(user) = &view.user {
                        "Signed in as " strong { (user) } ", says the reports API. "
                    } @else {
                        "Signed in. Who you are, the dashboard was not told: plain OAuth says what \
                         an application may do. "
                    }
                    "Its token: scope " code { (tokens.scope) }
                    @if let Some(seconds) = tokens.expires_in {
                        ", valid for " (seconds) " seconds"
                    }
                    "."
                }
            }
            div.buttons {
                (button("/sign-in", "sign-in", if signed_in { "Sign in again" } else { "Sign in" }, true, !signed_in))
                (button("/load-report", "load-report", "Load the report", signed_in, signed_in))
                (button("/sign-out", "sign-out", "Sign out", signed_in, false))
            }
        }
    }
}

fn button(action: &str, id: &str, label: &str, enabled: bool, primary: bool) -> Markup {
    html! {
        form method="post" action=(action) data-live[id == "load-report"] {
            button #(id) .primary[primary] type="submit" disabled[!enabled] { (label) }
        }
    }
}

fn table(report: &Report) -> Markup {
    html! {
        table #report {
            caption { (report.title) }
            thead { tr { th scope="col" { "Region" } th.number scope="col" { "Orders" } th.number scope="col" { "Revenue" } } }
            tbody {
                @for row in &report.rows {
                    tr {
                        th scope="row" { (row.region) }
                        td.number { (grouped(row.orders)) }
                        td.number { "€ " (grouped(row.revenue)) }
                    }
                }
            }
        }
    }
}

/// `1204` as `1,204`.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

fn people(demo_users: &[DemoUser]) -> Markup {
    html! {
        aside.people aria-labelledby="people-title" {
            h2 id="people-title" { "Try it as" }
            ul {
                @for user in demo_users {
                    li {
                        p { strong { (user.username) } " · password " code { (user.password) } }
                        p.story { (user.story) }
                    }
                }
            }
            p.story { "Also try to deny, to cancel, to mistype the password, or to open a second tab beside this one." }
            p.story { "The authorization server remembers who signed in. To come as somebody else, open this page in a private window." }
        }
    }
}

impl Outcome {
    /// How it ended, in one word for programs.
    pub(crate) const fn result(&self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::Denied => "denied",
            Self::Report => "report",
            Self::Forbidden => "forbidden",
            Self::Error(_) => "error",
            Self::SignedOut => "signed-out",
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::SignedIn => "The dashboard has a token.",
            Self::Denied => "Denied: the flow ended here.",
            Self::Report => "Here is the report.",
            Self::Forbidden => "403: the report stays closed.",
            Self::Error(_) => "That did not work.",
            Self::SignedOut => "Signed out.",
        }
    }

    fn words(&self) -> &str {
        match self {
            Self::SignedIn => "Load the report to see what it is good for.",
            Self::Denied => {
                "Consent was not given, so the dashboard got no code and no token, and can ask \
                 the reports API for nothing."
            }
            Self::Report => {
                "The token allowed the dashboard to ask, the policy database allowed you to see it."
            }
            Self::Forbidden => {
                "The token’s scope would allow it, the policy database does not: an application \
                 never gets further than its user."
            }
            Self::Error(problem) => problem,
            Self::SignedOut => {
                "The dashboard forgot its token. The authorization server still knows you, and may \
                 ask nothing the next time."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [(0, "0"), (987, "987"), (1204, "1,204"), (1_000_000, "1,000,000")] {
            assert_eq!(grouped(number), text);
        }
    }
}
