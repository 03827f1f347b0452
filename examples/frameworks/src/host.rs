//! The host: an authorization server and what it needs of an application.

use std::error::Error;
use std::sync::Arc;

use codegrant::{
    Access, Algorithm, AuthorizationServer, Authorize, Client, ClientSecret, Clock, CodeStore,
    Decision, Denied, EndSession, Granted, Guard, Issuer, KeySet, Logout, Provider, Refused,
    Response, Scope, SecretRing, ServerSecret, SignedOut, SigningKey, Subject, SystemClock, memory,
};
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::pages;
use crate::people::People;
use crate::sessions::{Form, Sessions};

/// What access tokens of the resource server `reports` are addressed to.
const REPORTS_API: &str = "http://127.0.0.1:8090/reports";

/// Everything behind the adapter.
pub struct Host {
    server: AuthorizationServer,
    guard: Guard,
    needed: Scope,
    codes: Arc<memory::Codes>,
    people: Arc<People>,
    sessions: Arc<Sessions>,
}

/// What the host answers itself, because it needs to know its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The authorization endpoint, where clients send browsers.
    Authorize,
    /// A filled-in login form.
    Login,
    /// A decision on what a client may do.
    Consent,
    /// The end-session endpoint.
    Logout,
    /// The answer to the question whether to sign out.
    ConfirmLogout,
    /// Something that only an access token opens.
    Resource,
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 6] = [
        Self::Authorize,
        Self::Login,
        Self::Consent,
        Self::Logout,
        Self::ConfirmLogout,
        Self::Resource,
    ];

    /// Where it is.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Authorize => "/authorize",
            Self::Login => pages::LOGIN,
            Self::Consent => pages::CONSENT,
            Self::Logout => "/logout",
            Self::ConfirmLogout => pages::CONFIRM_LOGOUT,
            Self::Resource => "/resource",
        }
    }
}

impl Host {
    /// The demonstration, in memory, that is reached at `issuer`.
    pub fn new(issuer: &str) -> Result<Self, Box<dyn Error>> {
        let (codes, sessions) = (Arc::<memory::Codes>::default(), Arc::<Sessions>::default());
        let people = Arc::new(People::demonstration()?);
        let keys = KeySet::new([SigningKey::generate(Algorithm::Rs256)?])?;
        let server = AuthorizationServer::builder(
            Issuer::parse(issuer)?,
            SecretRing::new(ServerSecret::generate()),
            Arc::new(memory::Clients::new(clients()?)),
            codes.clone(),
            sessions.clone(),
        )
        .consents(Arc::new(memory::Consents::default()))
        .directory(people.clone())
        .openid(Provider::new(keys))
        .build()?;
        let needed = Scope::parse("reports.read")?;
        Ok(Self { guard: server.guard(), server, needed, codes, people, sessions })
    }

    /// The authorization server, which answers what needs no user.
    #[must_use]
    pub const fn server(&self) -> &AuthorizationServer {
        &self.server
    }

    /// The answer of `page` to a request.
    pub async fn show(&self, page: Page, request: &Parts, body: &[u8]) -> Response {
        let answered = match page {
            Page::Authorize => self.authorize(request, body).await,
            Page::Logout => self.logout(request, body).await,
            Page::Resource => Ok(self.resource(request).await),
            Page::Login | Page::Consent | Page::ConfirmLogout => {
                self.submit(page, request, body).await
            }
        };
        answered.unwrap_or_else(|refused| pages::refused(&refused))
    }

    /// Forgets what expired. What cannot be forgotten now can be the next time.
    pub(crate) async fn sweep(&self) {
        let now = SystemClock.now();
        let _ = self.codes.sweep(now).await;
        self.sessions.sweep(now);
    }

    async fn authorize(&self, request: &Parts, body: &[u8]) -> Result<Response, Refused> {
        match self.server.authorize(request, body).await {
            Authorize::Login(login) => Ok(pages::login(&login, &request.headers, None)),
            Authorize::Consent(consent) => Ok(pages::consent(&consent, &request.headers)),
            Authorize::Refused(refused) => Err(refused),
            Authorize::Redirect(response) => Ok(response),
        }
    }

    /// One of our own forms, if it is one that this browser was given.
    async fn submit(&self, page: Page, request: &Parts, body: &[u8]) -> Result<Response, Refused> {
        if request.method != Method::POST {
            return Ok(pages::method_not_allowed());
        }
        let Some(form) = Form::read(&request.headers, body) else { return Ok(pages::forged()) };
        match page {
            Page::Login => self.login(request, &form).await,
            Page::Consent => self.consent(request, &form).await,
            _ => self.confirm_logout(request, &form).await,
        }
    }

    /// Whoever puts this before the public also limits the number of tries, as
    /// `examples/server` does.
    async fn login(&self, request: &Parts, form: &Form) -> Result<Response, Refused> {
        let ticket = form.get("ticket");
        if form.get("action") == "cancel" {
            return self.server.cancel(ticket).await;
        }
        let username = form.get("username").trim();
        let Some(subject) = self.people.authenticate(username, form.get("password")).await? else {
            let login = self.server.login(ticket).await?;
            return Ok(pages::login(&login, &request.headers, Some(username)));
        };
        let onward = self.server.resume(ticket)?;
        self.sign_in(subject, &request.headers, onward).await
    }

    /// A session for `subject`, and the end of whosever it was before.
    async fn sign_in(
        &self,
        subject: Subject,
        headers: &HeaderMap,
        mut onward: Response,
    ) -> Result<Response, Refused> {
        let begun = self.sessions.begin(subject, headers, SystemClock.now())?;
        if let Some(before) = &begun.ended {
            told(self.server.sign_out(before).await)?;
        }
        onward.headers_mut().append(SET_COOKIE, begun.cookie);
        Ok(onward)
    }

    async fn consent(&self, request: &Parts, form: &Form) -> Result<Response, Refused> {
        let decision = match form.get("decision") {
            "allow" => Decision::Allow(Granted::everything()),
            _ => Decision::Deny,
        };
        self.server.decide(request, form.get("ticket"), decision).await
    }

    async fn logout(&self, request: &Parts, body: &[u8]) -> Result<Response, Refused> {
        match self.server.logout(request, body).await {
            Logout::End(session) => self.end(request, session).await,
            Logout::Confirm(confirm) => Ok(pages::confirm_logout(&confirm, &request.headers)),
            Logout::Refused(refused) => Err(refused),
            Logout::Redirect(response) => Ok(response),
        }
    }

    async fn confirm_logout(&self, request: &Parts, form: &Form) -> Result<Response, Refused> {
        let session = self.server.confirm_logout(request, form.get("ticket")).await?;
        self.end(request, session).await
    }

    /// First the session, then what was issued in it. In memory nothing waits; where a
    /// store may, spawn this, lest a browser that goes away stops it half-way.
    async fn end(&self, request: &Parts, session: EndSession) -> Result<Response, Refused> {
        let forgotten = self.sessions.end(&request.headers);
        let (ended, then) = self.server.finish_logout(session).await;
        told(ended)?;
        let mut response = then.unwrap_or_else(pages::signed_out);
        response.headers_mut().append(SET_COOKIE, forgotten);
        Ok(response)
    }

    async fn resource(&self, request: &Parts) -> Response {
        match self.admit(request).await {
            Ok(access) => pages::report(&access),
            Err(denied) => denied.into_response(),
        }
    }

    async fn admit(&self, request: &Parts) -> Result<Access, Denied> {
        let access = self.guard.check(request).await?;
        access.require_scope(&self.needed)?;
        Ok(access)
    }
}

/// Whether all has ended. None of the demonstration's clients wants to be told.
fn told(signed_out: SignedOut) -> Result<(), Refused> {
    signed_out.fault.map_or(Ok(()), |cause| Err(cause.into()))
}

/// One of each kind: a web application that keeps a secret, a program on the
/// user's machine that cannot, and a resource server that asks what tokens are worth.
fn clients() -> Result<[Client; 3], Box<dyn Error>> {
    Ok([
        Client::builder("dashboard")
            .name("Reports Dashboard")
            .client_secret_basic(ClientSecret::new("dashboard-demo-secret").hash())
            .redirect_uri("http://127.0.0.1:8081/callback")
            .post_logout_redirect_uri("http://127.0.0.1:8081/")
            .scope("openid profile email offline_access reports.read")
            .resource(REPORTS_API)
            .refresh_token()
            .build()?,
        Client::builder("terminal")
            .name("Reports Terminal")
            .native()
            .redirect_uri("http://127.0.0.1/callback")
            .scope("reports.read")
            .refresh_token()
            .build()?,
        Client::builder("reports")
            .name("Reports API")
            .client_secret_basic(ClientSecret::new("reports-demo-secret").hash())
            .audience(REPORTS_API)
            .build()?,
    ])
}
