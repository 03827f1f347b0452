//! The consent page.

use axum::http::StatusCode;
use axum::response::Response;
use codegrant::{Asker, ClaimNames, Resources};
use maud::{Markup, html};

use super::{hidden, page, with_cookie};
use crate::form_token::FormToken;

pub(crate) struct ConsentPage<'p> {
    pub(crate) action: String,
    pub(crate) asker: &'p Asker,
    pub(crate) client_uri: Option<&'p str>,
    pub(crate) username: &'p str,
    pub(crate) items: Vec<Item<'p>>,
    pub(crate) claims: &'p ClaimNames,
    pub(crate) resources: &'p Resources,
    pub(crate) ticket: &'p str,
    pub(crate) form_token: &'p FormToken,
}

/// One scope that is asked for.
pub(crate) struct Item<'p> {
    pub(crate) scope: &'p str,
    /// What it allows, in words for everybody; without, the scope is shown itself.
    pub(crate) description: Option<&'p str>,
    pub(crate) allowed_before: bool,
}

impl ConsentPage<'_> {
    pub(crate) fn render(&self) -> Response {
        let name = self.asker.client().name();
        let content = html! {
            h1 { "Allow " bdi #client-name { (name) } "?" }
            p {
                "You are signed in as " strong #signed-in-as { (self.username) } ". "
                @if let Some(uri) = self.client_uri {
                    "More about the application: "
                    a href=(uri) rel="noreferrer noopener" target="_blank" { (uri) }
                }
            }
            @if self.asker.can_be_impersonated() { (warning(name)) }
            form method="post" action=(self.action) {
                (hidden("form_token", &self.form_token.token))
                (hidden("ticket", self.ticket))
                @if self.items.is_empty() {
                    p { bdi { (name) } " asks for access, and for nothing in particular." }
                } @else {
                    fieldset {
                        legend { bdi { (name) } " asks to" }
                        (self.choices())
                    }
                }
                @if !self.claims.is_empty() { (told(name, self.claims)) }
                @if self.items.len() > 1 || !self.claims.is_empty() {
                    p .note { "Untick what you do not want to allow." }
                }
                @if !self.resources.is_empty() { (places(self.resources)) }
                div .actions {
                    button #deny type="submit" name="decision" value="deny" { "Deny" }
                    button #allow .primary type="submit" name="decision" value="allow" { "Allow" }
                }
            }
            p .note {
                "Whatever you choose, the answer goes to "
                strong #redirect-host { (self.asker.redirect_host()) } "."
            }
        };
        let title = format!("Allow {name}?");
        with_cookie(page(StatusCode::OK, &title, &content), self.form_token)
    }
}

impl ConsentPage<'_> {
    /// A box for every scope that is asked for: if a part was allowed before, only
    /// for what is new. The others are said.
    fn choices(&self) -> Markup {
        let (before, new): (Vec<_>, Vec<_>) =
            self.items.iter().partition(|item| item.allowed_before);
        match (&*before, &*new) {
            ([], all) | (all, []) => choices(all),
            (before, new) => html! { (choices(new)) (settled(before)) },
        }
    }
}

fn choices(items: &[&Item]) -> Markup {
    html! { @for (index, item) in items.iter().enumerate() { (item.choice(index)) } }
}

/// What needs no second answer, and goes with the one to what is new. It is taken
/// back on the account page.
fn settled(items: &[&Item]) -> Markup {
    html! {
        p .label { "You allowed this before" }
        ul #allowed-before .places {
            @for item in items {
                li {
                    (item.description.unwrap_or(item.scope))
                    (hidden("scope", item.scope))
                }
            }
        }
    }
}

impl Item<'_> {
    fn choice(&self, index: usize) -> Markup {
        let id = format!("scope-{index}");
        let note = self.description.map(|_| format!("scope-{index}-note"));
        html! {
            div .choice {
                input id=(id) type="checkbox" name="scope" value=(self.scope) checked
                    aria-describedby=[&note];
                label for=(id) { (self.description.unwrap_or(self.scope)) }
                @if let Some(note) = &note {
                    span .note id=(note) { code { (self.scope) } }
                }
            }
        }
    }
}

/// A box for every claim that is asked for by its name.
fn told(name: &str, claims: &ClaimNames) -> Markup {
    html! {
        fieldset #claims {
            legend { bdi { (name) } " asks to be told your" }
            @for (index, claim) in claims.iter().enumerate() {
                @let id = format!("claim-{index}");
                div .choice {
                    input id=(id) type="checkbox" name="claim" value=(claim) checked;
                    label for=(id) { (in_words(claim)) }
                }
            }
        }
    }
}

/// A standard claim as people call it (OpenID Connect Core section 5.1); any
/// other is shown itself.
fn in_words(claim: &str) -> Markup {
    let words = match claim.split('#').next().unwrap_or_default() {
        "name" => "full name",
        "given_name" => "first name",
        "middle_name" => "middle name",
        "family_name" => "last name",
        "nickname" => "nickname",
        "preferred_username" => "username",
        "profile" => "profile page",
        "picture" => "picture",
        "website" => "web page",
        "email" => "e-mail address",
        "email_verified" => "e-mail address’s state: verified or not",
        "gender" => "gender",
        "birthdate" => "date of birth",
        "zoneinfo" => "time zone",
        "locale" => "language",
        "phone_number" => "phone number",
        "phone_number_verified" => "phone number’s state: verified or not",
        "address" => "postal address",
        "updated_at" => "profile’s last change",
        "roles" => "roles",
        "permissions" => "permissions",
        _ => return html! { code { (claim) } },
    };
    html! { (words) }
}

/// Where the application may use what it gets.
fn places(resources: &Resources) -> Markup {
    html! {
        p .label { "What you allow can be used at" }
        ul #resources .places {
            @for resource in resources.iter() { li { code { (resource.as_str()) } } }
        }
    }
}

/// A program without a secret, answered on the user's machine: the name it
/// gives proves nothing (RFC 8252 section 8.6).
fn warning(name: &str) -> Markup {
    html! {
        p #impersonation .caution {
            "This request comes from a program on a device, and any program could call itself "
            strong { bdi { (name) } } ". Allow it only if you have just started it yourself."
        }
    }
}
