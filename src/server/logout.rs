//! The doors for signing out, at a client's wish or at the host's own.

use http::request::Parts;

use super::AuthorizationServer;
use crate::answer::Response;
use crate::endpoint::logout_pause::{EndSession, Logout};
use crate::endpoint::pause::Refused;
use crate::endpoint::sign_out::SignedOut;
use crate::endpoint::{logout, sign_out};
use crate::model::authentication::Authentication;
use crate::model::identity::Subject;
use crate::observer::Endpoint;

impl AuthorizationServer {
    /// The end-session endpoint, for GET and POST (OpenID Connect RP-Initiated
    /// Logout): a client sends its user here to be signed out.
    ///
    /// ```
    /// # use codegrant::{Authentication, AuthorizationServer, Logout, Response};
    /// # use http::request::Parts;
    /// # async fn end_login_session(_: &Authentication) {}
    /// # fn page(_: &str) -> Response { Response::default() }
    /// async fn logout(server: &AuthorizationServer, request: &Parts, body: &[u8]) -> Response {
    ///     let end = match server.logout(request, body).await {
    ///         Logout::End(end) => end,
    ///         Logout::Confirm(confirm) => return page(confirm.ticket()),
    ///         Logout::Refused(refused) => return refused.response(),
    ///         Logout::Redirect(response) => return response,
    ///     };
    ///     if let Some(user) = end.user() {
    ///         end_login_session(user).await;
    ///     }
    ///     let (signed_out, then) = server.finish_logout(end).await;
    ///     // Spawn `signed_out.notices.deliver(…)`; while there is a
    ///     // `signed_out.fault`, `sign_out` the same user again.
    /// #   let _ = signed_out;
    ///     then.unwrap_or_else(|| page("You are signed out."))
    /// }
    /// ```
    pub async fn logout(&self, request: &Parts, body: &[u8]) -> Logout {
        let work = || logout::logout(&self.0, request, body);
        self.observed(Endpoint::EndSession, work).await
    }

    /// After a page that asked whether to sign out: the user does. `request` is
    /// the one that brought the answer; whoever it authenticates must be who was
    /// asked, or nobody any more. The same answer, brought again, finishes what an
    /// error broke off.
    pub async fn confirm_logout(
        &self,
        request: &Parts,
        logout_ticket: &str,
    ) -> Result<EndSession, Refused> {
        let work = || logout::confirm(&self.0, request, logout_ticket);
        self.observed(Endpoint::EndSession, work).await
    }

    /// After the host has ended the login session: ends what was issued in it, as
    /// [`sign_out`](Self::sign_out) does, and says where the browser goes if the
    /// client wants it back. Otherwise show a page that says it is done.
    pub async fn finish_logout(&self, ended: EndSession) -> (SignedOut, Option<Response>) {
        let EndSession { user, then } = ended;
        let signed_out = match user {
            Some(user) => self.sign_out(&user).await,
            None => SignedOut::nobody(&self.0),
        };
        (signed_out, then)
    }

    /// After the host has ended the login session of `user` by itself: ends every
    /// grant that was given in it, but those that
    /// [survive](crate::Grant::survives_sign_out). Where the host does not name
    /// sessions, those count that were given after the same sign-in.
    ///
    /// A future that is dropped half-way leaves the rest alive.
    pub async fn sign_out(&self, user: &Authentication) -> SignedOut {
        sign_out::sign_out(&self.0, user).await
    }

    /// The same after the host has ended every login session of `user`.
    pub async fn sign_out_everywhere(&self, user: &Subject) -> SignedOut {
        sign_out::sign_out_everywhere(&self.0, user).await
    }
}
