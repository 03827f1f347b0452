//! The authorization endpoint (RFC 6749 section 4.1.1, as RFC 9700 section 2.1
//! and RFC 9207 harden it).

use std::sync::Arc;

use http::Method;
use http::request::Parts;

use super::consent::{self, Answer, Basis};
use super::pause::{Asker, Authorize, Consent, Decision, Granted, Login, Refused};
use super::service::Service;
use crate::answer::{self, Response, Target};
use crate::cause::Cause;
use crate::grant::{Approval, Attempt, CodeBinding, Grant, Seed};
use crate::host::HostError;
use crate::model::client::Client;
use crate::model::consented::Consented;
use crate::model::identity::GrantId;
use crate::model::scope::Scope;
use crate::model::user::Authentication;
use crate::request::authorization::{AuthorizationRequest, ReplyTo, client_id, state};
use crate::request::form::form_body;
use crate::request::params::Params;
use crate::token::code::Code;
use crate::token::ticket::{ConsentTicket, LoginTicket, Ticket, TicketError};

/// URLs up to this length pass through every browser and proxy.
const LONGEST_URL: usize = 8000;

/// A request that can be answered: who asks, and where the answer goes.
struct Asked {
    params: Params,
    client: Arc<Client>,
    reply_to: ReplyTo,
}

/// A request arrives from a browser.
pub(crate) async fn authorize(service: &Service, parts: &Parts, body: &[u8]) -> Authorize {
    begin(service, parts, body).await.unwrap_or_else(Authorize::Refused)
}

async fn begin(service: &Service, parts: &Parts, body: &[u8]) -> Result<Authorize, Refused> {
    let asked = Asked::find(service, read(parts, body)?).await?;
    let Some(user) = service.users.authenticate(parts).await? else {
        return sign_in(service, parts, asked);
    };
    let request = match asked.request(service) {
        Ok(request) => request,
        Err(cause) => return Ok(Authorize::Redirect(asked.refuse(service, cause))),
    };
    let before = match asked.consented(service, &user).await {
        Ok(before) => before,
        Err(error) => return Ok(Authorize::Redirect(asked.refuse(service, error.into()))),
    };
    match asked.need_not_ask(&request, before.as_ref()) {
        Some(basis) => {
            let answer = asked.allow(service, parts, user, request, basis).await;
            Ok(Authorize::Redirect(answer))
        }
        None => ask(service, asked, user, &request, before.as_deref()),
    }
}

/// Nobody is signed in. A POST from another site comes without the session's
/// Lax cookie, so it first comes again as a GET, where that fits a URL.
fn sign_in(service: &Service, parts: &Parts, asked: Asked) -> Result<Authorize, Refused> {
    let query = asked.params.to_query()?;
    let url_length = service.authorization_endpoint.len().saturating_add(query.len());
    if parts.method == Method::POST && url_length < LONGEST_URL {
        return Ok(Authorize::Redirect(back_to_start(service, &query)));
    }
    let ticket = LoginTicket { request: query, asked_at: service.now() };
    Ok(Authorize::Login(Login {
        asker: asked.asker(),
        ticket: ticket.seal(&service.sealer).map_err(HostError::from)?,
    }))
}

fn ask(
    service: &Service,
    asked: Asked,
    user: Authentication,
    request: &AuthorizationRequest,
    before: Option<&Consented>,
) -> Result<Authorize, Refused> {
    let ticket = ConsentTicket {
        request: asked.params.to_query()?,
        asked_at: service.now(),
        asked: user.clone(),
    };
    let before = before.and_then(|all| all.allowed_at(&request.resources, &request.scope));
    Ok(Authorize::Consent(Consent {
        asker: asked.asker(),
        user,
        scope: request.scope.clone(),
        allowed_before: before.unwrap_or_else(Scope::empty),
        resources: request.resources.clone(),
        ticket: ticket.seal(&service.sealer).map_err(HostError::from)?,
    }))
}

/// A login page is shown once more: the same pause again.
pub(crate) async fn login(service: &Service, ticket: &str) -> Result<Login, Refused> {
    let LoginTicket { request, .. } = open(service, ticket)?;
    let asked = Asked::again(service, &request).await?;
    Ok(Login { asker: asked.asker(), ticket: ticket.to_owned() })
}

/// Somebody has signed in: the request starts over, and meets them.
pub(crate) fn resume(service: &Service, ticket: &str) -> Result<Response, Refused> {
    let LoginTicket { request, .. } = open(service, ticket)?;
    Ok(back_to_start(service, &request))
}

/// Nobody wants to sign in: the client hears of it. The only answer that a
/// client gets before a user was authenticated (RFC 9700 section 4.11.2); the
/// page named the host that it leads to.
pub(crate) async fn cancel(service: &Service, ticket: &str) -> Result<Response, Refused> {
    let LoginTicket { request, .. } = open(service, ticket)?;
    let asked = Asked::again(service, &request).await?;
    Ok(asked.refuse(service, Cause::Denied))
}

/// Somebody has answered: everything is judged again, as it is now.
pub(crate) async fn decide(
    service: &Service,
    parts: &Parts,
    ticket: &str,
    decision: Decision,
) -> Result<Response, Refused> {
    let ticket: ConsentTicket = open(service, ticket)?;
    let user = service.users.authenticate(parts).await?;
    let user = user.filter(|user| *user == ticket.asked).ok_or(TicketError::OtherUser)?;
    let asked = Asked::again(service, &ticket.request).await?;
    let mut request = match asked.request(service) {
        Ok(request) => request,
        Err(cause) => return Ok(asked.refuse(service, cause)),
    };
    let Some(scope) = allowed(decision, &request.scope) else {
        return Ok(asked.refuse(service, Cause::Denied));
    };
    let basis = match asked.answered(service, &user, &request, &scope).await {
        Ok(basis) => basis,
        Err(error) => return Ok(asked.refuse(service, error.into())),
    };
    request.scope = scope;
    Ok(asked.allow(service, parts, user, request, basis).await)
}

/// What the decision leaves of `asked`; `None` for a denial.
fn allowed(decision: Decision, asked: &Scope) -> Option<Scope> {
    match decision {
        Decision::Deny => None,
        Decision::Allow(Granted { scope: None }) => Some(asked.clone()),
        Decision::Allow(Granted { scope: Some(chosen) }) => {
            let scope = asked.intersection(&chosen);
            (asked.is_empty() || !scope.is_empty()).then_some(scope)
        }
    }
}

fn read(parts: &Parts, body: &[u8]) -> Result<Params, Cause> {
    let query = parts.uri.query().unwrap_or_default();
    match parts.method {
        Method::GET => Ok(Params::decode(&[query])?),
        Method::POST => Ok(Params::decode(&[query, form_body(&parts.headers, body)?])?),
        _ => Err(Cause::Method),
    }
}

fn open<T: Ticket>(service: &Service, ticket: &str) -> Result<T, TicketError> {
    T::open(&service.sealer, ticket, service.now(), service.policy.interaction_lifetime)
}

/// Our own endpoint, and no other place, with the request as a query.
fn back_to_start(service: &Service, query: &str) -> Response {
    Target::new(&format!("{}?{query}", service.authorization_endpoint)).redirect()
}

impl Asked {
    async fn find(service: &Service, params: Params) -> Result<Self, Refused> {
        let id = client_id(&params)?;
        let client = service.clients.client(&id).await?.ok_or(Cause::UnknownClient(id))?;
        let reply_to = ReplyTo::find(&params, &client)?;
        Ok(Self { params, client, reply_to })
    }

    /// The request that a ticket holds, judged anew: the client may have been
    /// disabled since, or may have lost the URI.
    async fn again(service: &Service, request: &str) -> Result<Self, Refused> {
        Self::find(service, Params::decode(&[request])?).await
    }

    fn asker(&self) -> Asker {
        let redirect_uri = self.reply_to.redirect_uri.clone();
        Asker { client: self.client.clone(), redirect_uri }
    }

    fn request(&self, service: &Service) -> Result<AuthorizationRequest, Cause> {
        Ok(AuthorizationRequest::parse(&self.params, &self.client, &service.policy)?)
    }

    fn can_be_impersonated(&self) -> bool {
        self.client.can_be_impersonated_at(&self.reply_to.redirect_uri)
    }

    /// What `user` allowed before, where that counts: for a client that is not
    /// the operator's own, and that nobody else can pose as.
    async fn consented(
        &self,
        service: &Service,
        user: &Authentication,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        if self.can_be_impersonated() || self.client.is_trusted() {
            return Ok(None);
        }
        consent::consented(service, user.subject(), self.client.id()).await.map(Some)
    }

    /// Why the user need not be asked, if so.
    fn need_not_ask(
        &self,
        request: &AuthorizationRequest,
        before: Option<&Arc<Consented>>,
    ) -> Option<Basis> {
        if self.client.is_trusted() && !self.can_be_impersonated() {
            return Some(Basis::Trust);
        }
        let before = before?;
        consent::covers(before, &request.scope, &request.resources)
            .then(|| Basis::Memory(before.clone()))
    }

    /// The user's answer, to be remembered: nothing of what was asked and not
    /// allowed, and nothing at all where anybody could have asked.
    async fn answered(
        &self,
        service: &Service,
        user: &Authentication,
        request: &AuthorizationRequest,
        allowed: &Scope,
    ) -> Result<Basis, HostError> {
        let before = consent::consented(service, user.subject(), self.client.id()).await?;
        Ok(Basis::Answer(Answer {
            before,
            asked: request.scope.clone(),
            resources: request.resources.clone(),
            allowed: (!self.can_be_impersonated()).then(|| allowed.clone()),
        }))
    }

    /// Sends the client a code.
    async fn allow(
        &self,
        service: &Service,
        parts: &Parts,
        user: Authentication,
        request: AuthorizationRequest,
        basis: Basis,
    ) -> Response {
        match self.hand_out_code(service, parts, user, request, basis).await {
            Ok(code) => self.reply(service, |target| target.with_verbatim("code", &code)),
            Err(cause) => self.refuse(service, cause),
        }
    }

    /// Writes the grant, and hands its code out only if its user is still signed
    /// in then and it is still allowed: who signs out everywhere, or withdraws,
    /// says so before they list the grants to end, so they find this one, or it
    /// finds them.
    async fn hand_out_code(
        &self,
        service: &Service,
        parts: &Parts,
        user: Authentication,
        request: AuthorizationRequest,
        basis: Basis,
    ) -> Result<String, Cause> {
        let code = Code {
            grant: GrantId::from_bytes(service.draw()?),
            seed: Seed::from_bytes(service.draw()?),
        };
        let approval = Approval {
            id: code.grant,
            attempt: Attempt::from_bytes(service.draw()?),
            client: self.client.id().clone(),
            authentication: user.clone(),
            scope: request.scope,
            resources: request.resources,
            code: CodeBinding {
                seed: code.seed.hash(),
                redirect_uri: self.reply_to.redirect_uri.clone(),
                redirect_uri_named: self.reply_to.redirect_uri_named,
                code_challenge: request.code_challenge,
            },
        };
        let grant = Grant::approve(approval, service.now(), service.policy.code_lifetime);
        let sealed = code.seal(&service.sealer);
        service.grants.insert(grant.clone()).await?;
        let cause = if service.users.authenticate(parts).await?.as_ref() != Some(&user) {
            Cause::SignedOut
        } else if !basis.still_holds(service).await? {
            Cause::Withdrawn
        } else {
            return Ok(sealed);
        };
        service.grants.end(grant).await?;
        Err(cause)
    }

    /// Sends the client an error (RFC 6749 section 4.1.2.1).
    fn refuse(&self, service: &Service, cause: Cause) -> Response {
        let response = self.reply(service, |target| {
            target
                .with_verbatim("error", cause.code().as_str())
                .with("error_description", &cause.description())
        });
        answer::with_cause(response, cause)
    }

    /// Sends the client an answer, with its `state` and our `iss`, so that it
    /// knows the answer is to its question, and whose it is (RFC 9207).
    fn reply(&self, service: &Service, answer: impl FnOnce(Target) -> Target) -> Response {
        let mut target = answer(Target::new(self.reply_to.redirect_uri.as_str()));
        if let Ok(Some(state)) = state(&self.params) {
            target = target.with("state", state);
        }
        target.with_verbatim("iss", &service.encoded_issuer).redirect()
    }
}
