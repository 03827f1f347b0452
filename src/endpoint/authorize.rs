//! The authorization endpoint (RFC 6749 section 4.1.1, as RFC 9700 section 2.1
//! and RFC 9207 harden it; OpenID Connect Core section 3.1.2).

use std::sync::Arc;

use http::Method;
use http::request::Parts;

use super::asked::Asked;
use super::consent::{Basis, Terms};
use super::pause::{Authorize, Consent, Decision, Granted, Login, Refused};
use super::service::Service;
use super::sign_in::{self, Unfit};
use crate::answer::{Response, Target};
use crate::cause::Cause;
use crate::model::authentication::Authentication;
use crate::model::consented::Consented;
use crate::model::scope::Scope;
use crate::request::authorization::AuthorizationRequest;
use crate::request::form::form_body;
use crate::request::params::{Name, Params};
use crate::token::ticket::{ConsentTicket, LoginReason, LoginTicket, Seen, TicketError};

/// URLs up to this length pass through every browser and proxy.
pub(super) const LONGEST_URL: usize = 8000;

/// What becomes of a request that can be answered, and whose sender's user is
/// signed in.
enum Next {
    SignIn(LoginReason),
    Ask(AuthorizationRequest, Option<Arc<Consented>>),
    Allow(AuthorizationRequest, Basis),
}

/// A request arrives from a browser.
pub(crate) async fn authorize(service: &Service, parts: &Parts, body: &[u8]) -> Authorize {
    begin(service, parts, body).await.unwrap_or_else(Authorize::Refused)
}

async fn begin(service: &Service, parts: &Parts, body: &[u8]) -> Result<Authorize, Refused> {
    let asked = Asked::find(service, read(parts, body)?).await?;
    let Some(user) = service.users.authenticate(parts).await? else {
        return meet_nobody(service, parts, asked);
    };
    match meet(service, &asked, &user).await {
        Ok(Next::SignIn(reason)) => sign_in(service, asked, Some(&user), reason),
        Ok(Next::Ask(request, before)) => ask(service, asked, user, &request, before.as_deref()),
        Ok(Next::Allow(request, basis)) => {
            Ok(Authorize::Redirect(asked.allow(service, parts, user, request, basis).await))
        }
        Err(cause) => Ok(Authorize::Redirect(asked.refuse(service, cause))),
    }
}

/// Nobody is signed in. A POST from another site comes without the session's
/// Lax cookie, so it first comes again as a GET, where that fits a URL. Then
/// `prompt=none` is answered at once, and everything else after a login.
fn meet_nobody(service: &Service, parts: &Parts, asked: Asked) -> Result<Authorize, Refused> {
    let query = asked.params.to_query()?;
    let url_length = service.authorization_endpoint.len().saturating_add(query.len());
    if parts.method == Method::POST && url_length < LONGEST_URL {
        return Ok(Authorize::Redirect(back_to_start(service, &query)));
    }
    if asked.wants_no_page() {
        let required = Cause::LoginRequired(LoginReason::SignedOut);
        let cause = asked.request(service).err().unwrap_or(required);
        return Ok(Authorize::Redirect(asked.refuse(service, cause)));
    }
    sign_in(service, asked, None, LoginReason::SignedOut)
}

/// Somebody is signed in: will they do, and need they be asked?
async fn meet(service: &Service, asked: &Asked, user: &Authentication) -> Result<Next, Cause> {
    let (request, wanted) = asked.request(service)?;
    let known_as = service.pairwise(&asked.client, user.subject())?;
    let known_as = known_as.as_ref().unwrap_or(user.subject());
    let fit = sign_in::judge(service, &wanted, user, known_as, asked.note(service).as_ref());
    if wanted.prompt.none {
        return meet_silently(service, asked, user, request, fit).await;
    }
    match fit {
        Ok(()) => {}
        Err(Unfit::Until(reason)) => return Ok(Next::SignIn(reason)),
        Err(Unfit::For(cause)) => return Err(cause),
    }
    let before = asked.consented(service, user).await?;
    Ok(match asked.need_not_ask(&request, before.as_ref()) {
        Some(basis) if !wanted.prompt.consent => Next::Allow(request, basis),
        _ => Next::Ask(request, before),
    })
}

/// The same without a page. A client that the user would have to be asked about
/// hears that and nothing else, whatever it wanted of the sign-in: whether they
/// will do tells who they are and when they signed in.
async fn meet_silently(
    service: &Service,
    asked: &Asked,
    user: &Authentication,
    request: AuthorizationRequest,
    fit: Result<(), Unfit>,
) -> Result<Next, Cause> {
    let before = asked.consented(service, user).await?;
    match (asked.need_not_ask(&request, before.as_ref()), fit) {
        (None, _) if asked.can_be_impersonated() => Err(Cause::InteractionRequired),
        (None, _) => Err(Cause::ConsentRequired),
        (Some(basis), Ok(())) => Ok(Next::Allow(request, basis)),
        (Some(_), Err(Unfit::Until(reason))) => Err(Cause::LoginRequired(reason)),
        (Some(_), Err(Unfit::For(cause))) => Err(cause),
    }
}

fn sign_in(
    service: &Service,
    asked: Asked,
    seen: Option<&Authentication>,
    reason: LoginReason,
) -> Result<Authorize, Refused> {
    let ticket = service.seal(&LoginTicket {
        request: asked.params.to_query()?,
        asked_at: service.now(),
        reason,
        seen: seen.map(Seen::of),
    })?;
    Ok(Authorize::Login(login_page(service, &asked, reason, ticket)))
}

fn ask(
    service: &Service,
    asked: Asked,
    user: Authentication,
    request: &AuthorizationRequest,
    before: Option<&Consented>,
) -> Result<Authorize, Refused> {
    let ticket = service.seal(&ConsentTicket {
        request: asked.params.to_query()?,
        asked_at: service.now(),
        asked: Seen::of(&user),
    })?;
    Ok(Authorize::Consent(consent_page(&asked, user, request, before, ticket)))
}

fn consent_page(
    asked: &Asked,
    user: Authentication,
    request: &AuthorizationRequest,
    before: Option<&Consented>,
    ticket: String,
) -> Consent {
    let before = before.and_then(|all| all.allowed_at(&request.resources, &request.scope));
    Consent {
        asker: asked.asker(),
        user,
        scope: request.scope.clone(),
        allowed_before: before.unwrap_or_else(Scope::empty),
        resources: request.resources.clone(),
        claims: request.claims(),
        ticket,
    }
}

/// A login page is shown once more: the same pause again.
pub(crate) async fn login(service: &Service, ticket: &str) -> Result<Login, Refused> {
    let LoginTicket { request, reason, .. } = service.open(ticket)?;
    let asked = Asked::again(service, &request).await?;
    Ok(login_page(service, &asked, reason, ticket.to_owned()))
}

/// A faulty request gets the plain page: its fault is told after the login.
fn login_page(service: &Service, asked: &Asked, reason: LoginReason, ticket: String) -> Login {
    let wanted = asked.request(service).map(|(_, wanted)| wanted).unwrap_or_default();
    Login { asker: asked.asker(), reason, wanted, ticket }
}

/// Somebody has signed in: the request starts over with a note of what it waited
/// for, and meets them.
pub(crate) fn resume(service: &Service, ticket: &str) -> Result<Response, Refused> {
    let ticket: LoginTicket = service.open(ticket)?;
    let note = service.seal(&ticket.note())?;
    let query = [&ticket.request, "&", Name::LoginNote.as_str(), "=", &note].concat();
    Ok(back_to_start(service, &query))
}

/// Nobody wants to sign in: the client hears of it. But for `prompt=none`, the
/// only answer that a client gets before a user was authenticated (RFC 9700
/// section 4.11.2); the page named the host that it leads to.
pub(crate) async fn cancel(service: &Service, ticket: &str) -> Result<Response, Refused> {
    let LoginTicket { request, reason, .. } = service.open(ticket)?;
    let asked = Asked::again(service, &request).await?;
    let cause = match reason {
        LoginReason::SelectAccount => Cause::AccountSelectionRequired,
        _ => Cause::Denied,
    };
    Ok(asked.refuse(service, cause))
}

/// A consent page is shown once more, to who was asked.
pub(crate) async fn consent(
    service: &Service,
    parts: &Parts,
    ticket: &str,
) -> Result<Consent, Refused> {
    let opened: ConsentTicket = service.open(ticket)?;
    let user = who_was_asked(service, parts, &opened).await?;
    let asked = Asked::again(service, &opened.request).await?;
    let (request, _) = asked.request(service)?;
    let before = asked.consented(service, &user).await?;
    Ok(consent_page(&asked, user, &request, before.as_deref(), ticket.to_owned()))
}

/// Somebody has answered: everything is judged again, as it is now, but for their
/// sign-in. That did when they were asked, and it is the same.
pub(crate) async fn decide(
    service: &Service,
    parts: &Parts,
    ticket: &str,
    decision: Decision,
) -> Result<Response, Refused> {
    let ticket: ConsentTicket = service.open(ticket)?;
    let user = who_was_asked(service, parts, &ticket).await?;
    let asked = Asked::again(service, &ticket.request).await?;
    let mut request = match asked.request(service) {
        Ok((request, _)) => request,
        Err(cause) => return Ok(asked.refuse(service, cause)),
    };
    let Some(allowed) = allowed(service, decision, &request) else {
        return Ok(asked.refuse(service, Cause::Denied));
    };
    let basis = match asked.answered(service, &user, &request, &allowed).await {
        Ok(basis) => basis,
        Err(error) => return Ok(asked.refuse(service, error.into())),
    };
    request.narrow(allowed.scope, &allowed.claims);
    Ok(asked.allow(service, parts, user, request, basis).await)
}

async fn who_was_asked(
    service: &Service,
    parts: &Parts,
    ticket: &ConsentTicket,
) -> Result<Authentication, Refused> {
    let user = service.users.authenticate(parts).await?;
    let user = user.filter(|user| Seen::of(user) == ticket.asked);
    Ok(user.ok_or(TicketError::OtherUser)?)
}

/// What the decision leaves of what was asked; `None` for a denial. Who leaves out
/// a scope and says nothing of claims does not allow them under another name.
fn allowed(service: &Service, decision: Decision, asked: &AuthorizationRequest) -> Option<Terms> {
    let Decision::Allow(Granted { scope, claims }) = decision else { return None };
    let scope = match scope {
        None => asked.scope.clone(),
        Some(chosen) => {
            let scope = asked.scope.intersection(&chosen);
            (asked.scope.is_empty() || !scope.is_empty()).then_some(scope)?
        }
    };
    let all = asked.claims();
    let claims = match (claims, &service.provider) {
        (Some(some), _) => all.intersection(&some),
        (None, Some(provider)) => all.without(&provider.withheld(&asked.scope, &scope)),
        (None, None) => all,
    };
    Some(Terms { scope, claims })
}

/// The parameters of a request that a browser sends, in its query or as a form.
pub(super) fn read(parts: &Parts, body: &[u8]) -> Result<Params, Cause> {
    let query = parts.uri.query().unwrap_or_default();
    match parts.method {
        Method::GET => Ok(Params::decode(&[query])?),
        Method::POST => Ok(Params::decode(&[query, form_body(&parts.headers, body)?])?),
        _ => Err(Cause::Method),
    }
}

/// Our own endpoint, and no other place, with the request as a query.
fn back_to_start(service: &Service, query: &str) -> Response {
    Target::new(&format!("{}?{query}", service.authorization_endpoint)).redirect()
}
