//! Login sessions: who is signed in on which browser.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use codegrant::{
    Acr, Amr, Authentication, Clock, HostError, SessionId, Subject, UserAuthenticator,
};
use stores::{Database, LoginSession, SessionKey};

use crate::cookie::{Cookie, random_value};

pub(crate) struct Sessions {
    pub(crate) database: Arc<dyn Database>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cookie: Cookie,
    pub(crate) lifetime: Duration,
    pub(crate) sign_in: SignIn,
}

/// What every sign-in here is worth: there is one way to sign in.
pub(crate) struct SignIn {
    pub(crate) acr: Acr,
    amr: Amr,
}

impl SignIn {
    /// By a password, over TLS or not: two classes that SAML 2.0 has named.
    pub(crate) fn by_password(secure: bool) -> Result<Self, HostError> {
        let acr = if secure {
            "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
        } else {
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
        };
        Ok(Self { acr: Acr::parse(acr)?, amr: Amr::parse("pwd")? })
    }
}

impl Sessions {
    /// Signs `subject` in on the browser with these headers, and says which
    /// cookie to set. Its value is always new, and the session that the browser
    /// had before ends: a cookie planted before the login is worth nothing after.
    pub(crate) async fn begin(
        &self,
        subject: Subject,
        headers: &HeaderMap,
    ) -> Result<String, HostError> {
        if let Some(before) = self.cookie.read(headers) {
            self.database.end_session(SessionKey::of(before)).await?;
        }
        let (value, now) = (random_value()?, self.clock.now());
        let session = LoginSession {
            id: SessionId::parse(random_value()?)?,
            subject,
            authenticated_at: now,
            expires_at: now.plus(self.lifetime),
        };
        self.database.begin_session(SessionKey::of(&value), session).await?;
        Ok(self.cookie.set(&value, Some(self.lifetime)))
    }

    /// Signs whoever it is out on the browser with these headers, and says
    /// which cookie to set.
    pub(crate) async fn end(&self, headers: &HeaderMap) -> Result<String, HostError> {
        if let Some(cookie) = self.cookie.read(headers) {
            self.database.end_session(SessionKey::of(cookie)).await?;
        }
        Ok(self.cookie.forget())
    }

    /// Signs `subject` out on every browser.
    pub(crate) async fn end_all(&self, subject: &Subject) -> Result<(), HostError> {
        self.database.end_sessions(subject).await
    }
}

#[async_trait]
impl UserAuthenticator for Sessions {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Authentication>, HostError> {
        let Some(cookie) = self.cookie.read(&request.headers) else { return Ok(None) };
        let session = self.database.session(SessionKey::of(cookie)).await?;
        let session = session.filter(|session| self.clock.now() < session.expires_at);
        Ok(session.map(|session| {
            Authentication::new(session.subject, session.authenticated_at)
                .with_session(session.id)
                .with_session_end(session.expires_at)
                .with_acr(self.sign_in.acr.clone())
                .with_amr([self.sign_in.amr.clone()])
        }))
    }
}
