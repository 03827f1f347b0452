//! Pauses of a sign-out: only the host can ask its user, and only the host can
//! end its login session.

use std::fmt;
use std::sync::Arc;

use super::pause::Refused;
use crate::answer::Response;
use crate::model::authentication::Authentication;
use crate::model::client::Client;
use crate::model::page::Locales;

/// What the host does next.
#[must_use]
pub enum Logout {
    /// The signed-in user has to be asked: show a page that carries the ticket.
    Confirm(ConfirmLogout),
    /// Go on: end the login session of [`EndSession::user`], if it names one.
    End(EndSession),
    /// The request has a fault: show an error page.
    Refused(Refused),
    /// The browser goes on: by GET to this endpoint again. Or 404, where it is
    /// not offered.
    Redirect(Response),
}

/// Somebody has to be asked whether they mean to sign out: their browser may have
/// been sent here by anybody. If they do,
/// [`AuthorizationServer::confirm_logout`](crate::AuthorizationServer::confirm_logout)
/// goes on; if they do not, nothing is to be done.
pub struct ConfirmLogout {
    pub(crate) client: Option<Arc<Client>>,
    pub(crate) user: Authentication,
    pub(crate) logout_hint: Option<String>,
    pub(crate) ui_locales: Locales,
    pub(crate) ticket: String,
}

/// The host first ends the login session of [`user`](Self::user), so that
/// [`authenticate`](crate::UserAuthenticator::authenticate) does not find it any
/// more, and forgets the browser's cookie; then
/// [`AuthorizationServer::finish_logout`](crate::AuthorizationServer::finish_logout)
/// ends what was issued in it. The other way round, a code that is just being
/// handed out would outlive the session.
#[must_use]
pub struct EndSession {
    pub(crate) user: Option<Authentication>,
    pub(crate) then: Option<Response>,
}

impl ConfirmLogout {
    /// The application that sent the user here, if it said so. Anybody can.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        self.client.as_deref()
    }

    /// Who is signed in.
    #[must_use]
    pub const fn user(&self) -> &Authentication {
        &self.user
    }

    /// Whom the client means, in whatever form (`logout_hint`): to be shown at
    /// most, not to be believed.
    #[must_use]
    pub fn logout_hint(&self) -> Option<&str> {
        self.logout_hint.as_deref()
    }

    /// The languages that the page should be in, the first best (`ui_locales`).
    #[must_use]
    pub const fn ui_locales(&self) -> &Locales {
        &self.ui_locales
    }

    /// What the page carries: the request and who was asked, sealed. It serves
    /// them in this session and, where nobody is signed in, whoever brings it; and
    /// it names them. Keep it in a form, out of addresses and logs.
    #[must_use]
    pub fn ticket(&self) -> &str {
        &self.ticket
    }
}

impl EndSession {
    /// Whose session is to be ended, and which; `None` if nobody is signed in. After
    /// a page that asked it may have ended before: its user is to be signed out of
    /// what it left.
    #[must_use]
    pub const fn user(&self) -> Option<&Authentication> {
        self.user.as_ref()
    }
}

/// Prints no ticket, as those below.
impl fmt::Debug for Logout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confirm(confirm) => confirm.fmt(f),
            Self::End(end) => end.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
            Self::Redirect(response) => {
                f.debug_tuple("Redirect").field(&response.status()).finish()
            }
        }
    }
}

impl fmt::Debug for ConfirmLogout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfirmLogout")
            .field("client", &self.client.as_ref().map(|client| client.id()))
            .field("user", self.user.subject())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EndSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndSession")
            .field("user", &self.user.as_ref().map(Authentication::subject))
            .finish_non_exhaustive()
    }
}
