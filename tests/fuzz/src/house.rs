//! A house that is the same at every run: its clock stands still, its secret and
//! its randomness are known, and who is signed in is what the target says.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use codegrant::memory::{Clients, Codes};
use codegrant::{
    Algorithm, Authentication, AuthorizationServer, Client, Clock, Entropy, HostError,
    InExtensions, Issuer, KeySet, Provider, SecretRing, ServerSecret, SessionId, SigningKey,
    Subject, Timestamp,
};
use http::Request;
use http::header::CONTENT_TYPE;
use http::request::{Builder, Parts};

pub(crate) const ISSUER: &str = "https://id.example/tenant";
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The keys of RFC 8037 appendix A.1 and RFC 7515 appendix A.2.
static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let ed25519 = include_str!("../../../src/jose/tests/rfc8037_a1.json");
    let rsa = include_str!("../../../src/jose/tests/rfc7515_a2.json");
    let keys = [(Algorithm::EdDsa, ed25519), (Algorithm::Rs256, rsa)];
    KeySet::new(keys.map(|(algorithm, key)| SigningKey::from_jwk(algorithm, key).unwrap())).unwrap()
});

pub(crate) struct House {
    pub(crate) server: AuthorizationServer,
    pub(crate) codes: Arc<Codes>,
}

pub(crate) struct StandingClock;

/// Counts, so that nothing is drawn twice in one house.
#[derive(Default)]
struct Counting(AtomicU64);

impl House {
    pub(crate) fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        let codes = Arc::new(Codes::default());
        let server = AuthorizationServer::builder(
            Issuer::parse(ISSUER).unwrap(),
            SecretRing::new(ServerSecret::new([7; 32]).unwrap()),
            Arc::new(Clients::new(clients)),
            codes.clone(),
            Arc::new(InExtensions),
        )
        .clock(Arc::new(StandingClock))
        .entropy(Arc::new(Counting::default()))
        .openid(Provider::new(keys()))
        .build()
        .unwrap();
        Self { server, codes }
    }
}

pub(crate) fn keys() -> KeySet {
    KEYS.clone()
}

/// A GET, by Alice if `signed_in`; `None` if this cannot be a URI.
pub(crate) fn get(query: &str, signed_in: bool) -> Option<Parts> {
    let mut parts = finish(Request::get(format!("/?{query}")))?;
    if signed_in {
        parts.extensions.insert(alice());
    }
    Some(parts)
}

/// A POST of a form.
pub(crate) fn post() -> Builder {
    Request::post("/").header(CONTENT_TYPE, FORM)
}

pub(crate) fn finish(request: Builder) -> Option<Parts> {
    Some(request.body(()).ok()?.into_parts().0)
}

pub(crate) fn alice() -> Authentication {
    let since = Timestamp::from_unix(NOW - 100);
    Authentication::new(Subject::parse("alice").unwrap(), since)
        .with_session(SessionId::parse("session").unwrap())
}

/// What `future` comes to; everything around it answers at once.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(NOW)
    }
}

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
        Ok(())
    }
}
