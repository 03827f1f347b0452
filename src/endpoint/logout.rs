//! The end-session endpoint (OpenID Connect RP-Initiated Logout section 2).
//!
//! Whatever is wrong with a request is told on a page: nothing leads to a client
//! but a URI that it registered, in a request that is without fault.

use std::sync::Arc;

use http::Method;
use http::request::Parts;

use super::authorize::{LONGEST_URL, read};
use super::logout_pause::{ConfirmLogout, EndSession, Logout};
use super::pause::Refused;
use super::service::Service;
use crate::answer::{self, Response, Target};
use crate::cause::Cause;
use crate::model::authentication::Authentication;
use crate::model::client::Client;
use crate::model::identity::ClientId;
use crate::request::logout::LogoutRequest;
use crate::request::params::{Name, Params};
use crate::request::{Malformed, RequestError};
use crate::token::id_token::Hint;
use crate::token::logout_ticket::LogoutTicket;
use crate::token::ticket::TicketError;

/// A request arrives from a browser.
pub(crate) async fn logout(service: &Service, parts: &Parts, body: &[u8]) -> Logout {
    let (Some(_), Some(path)) = (&service.provider, &service.endpoints.end_session) else {
        return Logout::Redirect(answer::not_offered());
    };
    begin(service, path, parts, body).await.unwrap_or_else(Logout::Refused)
}

async fn begin(
    service: &Service,
    path: &str,
    parts: &Parts,
    body: &[u8],
) -> Result<Logout, Refused> {
    let params = read(parts, body)?;
    let request = LogoutRequest::parse(&params)?;
    let unverified = || RequestError::Invalid(Name::IdTokenHint.as_str());
    let verify = |text: &str| service.hint(text).ok_or_else(unverified);
    let hint = request.id_token_hint.map(verify).transpose()?;
    let client = find(service, who_asks(&request, hint.as_ref())?).await?;
    let (uri, state) = (request.post_logout_redirect_uri, request.state);
    let then = destination(client.as_deref(), uri, state)?;
    let Some(user) = service.users.authenticate(parts).await? else {
        return meet_nobody(service, path, parts, &params, then);
    };
    if let (Some(hint), Some(client)) = (hint, &client)
        && is_meant(service, &hint, client, &user)?
    {
        return Ok(Logout::End(EndSession { user: Some(user), then }));
    }
    Ok(Logout::Confirm(ask(service, &request, client, user)?))
}

/// Nobody is signed in, so nothing is to be ended; not at a hint's word either: who
/// found an old ID token would end a session that lives in another browser. But a
/// POST from another site comes without the session's Lax cookie: it has to come
/// again as a GET.
fn meet_nobody(
    service: &Service,
    path: &str,
    parts: &Parts,
    params: &Params,
    then: Option<Response>,
) -> Result<Logout, Refused> {
    if parts.method != Method::POST {
        return Ok(Logout::End(EndSession { user: None, then }));
    }
    let again = format!("{}?{}", service.issuer.endpoint(path), params.to_logout_query()?);
    if again.len() > LONGEST_URL {
        return Err(Malformed::TooLong.into());
    }
    Ok(Logout::Redirect(Target::new(&again).redirect()))
}

/// Anybody can make a browser send this request: without proof that it comes from
/// a client of this very session, its user is asked (section 6).
fn ask(
    service: &Service,
    request: &LogoutRequest<'_>,
    client: Option<Arc<Client>>,
    user: Authentication,
) -> Result<ConfirmLogout, Refused> {
    let ticket = service.seal(&LogoutTicket {
        asked_at: service.now(),
        asked: user.clone(),
        client: client.as_ref().map(|client| client.id().clone()),
        post_logout_redirect_uri: request.post_logout_redirect_uri.map(str::to_owned),
        state: request.state.map(str::to_owned),
    })?;
    Ok(ConfirmLogout {
        client,
        user,
        logout_hint: request.logout_hint.map(str::to_owned),
        ui_locales: request.ui_locales.clone(),
        ticket,
    })
}

/// The user has agreed: the client and its URI are judged again, as they are now.
/// Who has signed out meanwhile, in another tab or by a try that broke off, agreed
/// to the end of what was issued in that session, and nothing says that it came.
pub(crate) async fn confirm(
    service: &Service,
    parts: &Parts,
    ticket: &str,
) -> Result<EndSession, Refused> {
    let ticket: LogoutTicket = service.open(ticket)?;
    let here = service.users.authenticate(parts).await?;
    if here.is_some_and(|user| !user.is_same_sign_in(&ticket.asked)) {
        return Err(TicketError::OtherUser.into());
    }
    let client = find(service, ticket.client).await?;
    let (uri, state) = (ticket.post_logout_redirect_uri.as_deref(), ticket.state.as_deref());
    let then = destination(client.as_deref(), uri, state)?;
    Ok(EndSession { user: Some(ticket.asked), then })
}

/// Which client asks, by its own word or by the hint's, which must not disagree.
fn who_asks(
    request: &LogoutRequest<'_>,
    hint: Option<&Hint>,
) -> Result<Option<ClientId>, RequestError> {
    match (&request.client, hint) {
        (Some(named), Some(hint)) if hint.aud != *named => {
            Err(RequestError::Invalid(Name::ClientId.as_str()))
        }
        (Some(named), _) => Ok(Some(named.clone())),
        (None, Some(hint)) => Ok(Some(hint.aud.clone())),
        (None, None) => Ok(None),
    }
}

async fn find(service: &Service, id: Option<ClientId>) -> Result<Option<Arc<Client>>, Cause> {
    let Some(id) = id else { return Ok(None) };
    match service.clients.client(&id).await? {
        None => Err(Cause::UnknownClient(id)),
        found => Ok(found),
    }
}

/// Where the browser goes afterwards: a URI that `client` registered, to the
/// letter, with the client's `state` (section 3). Somebody has to say whose it is.
fn destination(
    client: Option<&Client>,
    requested: Option<&str>,
    state: Option<&str>,
) -> Result<Option<Response>, RequestError> {
    let Some(requested) = requested else { return Ok(None) };
    let client = client.ok_or(RequestError::Missing(Name::ClientId.as_str()))?;
    let uri = client.post_logout_redirect_uris().iter().find(|uri| uri.as_str() == requested);
    let target = Target::new(uri.ok_or(RequestError::PostLogoutRedirectUri)?.as_str());
    let target = match state {
        Some(state) => target.with(Name::State.as_str(), state),
        None => target,
    };
    Ok(Some(target.redirect()))
}

/// Whether `client` was given the hint in the session that `user` has now. Where
/// the host does not name sessions, each of the user's is taken for it.
fn is_meant(
    service: &Service,
    hint: &Hint,
    client: &Client,
    user: &Authentication,
) -> Result<bool, Cause> {
    if let Some(sid) = user.sid(client.id()) {
        return Ok(hint.sid.as_ref() == Some(&sid));
    }
    let pairwise = service.pairwise(client, user.subject())?;
    Ok(hint.sub == *pairwise.as_ref().unwrap_or(user.subject()))
}
