//! What a flow costs, from request text to response, with many grants alive.
//!
//! `cargo bench --bench flow` prints two things: the bars (whole flow against
//! the bare cryptography, measured in turn in one loop; growth from a thousand
//! to a million live grants; memory a grant), and a table with allocations.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark measures time")]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use codegrant::{
    Authentication, AuthorizationServer, Authorize, Client, ClientSecret, Clock, CodeStore, Guard,
    HostError, Issuer, Response, SecretRing, ServerSecret, Subject, Timestamp, UserAuthenticator,
    memory,
};
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Request};
use rand::Rng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

const LIVE: [usize; 3] = [1_000, 100_000, 1_000_000];
const LIFETIME: usize = 600;
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn main() {
    bars();
    divan::main();
}

/// The figures that the design is held to, the median of many short rounds.
fn bars() {
    println!("whole flow beside the bare cryptography, in turn in one loop (µs, medians)\n");
    println!("live grants   flow   cryptography   ratio   bytes a grant");
    let mut flows = Vec::new();
    for live in LIVE {
        let before = resident_bytes();
        let mut house = House::new(live);
        let bytes = resident_bytes().saturating_sub(before) / live;
        let bare = BareCryptography::new();
        for _ in 0..2_000 {
            house.flow();
            bare.flow();
        }
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..50_000 {
            with.push(time(|| house.flow()));
            without.push(time(|| bare.flow()));
        }
        let (with, without) = (median(with), median(without));
        flows.push(with);
        let ratio = with / without;
        println!("{live:>11} {with:>6.2} {without:>14.2} {ratio:>7.2} {bytes:>15}");
    }
    println!("\na million live grants against a thousand: {:.2} times\n", flows[2] / flows[0]);
}

fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e6
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// What the process holds in memory, by the kernel's account.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[divan::bench(args = LIVE)]
fn authorize(bencher: divan::Bencher<'_, '_>, live: usize) {
    let house = House::new(live);
    bencher.bench_local(|| house.authorize());
}

#[divan::bench(args = LIVE)]
fn redeem(bencher: divan::Bencher<'_, '_>, live: usize) {
    let house = House::new(live);
    bencher
        .with_inputs(|| house.token_body(code_in(&house.authorize())))
        .bench_local_values(|body| house.redeem(&body));
}

#[divan::bench(args = LIVE)]
fn validate(bencher: divan::Bencher<'_, '_>, live: usize) {
    let house = House::new(live);
    let body = house.token_body(code_in(&house.authorize()));
    let request = bearer(access_token_in(&house.redeem(&body)));
    bencher.bench_local(|| house.validate(&request));
}

#[divan::bench(args = LIVE)]
fn whole_flow(bencher: divan::Bencher<'_, '_>, live: usize) {
    let mut house = House::new(live);
    bencher.bench_local(|| house.flow());
}

/// A server with as many live grants as asked for: for each that a flow adds,
/// the clock moves on until the oldest has expired and is swept.
struct House {
    server: AuthorizationServer,
    guard: Guard,
    codes: Arc<memory::Codes>,
    clock: Arc<SetClock>,
    flows_a_second: usize,
    flows: usize,
    authorization_request: Parts,
    token_request: Parts,
    body: Vec<u8>,
    body_end: usize,
    resource_request: Parts,
    header: Vec<u8>,
}

struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::Relaxed))
    }
}

/// As many users as grants, who come one after the other.
struct EachInTurn {
    users: Vec<Subject>,
    next: AtomicUsize,
}

impl EachInTurn {
    fn new(count: usize) -> Self {
        let user = |number| Subject::parse(format!("user-{number:08}")).unwrap();
        Self { users: (0..count).map(user).collect(), next: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl UserAuthenticator for EachInTurn {
    async fn authenticate(&self, _: &Parts) -> Result<Option<Authentication>, HostError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.users.len();
        let signed_in = Timestamp::from_unix(1_700_000_000);
        Ok(Some(Authentication::new(self.users[turn].clone(), signed_in)))
    }
}

impl House {
    fn new(live: usize) -> Self {
        let secret = ClientSecret::generate();
        let client = Client::builder("dashboard")
            .redirect_uri("https://dashboard.example/callback")
            .scope("reports.read reports.write")
            .client_secret_basic(secret.hash())
            .trusted()
            .build()
            .unwrap();
        let codes = Arc::new(memory::Codes::default());
        let clock = Arc::new(SetClock(AtomicI64::new(1_700_000_000)));
        let server = AuthorizationServer::builder(
            Issuer::parse("https://id.example").unwrap(),
            SecretRing::new(ServerSecret::new([7; 32]).unwrap()),
            Arc::new(memory::Clients::new([client])),
            codes.clone(),
            Arc::new(EachInTurn::new(live)),
        )
        .clock(clock.clone())
        .build()
        .unwrap();
        let basic = format!("Basic {}", STANDARD.encode(format!("dashboard:{}", secret.expose())));
        let body = b"grant_type=authorization_code&redirect_uri=https%3A%2F%2Fdashboard.example%2Fcallback\
            &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&code="
            .to_vec();
        let mut house = Self {
            guard: server.guard(),
            server,
            codes,
            clock,
            flows_a_second: live.div_ceil(LIFETIME),
            flows: 0,
            authorization_request: authorization_request(),
            token_request: head(
                Request::post("/token")
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header(AUTHORIZATION, basic),
            ),
            body_end: body.len(),
            body,
            resource_request: bearer("none yet"),
            header: b"Bearer ".to_vec(),
        };
        while house.codes.len() < live && house.flows < 2 * live {
            house.flow();
        }
        house
    }

    /// Steps 2 to 8, answers dropped, as they come from the wire.
    fn flow(&mut self) {
        let redirect = self.authorize();
        self.body.truncate(self.body_end);
        self.body.extend_from_slice(code_in(&redirect).as_bytes());
        let tokens = self.redeem(&self.body);
        self.header.truncate("Bearer ".len());
        self.header.extend_from_slice(access_token_in(&tokens).as_bytes());
        let header = HeaderValue::from_bytes(&self.header).unwrap();
        *self.resource_request.headers.get_mut(AUTHORIZATION).unwrap() = header;
        self.validate(&self.resource_request);
        self.move_on();
    }

    fn move_on(&mut self) {
        self.flows += 1;
        if self.flows.is_multiple_of(self.flows_a_second) {
            let now = self.clock.0.fetch_add(1, Ordering::Relaxed) + 1;
            ready(self.codes.sweep(Timestamp::from_unix(now))).unwrap();
        }
    }

    fn authorize(&self) -> Response {
        match ready(self.server.authorize(&self.authorization_request, b"")) {
            Authorize::Redirect(response) => response,
            other => panic!("{other:?}"),
        }
    }

    fn token_body(&self, code: &str) -> Vec<u8> {
        [&self.body[..self.body_end], code.as_bytes()].concat()
    }

    fn redeem(&self, body: &[u8]) -> Response {
        ready(self.server.token(&self.token_request, body))
    }

    fn validate(&self, request: &Parts) {
        black_box(ready(self.guard.check(request)).unwrap());
    }
}

fn authorization_request() -> Parts {
    let uri = format!(
        "/authorize?response_type=code&client_id=dashboard\
         &redirect_uri=https%3A%2F%2Fdashboard.example%2Fcallback&scope=reports.read\
         &state=af0ifjsldkj4aWcb&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    head(Request::get(uri))
}

fn bearer(token: &str) -> Parts {
    head(Request::get("/reports").header(AUTHORIZATION, format!("Bearer {token}")))
}

fn head(request: http::request::Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}

/// The code, which stands behind `…/callback?code=`.
fn code_in(redirect: &Response) -> &str {
    let location = redirect.headers()[LOCATION].to_str().unwrap();
    &location["https://dashboard.example/callback?code=".len()..][..92]
}

/// The token, which stands behind `{"access_token":"`.
fn access_token_in(tokens: &Response) -> &str {
    &tokens.body()["{\"access_token\":\"".len()..][..114]
}

/// The stores never wait, so neither does any future here.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("an embedded store waited"),
    }
}

/// The cryptography that no implementation of the design can leave out: draw,
/// seal and open, hash, PKCE. Nothing around it.
struct BareCryptography {
    code_key: Hmac<Sha256>,
    token_key: Hmac<Sha256>,
    client_secret: [u8; 43],
}

impl BareCryptography {
    fn new() -> Self {
        Self {
            code_key: Hmac::<Sha256>::new(&[1; 64].into()),
            token_key: Hmac::<Sha256>::new(&[2; 64].into()),
            client_secret: [b'a'; 43],
        }
    }

    fn flow(&self) {
        let code = Self::seal::<37>(&self.code_key);
        Self::open(&self.code_key, &code);
        Self::hash_and_compare(black_box(&self.client_secret));
        Self::hash_and_compare(black_box(VERIFIER.as_bytes()));
        let token = Self::seal::<53>(&self.token_key);
        Self::open(&self.token_key, &token);
    }

    /// Draws id, seed and attempt, hashes the seed, seals.
    fn seal<const LENGTH: usize>(key: &Hmac<Sha256>) -> String {
        let mut drawn = [0; 40];
        rand::rng().fill_bytes(&mut drawn);
        black_box(Sha256::digest(&drawn[..16]));
        let mut bytes = Vec::with_capacity(LENGTH + 32);
        bytes.extend_from_slice(&drawn);
        bytes.resize(LENGTH, 0);
        let mac = key.clone().chain_update(&bytes).finalize();
        bytes.extend_from_slice(&mac.into_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens, and compares the seed's hash.
    fn open(key: &Hmac<Sha256>, text: &str) {
        let bytes = URL_SAFE_NO_PAD.decode(black_box(text)).unwrap();
        let (sealed, mac) = bytes.split_last_chunk::<32>().unwrap();
        key.clone().chain_update(sealed).verify(mac.into()).unwrap();
        Self::hash_and_compare(&sealed[..16]);
    }

    fn hash_and_compare(secret: &[u8]) {
        black_box(Sha256::digest(secret).ct_eq(black_box(&[0; 32])));
    }
}
