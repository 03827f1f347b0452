//! The user agreed: a grant is written, and its code goes to the client (RFC 6749
//! section 4.1.2).

use http::request::Parts;

use super::asked::Asked;
use super::consent::Basis;
use super::service::Service;
use crate::answer::Response;
use crate::cause::Cause;
use crate::grant::{Approval, Attempt, CodeBinding, Grant, Seed};
use crate::model::authentication::Authentication;
use crate::model::identity::GrantId;
use crate::observer::Event;
use crate::request::authorization::AuthorizationRequest;
use crate::token::code::Code;

impl Asked {
    /// Sends the client a code.
    pub(super) async fn allow(
        &self,
        service: &Service,
        parts: &Parts,
        user: Authentication,
        request: AuthorizationRequest,
        basis: Basis,
    ) -> Response {
        match self.make_code(service, parts, user, request, basis).await {
            Ok(code) => self.hand_over(service, &code),
            Err(cause) => self.refuse(service, cause),
        }
    }

    /// Writes the grant, and gives its code only if its user is still signed in
    /// then and it is still allowed: who signs out everywhere, or withdraws, says
    /// so before they list the grants to end, so they find this one, or it finds
    /// them.
    async fn make_code(
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
            known_as: service.pairwise(&self.client, user.subject())?,
            authentication: user,
            scope: request.scope,
            resources: request.resources,
            openid: request.openid,
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
        let still = service.users.authenticate(parts).await?;
        let cause = if !still.is_some_and(|still| still.is_same_sign_in(grant.authentication())) {
            Cause::SignedOut
        } else if !basis.still_holds(service).await? {
            Cause::Withdrawn
        } else {
            service.audit.tell(Event::CodeIssued(&grant));
            return Ok(sealed);
        };
        service.grants.end(grant).await?;
        Err(cause)
    }
}
