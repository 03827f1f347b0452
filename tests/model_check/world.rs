//! Nodes of one authorization server, and all that happens to them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use codegrant::memory::{Clients, Consents};
use codegrant::{
    AuthorizationServer, Client, ClientSecret, Clock, CodeStore, Entropy, HostError, InExtensions,
    Issuer, Policy, SecretRing, ServerSecret, Timestamp,
};

use super::history::{Event, explain};
use super::model::{
    ABSOLUTE_LIFETIME, ACCESS_LIFETIME, Answer, Ask, CODE_LIFETIME, GRACE, IDLE_LIFETIME,
};
use super::store::{Faults, Link};

const REDIRECT_URI: &str = "https://app.example/callback";
pub(crate) const SECRET: &str = "the secret of the resource server";
const START: i64 = 1_800_000_000;

/// All that the nodes share, and all that happened.
pub(crate) struct World {
    codes: Arc<dyn CodeStore>,
    consents: Arc<Consents>,
    clients: Arc<Clients>,
    entropy: Arc<Counted>,
    /// All that the clock has shown; the last is now.
    instants: Mutex<Vec<i64>>,
    ticks: AtomicU64,
    events: Mutex<Vec<Event>>,
    pub(crate) held: Mutex<Held>,
}

/// What was handed out, whoever holds it now.
#[derive(Clone, Default)]
pub(crate) struct Held {
    pub(crate) tickets: Vec<String>,
    pub(crate) codes: Vec<String>,
    pub(crate) access: Vec<String>,
    pub(crate) refresh: Vec<String>,
}

/// One node of the server, with its own clock and its own way to the store.
pub(crate) struct Node {
    pub(crate) world: Arc<World>,
    pub(crate) server: AuthorizationServer,
    link: Arc<Link>,
    skew: i64,
}

/// The world's clock, some seconds off.
struct Skewed(Arc<World>, i64);

/// Bytes that are never the same twice, and the same in every run.
struct Counted(AtomicU64);

impl World {
    pub(crate) fn new(codes: Arc<dyn CodeStore>) -> Arc<Self> {
        let app = |id: &str| Client::builder(id).redirect_uri(REDIRECT_URI).refresh_token();
        let resource = Client::builder("resource").introspects_any();
        let resource = resource.client_secret_post(ClientSecret::new(SECRET).hash());
        let clients = [app("app"), app("thief"), resource].map(|client| client.build().unwrap());
        Arc::new(Self {
            codes,
            consents: Arc::default(),
            clients: Arc::new(Clients::new(clients)),
            entropy: Arc::new(Counted(AtomicU64::new(0))),
            instants: Mutex::new(vec![START]),
            ticks: AtomicU64::new(0),
            events: Mutex::default(),
            held: Mutex::default(),
        })
    }

    pub(crate) fn node(self: &Arc<Self>, skew: i64, faults: Faults) -> Node {
        let link = Arc::new(Link::new(self.codes.clone(), self.consents.clone(), faults));
        let secret = SecretRing::new(ServerSecret::new([1; 32]).unwrap());
        let server = AuthorizationServer::builder(
            Issuer::parse("https://id.example").unwrap(),
            secret,
            self.clients.clone(),
            link.clone(),
            Arc::new(InExtensions),
        )
        .consents(link.clone())
        .clock(Arc::new(Skewed(self.clone(), skew)))
        .entropy(self.entropy.clone())
        .policy(policy())
        .build()
        .unwrap();
        Node { world: self.clone(), server, link, skew }
    }

    /// Time passes for every node.
    pub(crate) fn pass(&self, seconds: i64) {
        let mut instants = self.instants.lock().unwrap();
        let now = *instants.last().unwrap();
        instants.push(now + seconds);
    }

    pub(crate) fn held(&self) -> Held {
        self.held.lock().unwrap().clone()
    }

    /// Fails if no naive machine can have answered like this, or if the server
    /// was unavailable and must not be.
    pub(crate) fn assert_explicable(&self, always_available: bool) {
        let events = self.events.lock().unwrap();
        let unavailable = events.iter().find(|event| event.answer.is_none());
        assert!(!always_available || unavailable.is_none(), "unavailable: {unavailable:?}");
        explain(&events).unwrap_or_else(|why| panic!("{why}"));
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }
}

impl Node {
    /// The host's timer, at this node's time.
    pub(super) async fn sweep(&self) -> Result<u64, HostError> {
        self.link.sweep(Skewed(self.world.clone(), self.skew).now()).await
    }

    /// Asks, and notes what was asked and answered, and what it gave to hold.
    pub(crate) async fn does(&self, ask: Ask) -> Option<Answer> {
        let began = self.world.tick();
        let seen = self.world.instants.lock().unwrap().len() - 1;
        let answer = self.answer(&ask).await;
        let instants = self.world.instants.lock().unwrap()[seen..].to_vec();
        let event = Event {
            ask,
            answer: answer.clone(),
            began,
            ended: self.world.tick(),
            instants: instants.into_iter().map(|instant| instant + self.skew).collect(),
            store_failed: self.link.failed(),
        };
        self.world.events.lock().unwrap().push(event);
        let mut held = self.world.held.lock().unwrap();
        match answer.clone() {
            Some(Answer::Consent(ticket)) => held.tickets.push(ticket),
            Some(Answer::Code(code)) => held.codes.push(code),
            Some(Answer::Tokens { access, refresh, .. }) => {
                held.access.push(access);
                held.refresh.push(refresh);
            }
            Some(Answer::Refused | Answer::Done | Answer::Valid(_)) | None => {}
        }
        answer
    }
}

fn policy() -> Policy {
    let seconds = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
    Policy {
        code_lifetime: seconds(CODE_LIFETIME),
        access_token_lifetime: seconds(ACCESS_LIFETIME),
        refresh_idle_lifetime: seconds(IDLE_LIFETIME),
        refresh_absolute_lifetime: seconds(ABSOLUTE_LIFETIME),
        refresh_grace: seconds(GRACE),
        interaction_lifetime: seconds(24 * 60 * 60),
        ..Policy::default()
    }
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        let now = *self.0.instants.lock().unwrap().last().unwrap();
        Timestamp::from_unix(now + self.1)
    }
}

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        for chunk in bytes.chunks_mut(8) {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            chunk.iter_mut().zip(count.to_be_bytes()).for_each(|(byte, drawn)| *byte = drawn);
        }
        Ok(())
    }
}
