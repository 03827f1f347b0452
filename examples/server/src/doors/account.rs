//! `/account`: which applications a user let in, and the way to put them out.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts as Head;
use axum::response::Response;
use codegrant::{
    Authentication, ClientId, Grant, HostError, Refused, SessionId, Subject, UserAuthenticator,
};

use super::form::Form;
use super::{forgetting, refuse, see_other};
use crate::application::Parts;
use crate::log;
use crate::pages::{AccountPage, Connection, Period, signed_out};

/// The page, or the login page that leads to it.
pub(super) async fn page(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    show(&parts, &head).await.unwrap_or_else(|refused| refuse("account", &refused))
}

/// One of its buttons.
pub(super) async fn act(State(parts): State<Arc<Parts>>, request: Request) -> Response {
    let (head, form) = match Form::read(&parts, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    // What a user ends is ended to the end, whether or not their browser waits.
    let work = tokio::spawn(async move { perform(&parts, &head, &form).await });
    let done = work.await.map_err(HostError::from).map_err(Refused::from).and_then(|done| done);
    done.unwrap_or_else(|refused| refuse("account", &refused))
}

async fn show(parts: &Parts, head: &Head) -> Result<Response, Refused> {
    let Some(user) = parts.sessions.authenticate(head).await? else {
        log::answer("account", StatusCode::SEE_OTHER, None);
        return Ok(see_other(format!("{}/login?to=account", parts.path)));
    };
    let subject = user.subject();
    let page = AccountPage {
        action: format!("{}/account", parts.path),
        username: parts.username(subject),
        connections: connections(parts, subject).await?,
        session: session(&user),
        form_token: &parts.form_tokens.issue(&head.headers)?,
    };
    log::answer("account", StatusCode::OK, None);
    Ok(page.render())
}

/// A page of another sign-in does nothing: it may show another user's applications.
async fn perform(parts: &Parts, head: &Head, form: &Form) -> Result<Response, Refused> {
    let home = format!("{}/account", parts.path);
    let user = parts.sessions.authenticate(head).await?;
    let Some(user) = user.filter(|user| form.get("session") == Some(session(user))) else {
        return Ok(see_other(home));
    };
    match form.get("action") {
        Some("sign-out") => {
            let cookie = parts.sessions.end(&head.headers).await?;
            parts.departures.sign_out(&user).await?;
            log::account(user.subject(), None, "signed out");
            forgetting(signed_out(&home), &cookie)
        }
        Some("sign-out-everywhere") => {
            let cookie = parts.sessions.end(&head.headers).await?;
            parts.sessions.end_all(user.subject()).await?;
            parts.departures.sign_out_everywhere(user.subject()).await?;
            log::account(user.subject(), None, "signed out everywhere");
            forgetting(signed_out(&home), &cookie)
        }
        _ => {
            disconnect(parts, user.subject(), form.get("disconnect")).await?;
            Ok(see_other(home))
        }
    }
}

/// Ends the connection to the client that the button names. One that is not
/// registered any more may still have access; one that is neither is nobody.
async fn disconnect(parts: &Parts, user: &Subject, named: Option<&str>) -> Result<(), Refused> {
    let Some(client) = named.and_then(|named| ClientId::parse(named).ok()) else { return Ok(()) };
    let is_known = parts.config.client(&client).is_some()
        || parts.server.granted_by(user).await?.iter().any(|grant| *grant.client() == client);
    if is_known {
        parts.server.withdraw_consent(user, &client).await?;
        log::account(user, Some(&client), "disconnected");
    }
    Ok(())
}

/// What names a sign-in; ours always have a name.
fn session(user: &Authentication) -> &str {
    user.session().map_or("", SessionId::as_str)
}

/// The clients that have access now, the oldest first, then those that would
/// get it without asking.
///
/// Costs a read of the store for every registered client, one after the other:
/// right for the few of a configuration file, not for thousands in a database.
async fn connections(parts: &Parts, user: &Subject) -> Result<Vec<Connection>, HostError> {
    let grants = parts.server.granted_by(user).await?;
    let registered = parts.config.clients.iter().flat_map(|c| ClientId::parse(&*c.client_id));
    let mut connections: Vec<Connection> = Vec::new();
    for client in grants.iter().map(|grant| grant.client().clone()).chain(registered) {
        if connections.iter().any(|known| known.client == client) {
            continue;
        }
        let remembered = parts.database.consented(user, &client).await?;
        let remembered = remembered.as_ref().and_then(|consented| consented.scope());
        let grants: Vec<&Grant> =
            grants.iter().map(|grant| &**grant).filter(|grant| *grant.client() == client).collect();
        if grants.is_empty() && remembered.is_none() {
            continue;
        }
        let scopes = grants.iter().map(|grant| grant.scope()).chain(&remembered);
        let words = |scope| parts.config.describe(scope).unwrap_or(scope).to_owned();
        let known = parts.config.client(&client).and_then(|known| known.client_name.as_ref());
        connections.push(Connection {
            name: known.map_or(client.as_str(), String::as_str).to_owned(),
            may: distinct(scopes.flat_map(|scope| scope.iter()).map(words)),
            resources: distinct(grants.iter().flat_map(|grant| grant.resources().iter().cloned())),
            period: period(&grants),
            client,
        });
    }
    Ok(connections)
}

/// From the first approval to the last expiry.
fn period(grants: &[&Grant]) -> Option<Period> {
    Some(Period {
        since: grants.iter().map(|grant| grant.approved_at()).min()?,
        until: grants.iter().map(|grant| grant.valid_until()).max()?,
        grants: grants.len(),
    })
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}
