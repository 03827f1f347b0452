//! A request that can be answered: who asks, whether the user has to be asked in
//! turn, and the answer.

use std::sync::Arc;

use super::consent::{self, Answer, Basis, Terms};
use super::pause::{Asker, Refused};
use super::service::Service;
use crate::answer::{self, Response, Target};
use crate::cause::Cause;
use crate::form_post::FormPost;
use crate::host::HostError;
use crate::model::authentication::Authentication;
use crate::model::client::Client;
use crate::model::consented::Consented;
use crate::request::authentication::OpenId;
use crate::request::authorization::{
    AuthorizationRequest, ReplyTo, ResponseMode, Rules, client_id, state,
};
use crate::request::params::{Name, Params};
use crate::request::sign_in::{SignIn, prompt};
use crate::token::ticket::LoginNote;

/// Who asks, and where the answer goes.
pub(super) struct Asked {
    pub(super) params: Params,
    pub(super) client: Arc<Client>,
    pub(super) reply_to: ReplyTo,
}

/// What the client is told.
enum Told<'t> {
    /// RFC 6749 section 4.1.2.
    Code(&'t str),
    /// RFC 6749 section 4.1.2.1.
    Error { code: &'static str, description: &'t str },
}

impl Asked {
    pub(super) async fn find(service: &Service, params: Params) -> Result<Self, Refused> {
        let id = client_id(&params)?;
        let client = service.clients.client(&id).await?.ok_or(Cause::UnknownClient(id))?;
        let reply_to = ReplyTo::find(&params, &client)?;
        Ok(Self { params, client, reply_to })
    }

    /// The request that a ticket holds, judged anew: the client may have been
    /// disabled since, or may have lost the URI.
    pub(super) async fn again(service: &Service, request: &str) -> Result<Self, Refused> {
        Self::find(service, Params::decode(&[request])?).await
    }

    pub(super) fn asker(&self) -> Asker {
        let redirect_uri = self.reply_to.redirect_uri.clone();
        Asker { client: self.client.clone(), redirect_uri }
    }

    /// What is asked of the user, and what is wanted of their sign-in, read in full.
    pub(super) fn request(
        &self,
        service: &Service,
    ) -> Result<(AuthorizationRequest, SignIn), Cause> {
        let hinted = |id_token: &str| {
            let hint = service.hint(id_token).filter(|hint| hint.aud == *self.client.id());
            hint.map(|hint| hint.sub)
        };
        let offers = |claim: &str| service.offers(claim);
        let rules = Rules {
            policy: &service.policy,
            openid: service.provider.as_ref().map(|_| OpenId { hinted: &hinted, offers: &offers }),
        };
        Ok(AuthorizationRequest::parse(&self.params, &self.client, &self.reply_to, &rules)?)
    }

    /// Whether it is to be answered without any page, which is read even of a
    /// request that has faults.
    pub(super) fn wants_no_page(&self) -> bool {
        prompt(&self.params).is_ok_and(|prompt| prompt.none)
    }

    /// What came back with it from a login page, if that was its own. Any other
    /// note is as good as none.
    pub(super) fn note(&self, service: &Service) -> Option<LoginNote> {
        let note: LoginNote = service.open(self.params.get(Name::LoginNote).ok()??).ok()?;
        note.is_of(&self.params.to_query().ok()?).then_some(note)
    }

    pub(super) fn can_be_impersonated(&self) -> bool {
        self.client.can_be_impersonated_at(&self.reply_to.redirect_uri)
    }

    /// What `user` allowed before, where that counts: for a client that is not
    /// the operator's own, and that nobody else can pose as.
    pub(super) async fn consented(
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
    pub(super) fn need_not_ask(
        &self,
        request: &AuthorizationRequest,
        before: Option<&Arc<Consented>>,
    ) -> Option<Basis> {
        if self.client.is_trusted() && !self.can_be_impersonated() {
            return Some(Basis::Trust);
        }
        let before = before?;
        consent::covers(before, request).then(|| Basis::Memory(before.clone()))
    }

    /// The user's answer, to be remembered: nothing of what was asked and not
    /// allowed, and nothing at all where anybody could have asked.
    pub(super) async fn answered(
        &self,
        service: &Service,
        user: &Authentication,
        request: &AuthorizationRequest,
        allowed: &Terms,
    ) -> Result<Basis, HostError> {
        let before = consent::consented(service, user.subject(), self.client.id()).await?;
        Ok(Basis::Answer(Answer {
            before,
            asked: Terms { scope: request.scope.clone(), claims: request.claims() },
            resources: request.resources.clone(),
            allowed: (!self.can_be_impersonated()).then(|| allowed.clone()),
        }))
    }

    /// Sends the client a code.
    pub(super) fn hand_over(&self, service: &Service, code: &str) -> Response {
        self.reply(service, &Told::Code(code))
    }

    /// Sends the client an error.
    pub(super) fn refuse(&self, service: &Service, cause: Cause) -> Response {
        let (code, description) = (cause.code().as_str(), &cause.description());
        let response = self.reply(service, &Told::Error { code, description });
        answer::with_cause(response, cause)
    }

    /// Sends the client an answer, with its `state` and our `iss`, so that it
    /// knows the answer is to its question, and whose it is (RFC 9207).
    fn reply(&self, service: &Service, told: &Told<'_>) -> Response {
        let uri = self.reply_to.redirect_uri.as_str();
        let state = state(&self.params).unwrap_or_default();
        match self.reply_to.mode {
            ResponseMode::Query => {
                let target = Target::new(uri);
                let target = match told {
                    Told::Code(code) => target.with_verbatim("code", code),
                    Told::Error { code, description } => {
                        target.with_verbatim("error", code).with("error_description", description)
                    }
                };
                let target = match state {
                    Some(state) => target.with("state", state),
                    None => target,
                };
                target.with_verbatim("iss", &service.encoded_issuer).redirect()
            }
            ResponseMode::FormPost => {
                let form = FormPost::new(uri);
                let form = match told {
                    Told::Code(code) => form.with("code", code),
                    Told::Error { code, description } => {
                        form.with("error", code).with("error_description", description)
                    }
                };
                let form = match state {
                    Some(state) => form.with("state", state),
                    None => form,
                };
                form.with("iss", service.issuer.as_str()).page()
            }
        }
    }
}
