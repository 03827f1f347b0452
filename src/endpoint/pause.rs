//! Pauses as values: what the authorization endpoint hands to the host when
//! people have to sign in or agree.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::StatusCode;

use crate::answer::{self, Response};
use crate::cause::{Cause, ErrorCode};
use crate::model::authentication::Authentication;
use crate::model::claim_names::ClaimNames;
use crate::model::client::Client;
use crate::model::identity::{Acr, Subject};
use crate::model::page::{Display, Locales};
use crate::model::redirect_uri::RedirectUri;
use crate::model::resource::Resources;
use crate::model::scope::Scope;
use crate::request::sign_in::SignIn;
use crate::token::ticket::LoginReason;

/// What the host does next.
#[must_use]
pub enum Authorize {
    /// Somebody has to sign in: show a login page that carries the ticket.
    Login(Login),
    /// The signed-in user has to be asked: show a consent page that carries
    /// the ticket.
    Consent(Consent),
    /// The request cannot be answered to any client: show an error page.
    Refused(Refused),
    /// The browser goes on: to the client with a code or an error, by a redirect
    /// or, where the client wants it, by a page that posts them; or by GET to this
    /// endpoint again.
    Redirect(Response),
}

/// Who asks, and where the answer goes: what every page says.
#[derive(Clone)]
pub struct Asker {
    pub(crate) client: Arc<Client>,
    pub(crate) redirect_uri: RedirectUri,
}

/// Somebody has to sign in, even if [`reason`](Self::reason) says that somebody
/// is: only a sign-in later than theirs will do, so a page that sends them back
/// without one is shown again. When they have,
/// [`AuthorizationServer::resume`](crate::AuthorizationServer::resume) says
/// where to send the browser; when they would rather not,
/// [`cancel`](crate::AuthorizationServer::cancel) answers the client.
pub struct Login {
    pub(crate) asker: Asker,
    pub(crate) reason: LoginReason,
    pub(crate) wanted: SignIn,
    pub(crate) ticket: String,
}

/// Somebody has to be asked. Their answer goes to
/// [`AuthorizationServer::decide`](crate::AuthorizationServer::decide).
pub struct Consent {
    pub(crate) asker: Asker,
    pub(crate) user: Authentication,
    pub(crate) scope: Scope,
    pub(crate) allowed_before: Scope,
    pub(crate) resources: Resources,
    pub(crate) claims: ClaimNames,
    pub(crate) ticket: String,
}

/// What the user answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The client gets this much.
    Allow(Granted),
    /// The client gets nothing and is told `access_denied`.
    Deny,
}

/// How much of what was asked the user allows. Whatever was not asked for is
/// left out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Granted {
    pub(crate) scope: Option<Scope>,
    pub(crate) claims: Option<ClaimNames>,
}

/// A request that must not be answered to any client.
#[derive(Clone, Debug)]
pub struct Refused {
    pub(crate) cause: Cause,
}

impl Asker {
    /// The application.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The host, with its port if the URI names one, or the scheme of an installed
    /// application, that gets the answer. Pages name it, since a client's name is only
    /// what it calls itself.
    #[must_use]
    pub fn redirect_host(&self) -> &str {
        self.redirect_uri.host()
    }

    /// Whether anybody could have sent this request in the client's name and
    /// receive the answer: it has no secret, and the URI does not lead to its own
    /// web server. A page says so; consent is neither remembered nor skipped.
    #[must_use]
    pub fn can_be_impersonated(&self) -> bool {
        self.client.can_be_impersonated_at(&self.redirect_uri)
    }
}

impl Login {
    /// Who asks.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Why, although somebody may be signed in.
    #[must_use]
    pub const fn reason(&self) -> LoginReason {
        self.reason
    }

    /// Whom the client expects, in whatever form (`login_hint`): to fill the form
    /// in, not to be believed.
    #[must_use]
    pub fn login_hint(&self) -> Option<&str> {
        self.wanted.login_hint.as_deref()
    }

    /// Who it has to be; anybody, if nobody is named.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        self.wanted.subjects.as_deref().unwrap_or_default()
    }

    /// What the sign-in should be worth, the first best
    /// ([`Authentication::with_acr`]).
    #[must_use]
    pub fn acr_values(&self) -> &[Acr] {
        &self.wanted.acr.values
    }

    /// The languages that the page should be in, the first best (`ui_locales`).
    #[must_use]
    pub const fn ui_locales(&self) -> &Locales {
        &self.wanted.ui_locales
    }

    /// What the page is shown in, if the client says so (`display`).
    #[must_use]
    pub const fn display(&self) -> Option<Display> {
        self.wanted.display
    }

    /// What the page carries: the request, sealed. Not a secret, but it tells
    /// what was asked.
    #[must_use]
    pub fn ticket(&self) -> &str {
        &self.ticket
    }
}

impl Consent {
    /// Who asks.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Who is asked.
    #[must_use]
    pub const fn user(&self) -> &Authentication {
        &self.user
    }

    /// Everything that is asked for.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What of it the user allowed this client before.
    #[must_use]
    pub const fn allowed_before(&self) -> &Scope {
        &self.allowed_before
    }

    /// The resource servers that it is asked for; none in particular, if empty.
    #[must_use]
    pub const fn resources(&self) -> &Resources {
        &self.resources
    }

    /// The claims about the user that are asked for one by one, beside what the
    /// scopes release, whatever the language (`claims`, OpenID Connect Core section
    /// 5.5). All are among those that the provider says it supports.
    #[must_use]
    pub const fn claims(&self) -> &ClaimNames {
        &self.claims
    }

    /// What the page carries: the request and who was asked, sealed. It serves
    /// this user in this session only.
    #[must_use]
    pub fn ticket(&self) -> &str {
        &self.ticket
    }
}

impl Granted {
    /// All that was asked for.
    #[must_use]
    pub const fn everything() -> Self {
        Self { scope: None, claims: None }
    }

    /// What is both asked for and in `scope`, and of the claims that are asked for
    /// one by one those that no scope left out would release, unless
    /// [`with_claims`](Self::with_claims) names them. Nothing of something counts
    /// as a denial.
    #[must_use]
    pub const fn only(scope: Scope) -> Self {
        Self { scope: Some(scope), claims: None }
    }

    /// Of the claims that are asked for one by one, only these.
    #[must_use]
    pub fn with_claims(mut self, claims: ClaimNames) -> Self {
        self.claims = Some(claims);
        self
    }
}

impl Refused {
    /// Why, for the log.
    #[must_use]
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The error code for the page.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.cause.code()
    }

    /// One sentence for the page, in fixed words.
    #[must_use]
    pub fn description(&self) -> Cow<'static, str> {
        self.cause.description()
    }

    /// The page's status: 400, or 405, 500 and 503 where they fit better.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.cause.page_status()
    }

    /// A plain page, for hosts that make none of their own.
    #[must_use]
    pub fn response(&self) -> Response {
        let text = format!("{}: {}", self.code().as_str(), self.description());
        let page = answer::with_cause(answer::page(self.status(), text), self.cause.clone());
        answer::allowing(page, "GET, POST")
    }
}

/// Prints no code and no ticket, as those below.
impl fmt::Debug for Authorize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login(login) => login.fmt(f),
            Self::Consent(consent) => consent.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
            Self::Redirect(response) => {
                f.debug_tuple("Redirect").field(&response.status()).finish()
            }
        }
    }
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.client.id(), self.redirect_host())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("asker", &self.asker)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consent")
            .field("asker", &self.asker)
            .field("user", self.user.subject())
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl<E: Into<Cause>> From<E> for Refused {
    fn from(cause: E) -> Self {
        Self { cause: cause.into() }
    }
}
