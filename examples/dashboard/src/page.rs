//! The dashboard's page: one for everybody, and kept up to date for those who
//! have scripts.

use maud::{DOCTYPE, Markup, html};

use crate::client::SignedIn;
use crate::diagram;
use crate::id_token::{Decoded, Member};
use crate::outcome::Outcome;
use crate::reports::{self, Report};
use crate::session::{Session, View};

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
                        "This dashboard wants to know who you are, and to show you reports that \
                         another service keeps. Sign in, allow it, load a report, and watch below \
                         what five parties say to each other on the way. Every line really happened."
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
    let View { signed_in, outcome, report } = session.view();
    let signed_in = signed_in.as_deref();
    html! {
        section.panel aria-labelledby="panel-title" {
            h2 id="panel-title" { "The dashboard" }
            // The region itself stays in place: screen readers announce what changes inside.
            div role="status" { (ending(outcome.as_ref())) }
            div #controls data-part {
                @if let Some(signed_in) = signed_in { (who(signed_in)) }
                (buttons(signed_in.is_some()))
            }
            div #report-place data-part {
                @if let Some(report) = &report { (table(report)) }
            }
        }
        section.id-token #id-token data-part aria-labelledby="id-token-title" {
            @if let Some(SignedIn { decoded, .. }) = signed_in { (id_token(decoded)) }
        }
        (diagram::diagram(&session.trace.arrows()))
    }
}

fn ending(outcome: Option<&Outcome>) -> Markup {
    html! {
        @match outcome {
            None => div #outcome data-part { p { "Nobody is signed in. Begin with the first button." } },
            Some(outcome) => div #outcome .(outcome.mood()) data-part data-result=(outcome.result()) {
                p { strong { (outcome.title()) } " " (outcome.words()) }
            },
        }
    }
}

/// What the ID token and userinfo say of the user, and the token of itself.
fn who(SignedIn { user, scope, expires_in, .. }: &SignedIn) -> Markup {
    html! {
        div #signed-in-as {
            p.name { "Signed in as " strong { (user.name.as_ref().unwrap_or(&user.subject)) } }
            dl.facts {
                (fact("E-mail", user.email.as_deref()))
                (fact("Roles", listed(user.rights.roles.as_deref()).as_deref()))
                (fact("Permissions", listed(user.rights.permissions.as_deref()).as_deref()))
                (fact("Token’s scope", Some(scope)))
                @if let Some(seconds) = expires_in {
                    (fact("Token’s life", Some(&format!("{seconds} seconds"))))
                }
            }
        }
    }
}

fn fact(name: &str, value: Option<&str>) -> Markup {
    html! {
        div { dt { (name) } dd { @if let Some(value) = value { (value) } @else { em { "not told" } } } }
    }
}

fn listed(names: Option<&[String]>) -> Option<String> {
    let names = names?;
    Some(if names.is_empty() { "none".to_owned() } else { names.join(", ") })
}

fn buttons(signed_in: bool) -> Markup {
    let sign_in = if signed_in { "Sign in again" } else { "Sign in" };
    html! {
        div.buttons {
            (button("/sign-in", "sign-in", sign_in, true, !signed_in))
            (button("/load/sales", "load-sales", "Load the sales", signed_in, signed_in))
            (button("/load/salaries", "load-salaries", "Load the salaries", signed_in, signed_in))
            (button("/sign-out", "sign-out", "Sign out", signed_in, false))
        }
        @if signed_in {
            p.hint {
                "The salaries open only to whoever signed in within the last "
                (reports::FRESH.as_secs()) " seconds. Others are asked for their password once more."
            }
        }
    }
}

/// The sales need not leave the page; the salaries may have to.
fn button(action: &str, id: &str, label: &str, enabled: bool, primary: bool) -> Markup {
    html! {
        form method="post" action=(action) data-live[id == "load-sales"] {
            button #(id) .primary[primary] type="submit" disabled[!enabled] { (label) }
        }
    }
}

fn table(report: &Report) -> Markup {
    let [name, count, euros] = &report.columns;
    html! {
        table #report {
            caption { (report.title) }
            thead { tr { th scope="col" { (name) } th.number scope="col" { (count) } th.number scope="col" { (euros) } } }
            tbody {
                @for row in &report.rows {
                    tr {
                        th scope="row" { (row.name) }
                        td.number { (grouped(row.count)) }
                        td.number { "€ " (grouped(row.euros)) }
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

fn id_token(Decoded { header, claims }: &Decoded) -> Markup {
    html! {
        h2 id="id-token-title" { "The ID token, decoded" }
        p.story {
            "What the authorization server tells the dashboard of your sign-in, signed, so that it \
             can be believed. It is for the dashboard alone, and opens nothing."
        }
        h3 { "Header" }
        (members(header))
        h3 { "Claims" }
        (members(claims))
    }
}

fn members(members: &[Member]) -> Markup {
    html! {
        dl.members {
            @for Member { name, value, meaning } in members {
                div data-member=(name) { dt { (name) } dd { code { (value) } p { (meaning) } } }
            }
        }
    }
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
            p.story { "To come as somebody else, sign out first: it ends your session at the authorization server, too." }
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
