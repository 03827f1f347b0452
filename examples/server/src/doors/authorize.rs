//! `/authorize`: where clients send browsers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts as Head;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use codegrant::{Authorize, Consent, Login};

use super::{answer, login, read, refuse, see_other};
use crate::application::Parts;
use crate::log;
use crate::pages::{ConsentPage, Item};

/// URLs up to this length pass through every browser and proxy.
const LONGEST_TICKET_IN_URL: usize = 6000;

pub(super) async fn door(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, body) = match read(request).await {
        Ok(request) => request,
        Err(response) => return response,
    };
    match parts.server.authorize(&head, &body).await {
        Authorize::Login(login) => ask_to_sign_in(&parts, &head, &login).await,
        Authorize::Consent(consent) => ask_to_agree(&parts, &head.headers, &consent),
        Authorize::Refused(refused) => refuse("authorize", &refused),
        Authorize::Redirect(response) => answer("authorize", response),
    }
}

/// Sends the browser to the login page, or shows it right here where its
/// ticket is too long for a URL.
async fn ask_to_sign_in(parts: &Parts, head: &Head, login: &Login) -> Response {
    if login.ticket().len() <= LONGEST_TICKET_IN_URL {
        log::answer("authorize", StatusCode::SEE_OTHER, None);
        return see_other(format!("{}/login?ticket={}", parts.path, login.ticket()));
    }
    match login::show(parts, head, login, |page| page.fresh()).await {
        Ok(page) => {
            log::answer("authorize", StatusCode::OK, None);
            page
        }
        Err(error) => refuse("authorize", &error.into()),
    }
}

fn ask_to_agree(parts: &Parts, headers: &HeaderMap, consent: &Consent) -> Response {
    let form_token = match parts.form_tokens.issue(headers) {
        Ok(form_token) => form_token,
        Err(error) => return refuse("authorize", &error.into()),
    };
    let items = consent.scope().iter().map(|scope| Item {
        scope,
        description: parts.config.describe(scope),
        allowed_before: consent.allowed_before().contains(scope),
    });
    let subject = consent.user().subject();
    let client = parts.config.client(consent.asker().client().id());
    log::answer("authorize", StatusCode::OK, None);
    ConsentPage {
        action: format!("{}/consent", parts.path),
        asker: consent.asker(),
        client_uri: client.and_then(|client| client.client_uri.as_deref()),
        username: parts.username(subject),
        items: items.collect(),
        claims: consent.claims(),
        resources: consent.resources(),
        ticket: consent.ticket(),
        form_token: &form_token,
    }
    .render()
}
