//! `/consent`: where people say what they allow.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts as Head;
use axum::response::Response;
use codegrant::{ClaimNames, Consent, Decision, Granted, HostError, Refused, RequestError, Scope};

use super::form::Form;
use super::{answer, refuse};
use crate::application::Parts;
use crate::pages::{ConsentPage, Item};

/// The page for the ticket in the URL.
pub(super) async fn page(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let query = Form::in_query(&head);
    let shown = async {
        let ticket = query.get("ticket").ok_or(RequestError::Missing("ticket"))?;
        let consent = parts.server.consent(&head, ticket).await?;
        Ok(show(&parts, &head, &consent)?)
    };
    shown.await.unwrap_or_else(|refused: Refused| refuse("consent", &refused))
}

pub(super) fn show(parts: &Parts, head: &Head, consent: &Consent) -> Result<Response, HostError> {
    let form_token = parts.form_tokens.issue(&head.headers)?;
    let items = consent.scope().iter().map(|scope| Item {
        scope,
        description: parts.config.describe(scope),
        allowed_before: consent.allowed_before().contains(scope),
    });
    let client = parts.config.client(consent.asker().client().id());
    let page = ConsentPage {
        action: format!("{}/consent", parts.path),
        asker: consent.asker(),
        client_uri: client.and_then(|client| client.client_uri.as_deref()),
        username: parts.username(consent.user().subject()),
        items: items.collect(),
        claims: consent.claims(),
        resources: consent.resources(),
        ticket: consent.ticket(),
        form_token: &form_token,
    };
    Ok(page.render())
}

/// A filled-in form.
pub(super) async fn decide(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, form) = match Form::read(&parts, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let ticket = form.get("ticket").unwrap_or_default();
    let decided = async {
        let decision = decision(&form)?;
        parts.server.decide(&head, ticket, decision).await
    };
    match decided.await {
        Ok(response) => answer("consent", response),
        Err(refused) => refuse("consent", &refused),
    }
}

/// The scopes and claims that were left ticked; anything but a click on "Allow" is a denial.
fn decision(form: &Form) -> Result<Decision, Refused> {
    if form.get("decision") != Some("allow") {
        return Ok(Decision::Deny);
    }
    let ticked: Vec<&str> = form.all("scope").collect();
    let scope = Scope::parse(&ticked.join(" ")).map_err(|_| RequestError::Scope)?;
    let claims: ClaimNames = form.all("claim").collect();
    Ok(Decision::Allow(Granted::only(scope).with_claims(claims)))
}
