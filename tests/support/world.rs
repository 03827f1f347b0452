//! What surrounds the server: stores, people, the clock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use codegrant::memory::{Clients, Codes, Consents};
use codegrant::{
    Authentication, AuthorizationServer, Builder, Clock, CodeStore, Directory, Grant, HostError,
    Issuer, SecretRing, ServerSecret, SessionId, Sha256Secrets, Subject, SystemEntropy, Timestamp,
    User, UserAuthenticator,
};
use http::request::Parts;

use super::apps;
use super::seams::{Seams, Watched};

/// With a path, so that nothing can confuse the issuer with its host.
pub(crate) const ISSUER: &str = "https://id.example/tenant";

/// When every test begins.
pub(crate) const START: i64 = 1_800_000_000;

/// The stores and people around a server, all of them watched.
pub(crate) struct World {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) browser: Arc<Browser>,
    pub(crate) people: Arc<People>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) codes: Arc<Codes>,
    pub(crate) consents: Arc<Consents>,
    pub(crate) seams: Arc<Seams>,
}

/// A clock that stands still until it is set.
pub(crate) struct FakeClock(Mutex<i64>);

/// Who is signed in on the one browser of the test.
#[derive(Default)]
pub(crate) struct Browser(Mutex<Option<Authentication>>);

/// The users that exist.
pub(crate) struct People(Mutex<HashMap<String, Arc<User>>>);

impl World {
    pub(crate) fn new() -> Self {
        let analyst = User::new().with_roles(["analyst"]).with_permissions(["reports:read"]);
        let people = [("alice", analyst), ("bob", User::new())];
        let people = people.map(|(name, user)| (name.to_owned(), Arc::new(user)));
        Self {
            clock: Arc::new(FakeClock(Mutex::new(START))),
            browser: Arc::default(),
            people: Arc::new(People(Mutex::new(people.into()))),
            clients: Arc::new(Clients::new(apps::registered())),
            codes: Arc::default(),
            consents: Arc::default(),
            seams: Arc::default(),
        }
    }

    /// A server of this issuer and secret on these stores, in the making.
    pub(crate) fn assemble(&self, issuer: &str, secrets: SecretRing) -> Builder {
        AuthorizationServer::builder(
            Issuer::parse(issuer).unwrap(),
            secrets,
            self.watched(&self.clients),
            self.watched(&self.codes),
            self.watched(&self.browser),
        )
        .consents(self.watched(&self.consents))
        .directory(self.watched(&self.people))
        .secret_verifier(self.watched(&Arc::new(Sha256Secrets)))
        .entropy(self.watched(&Arc::new(SystemEntropy)))
        .clock(self.clock.clone())
    }

    /// `inner` with its calls counted and failing on demand.
    pub(crate) fn watched<S>(&self, inner: &Arc<S>) -> Arc<Watched<S>> {
        Arc::new(Watched { inner: inner.clone(), seams: self.seams.clone() })
    }

    /// `user` signs in, now, in a new session.
    pub(crate) fn sign_in(&self, user: &str) {
        let session = SessionId::parse(format!("session of {user}")).unwrap();
        self.browser.set(Some(self.authentication(user).with_session(session)));
    }

    pub(crate) fn sign_out(&self) {
        self.browser.set(None);
    }

    /// `user` proved who they are just now.
    pub(crate) fn authentication(&self, user: &str) -> Authentication {
        Authentication::new(Subject::parse(user).unwrap(), self.clock.now())
    }

    /// Time passes, or, negative, the clock is set back.
    pub(crate) fn pass(&self, seconds: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.saturating_add(seconds);
    }

    /// Every grant of `user`, past all faults.
    pub(crate) async fn grants(&self, user: &str) -> Vec<Arc<Grant>> {
        self.codes.granted_by(&Subject::parse(user).unwrap()).await.unwrap()
    }

    /// All that is kept of alice's grants, to compare before and after.
    pub(crate) async fn records(&self) -> Vec<String> {
        let grants = self.grants("alice").await;
        let record =
            |grant: &Arc<Grant>| format!("{} {}", grant.version(), grant.to_record().unwrap());
        grants.iter().map(record).collect()
    }
}

/// Server secrets whose bytes are all the same: the first seals.
pub(crate) fn ring(bytes: &[u8]) -> SecretRing {
    let mut secrets = bytes.iter().map(|byte| ServerSecret::new([*byte; 32]).unwrap());
    let sealing = SecretRing::new(secrets.next().unwrap());
    secrets.fold(sealing, SecretRing::also_opening)
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(*self.0.lock().unwrap())
    }
}

impl Browser {
    pub(crate) fn set(&self, signed_in: Option<Authentication>) {
        *self.0.lock().unwrap() = signed_in;
    }
}

#[async_trait]
impl UserAuthenticator for Browser {
    async fn authenticate(&self, _: &Parts) -> Result<Option<Authentication>, HostError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

impl People {
    pub(crate) fn put(&self, name: &str, user: User) {
        self.0.lock().unwrap().insert(name.to_owned(), Arc::new(user));
    }

    pub(crate) fn remove(&self, user: &str) {
        self.0.lock().unwrap().remove(user);
    }
}

#[async_trait]
impl Directory for People {
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError> {
        Ok(self.0.lock().unwrap().get(subject.as_str()).cloned())
    }
}
