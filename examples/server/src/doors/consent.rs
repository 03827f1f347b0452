//! `/consent`: where people say what they allow.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use codegrant::{ClaimNames, Decision, Granted, Refused, RequestError, Scope};

use super::form::Form;
use super::{answer, refuse};
use crate::application::Parts;

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
