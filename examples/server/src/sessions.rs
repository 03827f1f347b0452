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

use crate::config::Checked;
use crate::cookie::{Cookie, random_value};

pub(crate) struct Sessions {
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    cookie: Cookie,
    lifetime: Duration,
    /// What every sign-in here is worth: there is one way to sign in.
    acr: Acr,
    amr: Amr,
}

/// A sign-in.
pub(crate) struct Begun {
    /// The cookie to set.
    pub(crate) cookie: String,
    /// Whose session it has ended.
    pub(crate) ended: Option<Authentication>,
}

impl Sessions {
    /// By a password, over TLS or not: two classes that SAML 2.0 has named.
    pub(crate) fn new(
        database: Arc<dyn Database>,
        clock: Arc<dyn Clock>,
        checked: &Checked,
    ) -> Result<Self, HostError> {
        let acr = if checked.secure {
            "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
        } else {
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
        };
        Ok(Self {
            database,
            clock,
            cookie: Cookie::new("codegrant_session", &checked.path, checked.secure),
            lifetime: checked.login_lifetime,
            acr: Acr::parse(acr)?,
            amr: Amr::parse("pwd")?,
        })
    }

    pub(crate) const fn acr(&self) -> &Acr {
        &self.acr
    }

    /// Signs `subject` in on the browser with these headers. The cookie's value is
    /// always new: one that was planted before the login is worth nothing after.
    ///
    /// Who enters the password once more goes on with the session, so that what
    /// was issued in it ends with it; its end stays, until which the clients of it are
    /// known. Somebody else's sign-in ends it: last, so that no error hides whose it was.
    pub(crate) async fn begin(
        &self,
        subject: Subject,
        headers: &HeaderMap,
    ) -> Result<Begun, HostError> {
        let before = self.current(headers).await?;
        let (once_more, ended) = match before {
            Some(session) if session.subject == subject => (Some(session), None),
            other => (None, other),
        };
        let (value, now) = (random_value()?, self.clock.now());
        let session = match once_more {
            // Two sign-ins of one session are told apart by their seconds.
            Some(session) => LoginSession {
                authenticated_at: now.max(session.authenticated_at.plus(Duration::from_secs(1))),
                ..session
            },
            None => LoginSession {
                id: SessionId::parse(random_value()?)?,
                subject,
                authenticated_at: now,
                expires_at: now.plus(self.lifetime),
            },
        };
        let left = Duration::from_secs(session.expires_at.seconds_since(now));
        self.database.begin_session(SessionKey::of(&value), session).await?;
        self.end(headers).await?;
        let cookie = self.cookie.set(&value, Some(left));
        Ok(Begun { cookie, ended: ended.map(|session| self.authentication(session)) })
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

    /// The session that the browser with these headers has.
    async fn current(&self, headers: &HeaderMap) -> Result<Option<LoginSession>, HostError> {
        let Some(cookie) = self.cookie.read(headers) else { return Ok(None) };
        let session = self.database.session(SessionKey::of(cookie)).await?;
        Ok(session.filter(|session| self.clock.now() < session.expires_at))
    }

    fn authentication(&self, session: LoginSession) -> Authentication {
        Authentication::new(session.subject, session.authenticated_at)
            .with_session(session.id)
            .with_session_end(session.expires_at)
            .with_acr(self.acr.clone())
            .with_amr([self.amr.clone()])
    }
}

#[async_trait]
impl UserAuthenticator for Sessions {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Authentication>, HostError> {
        let session = self.current(&request.headers).await?;
        Ok(session.map(|session| self.authentication(session)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use axum::http::header::COOKIE;
    use codegrant::{Timestamp, User};
    use stores::{Account, AccountStore, Sqlite};

    use super::*;
    use crate::config::Config;

    struct TestClock(AtomicI64);

    impl Clock for TestClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix(self.0.load(Ordering::SeqCst))
        }
    }

    /// A browser that has this cookie, and nothing else of it.
    fn browser(cookie: &str) -> Parts {
        let pair = cookie.split(';').next().unwrap();
        axum::http::Request::builder().header(COOKIE, pair).body(()).unwrap().into_parts().0
    }

    /// Where alice has an account, and nobody else.
    async fn sessions(clock: Arc<TestClock>) -> Sessions {
        let database = Sqlite::in_memory().unwrap();
        let account = Account {
            subject: subject("alice"),
            username: "alice".into(),
            password_hash: String::new(),
            user: Arc::new(User::new()),
        };
        database.put_account(account).await.unwrap();
        Sessions::new(Arc::new(database), clock, &Config::default().check().unwrap()).unwrap()
    }

    fn subject(name: &str) -> Subject {
        Subject::parse(name).unwrap()
    }

    /// Where it moved, a client would be forgotten that signed its user in before.
    #[tokio::test]
    async fn the_password_entered_once_more_does_not_move_the_sessions_end() {
        let clock = Arc::new(TestClock(AtomicI64::new(0)));
        let sessions = sessions(clock.clone()).await;
        let first = sessions.begin(subject("alice"), &HeaderMap::new()).await.unwrap();
        assert!(first.cookie.ends_with("Max-Age=86400"), "{}", first.cookie);
        let before = browser(&first.cookie);
        clock.0.store(86_390, Ordering::SeqCst);
        let again = sessions.begin(subject("alice"), &before.headers).await.unwrap();
        assert!(again.ended.is_none());
        assert!(again.cookie.ends_with("Max-Age=10"), "{}", again.cookie);
        let after = browser(&again.cookie);
        let signed_in = sessions.authenticate(&after).await.unwrap().unwrap();
        assert_eq!(signed_in.authenticated_at(), clock.now());
        assert_eq!(signed_in.session_end(), Some(Timestamp::from_unix(86_400)));
        assert!(sessions.authenticate(&before).await.unwrap().is_none(), "its cookie is dead");
        clock.0.store(86_400, Ordering::SeqCst);
        assert!(sessions.authenticate(&after).await.unwrap().is_none());
    }

    /// Whoever was signed in before could not be signed out any more.
    #[tokio::test]
    async fn a_sign_in_that_fails_ends_nobodys_session() {
        let sessions = sessions(Arc::new(TestClock(AtomicI64::new(0)))).await;
        let alices = sessions.begin(subject("alice"), &HeaderMap::new()).await.unwrap();
        let browser = browser(&alices.cookie);
        assert!(sessions.begin(subject("nobody"), &browser.headers).await.is_err());
        assert!(sessions.authenticate(&browser).await.unwrap().is_some());
    }
}
