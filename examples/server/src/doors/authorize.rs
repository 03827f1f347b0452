//! `/authorize`: where clients send browsers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use codegrant::{Authorize, HostError};

use super::{answer, consent, login, read, refuse, see_other};
use crate::application::Parts;
use crate::log;

/// URLs up to this length pass through every browser and proxy.
const LONGEST_TICKET_IN_URL: usize = 6000;

pub(super) async fn door(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, body) = match read(request).await {
        Ok(request) => request,
        Err(response) => return response,
    };
    let page = match parts.server.authorize(&head, &body).await {
        Authorize::Login(login) => match send_to(&parts, "login", login.ticket()) {
            Some(page) => Ok(page),
            None => login::show(&parts, &head, &login, |page| page.fresh()).await,
        },
        Authorize::Consent(consent) => match send_to(&parts, "consent", consent.ticket()) {
            Some(page) => Ok(page),
            None => consent::show(&parts, &head, &consent),
        },
        Authorize::Refused(refused) => return refuse("authorize", &refused),
        Authorize::Redirect(response) => return answer("authorize", response),
    };
    shown(page)
}

/// Sends the browser to the page with this ticket, unless that is too long for a URL.
fn send_to(parts: &Parts, page: &str, ticket: &str) -> Option<Response> {
    let fits = ticket.len() <= LONGEST_TICKET_IN_URL;
    fits.then(|| see_other(format!("{}/{page}?ticket={ticket}", parts.path)))
}

fn shown(page: Result<Response, HostError>) -> Response {
    match page {
        Ok(page) => {
            log::answer("authorize", page.status(), None);
            page
        }
        Err(error) => refuse("authorize", &error.into()),
    }
}
