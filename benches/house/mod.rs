//! What the benchmarks measure: a server with as many live grants as asked for,
//! and requests as they come from the wire.

#![allow(dead_code, reason = "each benchmark takes what it needs")]

mod steps;

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{
    Authentication, AuthorizationServer, Authorize, Cause, Client, ClientBuilder, Clock, CodeStore,
    Guard, HostError, Issuer, Response, SecretRing, ServerSecret, Subject, Timestamp,
    UserAuthenticator, memory,
};
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Request};

pub const LIVE: [usize; 3] = [1_000, 100_000, 1_000_000];
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const LIFETIME: usize = 600;

/// A server with as many live grants as asked for.
pub struct House {
    server: AuthorizationServer,
    guard: Guard,
    codes: Arc<memory::Codes>,
    users: Arc<EachInTurn>,
    clock: Arc<SetClock>,
    flows_a_second: usize,
    flows: usize,
    authorization_request: Parts,
    token_request: Parts,
    pub body: Vec<u8>,
    body_end: usize,
    pub resource_request: Parts,
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

    /// Whoever was asked for last is not asked for again.
    fn next_turn(&self) {
        let next = self.next.load(Ordering::Relaxed).next_multiple_of(2);
        self.next.store(next, Ordering::Relaxed);
    }
}

#[async_trait]
impl UserAuthenticator for EachInTurn {
    async fn authenticate(&self, _: &Parts) -> Result<Option<Authentication>, HostError> {
        // A request asks twice who is signed in.
        let turn = self.next.fetch_add(1, Ordering::Relaxed) / 2 % self.users.len();
        let signed_in = Timestamp::from_unix(1_700_000_000);
        Ok(Some(Authentication::new(self.users[turn].clone(), signed_in)))
    }
}

impl House {
    pub fn new(live: usize) -> Self {
        Self::of(live, client())
    }

    /// One whose client gets refresh tokens.
    pub fn refreshing(live: usize) -> Self {
        Self::of(live, client().refresh_token())
    }

    fn of(live: usize, client: ClientBuilder) -> Self {
        let client = client.build().unwrap();
        let codes = Arc::new(memory::Codes::default());
        let clock = Arc::new(SetClock(AtomicI64::new(1_700_000_000)));
        let users = Arc::new(EachInTurn::new(live));
        let server = AuthorizationServer::builder(
            Issuer::parse("https://id.example").unwrap(),
            SecretRing::new(ServerSecret::new([7; 32]).unwrap()),
            Arc::new(memory::Clients::new([client])),
            codes.clone(),
            users.clone(),
        )
        .clock(clock.clone())
        .build()
        .unwrap();
        let body = format!(
            "grant_type=authorization_code&client_id=dashboard&code_verifier={VERIFIER}\
             &redirect_uri=https%3A%2F%2Fdashboard.example%2Fcallback&code="
        )
        .into_bytes();
        let mut house = Self {
            guard: server.guard(),
            server,
            codes,
            users,
            clock,
            flows_a_second: live.div_ceil(LIFETIME),
            flows: 0,
            authorization_request: authorization_request(),
            token_request: head(
                Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded"),
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

    /// Steps 2 to 8, as they come from the wire.
    pub fn flow(&mut self) {
        let redirect = self.authorize();
        self.client_takes_code(&redirect);
        let tokens = self.redeem(&self.body);
        self.client_takes_token(&tokens);
        self.validate(&self.resource_request);
        self.forget_expired();
    }

    /// What the client does between the steps: its next request.
    pub fn client_takes_code(&mut self, redirect: &Response) {
        self.body.truncate(self.body_end);
        self.body.extend_from_slice(code_in(redirect).as_bytes());
    }

    pub fn client_takes_token(&mut self, tokens: &Response) {
        self.header.truncate("Bearer ".len());
        self.header.extend_from_slice(access_token_in(tokens).as_bytes());
        let header = HeaderValue::from_bytes(&self.header).unwrap();
        *self.resource_request.headers.get_mut(AUTHORIZATION).unwrap() = header;
    }

    /// For each grant that a flow added, the clock moves on until the oldest
    /// has expired.
    pub fn forget_expired(&mut self) {
        self.flows += 1;
        if self.flows.is_multiple_of(self.flows_a_second) {
            let now = self.clock.0.fetch_add(1, Ordering::Relaxed) + 1;
            ready(self.codes.sweep(Timestamp::from_unix(now))).unwrap();
        }
    }

    pub fn authorize(&self) -> Response {
        match ready(self.server.authorize(&self.authorization_request, b"")) {
            Authorize::Redirect(response) => response,
            other => panic!("{other:?}"),
        }
    }

    pub fn token_body(&self, code: &str) -> Vec<u8> {
        [&self.body[..self.body_end], code.as_bytes()].concat()
    }

    pub fn refresh_body(refresh_token: &str) -> String {
        format!("grant_type=refresh_token&client_id=dashboard&refresh_token={refresh_token}")
    }

    /// Redeems a code, or a refresh token.
    pub fn redeem(&self, body: &[u8]) -> Response {
        ready(self.server.token(&self.token_request, body))
    }

    /// Asks everything of every door in the words of `noise`; none may give anything.
    pub fn refuse(&self, noise: &str) {
        let is_uri = |letter: &char| letter.is_ascii_graphic() && !"\"#<>\\^`{|}".contains(*letter);
        let query: String = noise.chars().filter(is_uri).collect();
        let request = head(Request::get(format!("/authorize?{query}")));
        match ready(self.server.authorize(&request, b"")) {
            Authorize::Refused(_) => {}
            Authorize::Redirect(response) => {
                assert!(response.extensions().get::<Cause>().is_some())
            }
            other => panic!("{other:?}"),
        }
        self.users.next_turn();
        assert!(!self.redeem(noise.as_bytes()).status().is_success());
        let revoked = ready(self.server.revoke(&self.token_request, noise.as_bytes()));
        let introspected = ready(self.server.introspect(&self.token_request, noise.as_bytes()));
        assert!(!revoked.status().is_success() && !introspected.status().is_success());
        assert!(ready(self.server.login(noise)).is_err() && self.server.resume(noise).is_err());
        let token = URL_SAFE_NO_PAD.encode(noise);
        assert!(ready(self.guard.check(&bearer(&token))).is_err());
    }

    pub fn validate(&self, request: &Parts) {
        black_box(ready(self.guard.check(request)).unwrap());
    }
}

fn client() -> ClientBuilder {
    Client::builder("dashboard")
        .redirect_uri("https://dashboard.example/callback")
        .scope("reports.read reports.write")
        .trusted()
}

fn authorization_request() -> Parts {
    let uri = format!(
        "/authorize?response_type=code&client_id=dashboard\
         &redirect_uri=https%3A%2F%2Fdashboard.example%2Fcallback&scope=reports.read\
         &state=af0ifjsldkj4aWcb&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    head(Request::get(uri))
}

pub fn bearer(token: &str) -> Parts {
    head(Request::get("/reports").header(AUTHORIZATION, format!("Bearer {token}")))
}

fn head(request: http::request::Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}

/// The code, which stands behind `…/callback?code=`.
pub fn code_in(redirect: &Response) -> &str {
    let location = redirect.headers()[LOCATION].to_str().unwrap();
    &location["https://dashboard.example/callback?code=".len()..][..92]
}

/// The token, which stands behind `{"access_token":"`.
pub fn access_token_in(tokens: &Response) -> &str {
    &tokens.body()["{\"access_token\":\"".len()..][..116]
}

/// The refresh token, which stands behind `"refresh_token":"`.
pub fn refresh_token_in(tokens: &Response) -> &str {
    let (_, rest) = tokens.body().split_once("\"refresh_token\":\"").unwrap();
    rest.split_once('"').unwrap().0
}

/// The stores never wait, so neither does any future here.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("an embedded store waited"),
    }
}
