//! The authorization endpoint (RFC 6749 section 4.1.1, as RFC 9700 section 2.1
//! and RFC 9207 harden it).

use std::sync::Arc;

use http::Method;
use http::request::Parts;

use super::pause::{Asker, Authorize, Consent, Decision, Granted, Login, Refused};
use super::service::Service;
use crate::answer::{self, Response, Target};
use crate::cause::Cause;
use crate::grant::{Approval, Attempt, CodeBinding, Grant, Seed};
use crate::host::HostError;
use crate::model::client::Client;
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
    let consented = match asked.consented(service, &user).await {
        Ok(consented) => consented,
        Err(error) => return Ok(Authorize::Redirect(asked.refuse(service, error.into()))),
    };
    if consented.as_ref().is_some_and(|consented| consented.covers(&request.scope)) {
        let answer = asked.allow(service, user, request).await;
        return Ok(Authorize::Redirect(answer));
    }
    ask(service, asked, user, &request.scope, consented)
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
    scope: &Scope,
    consented: Option<Scope>,
) -> Result<Authorize, Refused> {
    let ticket = ConsentTicket {
        request: asked.params.to_query()?,
        asked_at: service.now(),
        asked: user.clone(),
    };
    Ok(Authorize::Consent(Consent {
        asker: asked.asker(),
        user,
        scope: scope.clone(),
        allowed_before: scope.intersection(&consented.unwrap_or_else(Scope::empty)),
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
    if let Err(error) = asked.remember(service, &user, &request.scope, &scope).await {
        return Ok(asked.refuse(service, error.into()));
    }
    request.scope = scope;
    Ok(asked.allow(service, user, request).await)
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

    /// What `user` need not be asked about any more.
    async fn consented(
        &self,
        service: &Service,
        user: &Authentication,
    ) -> Result<Option<Scope>, HostError> {
        if self.can_be_impersonated() {
            return Ok(None);
        }
        if self.client.is_trusted() {
            return Ok(Some(self.client.scope().clone()));
        }
        service.consents.consented(user.subject(), self.client.id()).await
    }

    /// Keeps what was allowed, and nothing of what was asked and not allowed,
    /// beside what was allowed before.
    async fn remember(
        &self,
        service: &Service,
        user: &Authentication,
        asked: &Scope,
        allowed: &Scope,
    ) -> Result<(), HostError> {
        if self.can_be_impersonated() {
            return Ok(());
        }
        let (subject, client) = (user.subject(), self.client.id());
        let before = service.consents.consented(subject, client).await?;
        let kept = before.map(|before| before.without(asked));
        let all = kept.and_then(|kept| kept.union(allowed).ok());
        service.consents.remember(subject, client, all.as_ref().unwrap_or(allowed)).await
    }

    /// Sends the client a code. The insert is the last await: what fails before
    /// it left nothing behind.
    async fn allow(
        &self,
        service: &Service,
        user: Authentication,
        request: AuthorizationRequest,
    ) -> Response {
        match self.hand_out_code(service, user, request).await {
            Ok(code) => self.reply(service, |target| target.with_verbatim("code", &code)),
            Err(error) => self.refuse(service, error.into()),
        }
    }

    async fn hand_out_code(
        &self,
        service: &Service,
        user: Authentication,
        request: AuthorizationRequest,
    ) -> Result<String, HostError> {
        let code = Code {
            grant: GrantId::from_bytes(service.draw()?),
            seed: Seed::from_bytes(service.draw()?),
        };
        let approval = Approval {
            id: code.grant,
            attempt: Attempt::from_bytes(service.draw()?),
            client: self.client.id().clone(),
            authentication: user,
            scope: request.scope,
            code: CodeBinding {
                seed: code.seed.hash(),
                redirect_uri: self.reply_to.redirect_uri.clone(),
                redirect_uri_named: self.reply_to.redirect_uri_named,
                code_challenge: request.code_challenge,
            },
        };
        let grant = Grant::approve(approval, service.now(), service.policy.code_lifetime);
        let code = code.seal(&service.sealer);
        service.codes.insert(Arc::new(grant)).await?;
        Ok(code)
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
