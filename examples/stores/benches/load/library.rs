//! A client of the real authorization server over a store.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use codegrant::{
    Authentication, AuthorizationServer, Authorize, Client, ClientId, ClientStore, Clock,
    CodeStore, Grant, GrantId, Guard, HostError, InExtensions, Issuer, SecretRing, ServerSecret,
    Subject, SystemClock, Timestamp,
};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::Parts;

use super::{Operation, Visitor};
use crate::candidate::Candidate;

pub const CLIENT: &str = "dashboard";
const REDIRECT_URI: &str = "https://dashboard.example/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server over a store, with the requests that are the same for everybody.
#[derive(Clone)]
pub struct House {
    pub candidate: Arc<dyn Candidate>,
    server: AuthorizationServer,
    guard: Guard,
    /// How many users have come; a million come in turn.
    turns: Arc<AtomicUsize>,
    authorization_request: Parts,
    token_request: Parts,
}

impl House {
    pub async fn over(candidate: Arc<dyn Candidate>) -> Self {
        let client = Client::builder(CLIENT)
            .redirect_uri(REDIRECT_URI)
            .scope("reports.read reports.write")
            .refresh_token()
            .trusted()
            .build();
        candidate.register(&client.unwrap()).await;
        let (clients, codes) = (candidate.clients(), candidate.codes());
        Self::of(candidate, clients, codes)
    }

    fn of(
        candidate: Arc<dyn Candidate>,
        clients: Arc<dyn ClientStore>,
        codes: Arc<dyn CodeStore>,
    ) -> Self {
        let server = AuthorizationServer::builder(
            Issuer::parse("https://id.example").unwrap(),
            SecretRing::new(ServerSecret::new([7; 32]).unwrap()),
            clients,
            codes,
            Arc::new(InExtensions),
        )
        .build()
        .unwrap();
        let authorization_request = Request::get(format!(
            "/authorize?response_type=code&client_id={CLIENT}\
             &redirect_uri=https%3A%2F%2Fdashboard.example%2Fcallback&scope=reports.read\
             &state=af0ifjsldkj4aWcb&code_challenge={CHALLENGE}&code_challenge_method=S256"
        ));
        let token_request =
            Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        Self {
            candidate,
            guard: server.guard(),
            server,
            turns: Arc::default(),
            authorization_request: head(authorization_request),
            token_request: head(token_request),
        }
    }

    /// How often the store is asked for one operation.
    pub async fn round_trips(&self, operation: Operation) -> usize {
        let calls = Arc::new(Counted {
            clients: self.candidate.clients(),
            codes: self.candidate.codes(),
            count: AtomicUsize::new(0),
        });
        let house = Self::of(self.candidate.clone(), calls.clone(), calls.clone());
        let mut library = Library::with_tokens(&house, 1).await;
        library.prepare(operation).await;
        let before = calls.count.load(Ordering::Relaxed);
        library.visit(operation).await;
        let after = calls.count.load(Ordering::Relaxed);
        // Sees whether it did what it says.
        library.prepare(Operation::Validate).await;
        after - before
    }

    /// A grant with its code, and then with its tokens.
    pub async fn a_grants_life(&self) -> (Arc<Grant>, Arc<Grant>) {
        let code = self.authorize().await;
        let turn = self.turns.load(Ordering::Relaxed) - 1;
        let coded = self.latest_of(turn).await;
        self.redeem(&code).await;
        (coded, self.latest_of(turn).await)
    }

    async fn latest_of(&self, turn: usize) -> Arc<Grant> {
        self.server.granted_by(&user(turn)).await.unwrap().pop().unwrap()
    }

    async fn authorize(&self) -> String {
        let mut request = self.authorization_request.clone();
        let user = user(self.turns.fetch_add(1, Ordering::Relaxed));
        request.extensions.insert(Authentication::new(user, SystemClock.now()));
        let Authorize::Redirect(answer) = self.server.authorize(&request, b"").await else {
            panic!("the client is trusted")
        };
        let location = answer.headers()[LOCATION].to_str().unwrap();
        let code = location.strip_prefix(REDIRECT_URI).unwrap().strip_prefix("?code=").unwrap();
        code.split('&').next().unwrap().to_owned()
    }

    async fn redeem(&self, code: &str) -> Tokens {
        self.token(redemption(code)).await
    }

    async fn refresh(&self, tokens: &Tokens) -> Tokens {
        let refresh_token = &tokens.refresh_token;
        self.token(format!(
            "grant_type=refresh_token&client_id={CLIENT}&refresh_token={refresh_token}"
        ))
        .await
    }

    async fn revoke(&self, tokens: &Tokens) {
        let body = format!("client_id={CLIENT}&token={}", tokens.refresh_token);
        let answer = self.server.revoke(&self.token_request, body.as_bytes()).await;
        assert_eq!(answer.status(), 200, "{}", answer.body());
    }

    async fn replay(&self, code: &str) {
        let answer = self.server.token(&self.token_request, redemption(code).as_bytes()).await;
        assert_eq!(answer.status(), 400, "{}", answer.body());
    }

    async fn token(&self, body: String) -> Tokens {
        let answer = self.server.token(&self.token_request, body.as_bytes()).await;
        let body = answer.body();
        assert_eq!(answer.status(), 200, "{body}");
        Tokens {
            access_token: member(body, "\"access_token\":\"").to_owned(),
            refresh_token: member(body, "\"refresh_token\":\"").to_owned(),
            resource_request: None,
        }
    }
}

fn redemption(code: &str) -> String {
    format!(
        "grant_type=authorization_code&client_id={CLIENT}&code_verifier={VERIFIER}\
         &redirect_uri=https%3A%2F%2Fdashboard.example%2Fcallback&code={code}"
    )
}

struct Tokens {
    access_token: String,
    refresh_token: String,
    /// Carries the access token, once it is wanted.
    resource_request: Option<Parts>,
}

impl Tokens {
    fn resource_request(&mut self) -> &Parts {
        let token = &self.access_token;
        self.resource_request.get_or_insert_with(|| {
            head(Request::get("/reports").header(AUTHORIZATION, format!("Bearer {token}")))
        })
    }
}

pub struct Library {
    house: House,
    tokens: VecDeque<Tokens>,
    /// What gave the last of them.
    latest_code: String,
    /// What must not be of any use any more.
    ended: Option<Tokens>,
}

impl Library {
    /// A client that uses so many grants in turn.
    pub async fn with_tokens(house: &House, count: usize) -> Self {
        let mut library = Self {
            house: house.clone(),
            tokens: VecDeque::new(),
            latest_code: String::new(),
            ended: None,
        };
        for _ in 0..count {
            library.sign_in().await;
        }
        library
    }

    /// One grant more.
    pub async fn sign_in(&mut self) {
        self.latest_code = self.house.authorize().await;
        self.tokens.push_back(self.house.redeem(&self.latest_code).await);
    }
}

impl Visitor for Library {
    /// Also sees that what the visit before ended is dead.
    async fn prepare(&mut self, operation: Operation) {
        if let Some(mut ended) = self.ended.take() {
            assert!(self.house.guard.check(ended.resource_request()).await.is_err());
        }
        if operation.ends_a_grant() {
            self.sign_in().await;
        }
    }

    async fn visit(&mut self, operation: Operation) {
        match operation {
            Operation::AuthorizeAndRedeem => {
                let code = self.house.authorize().await;
                self.house.redeem(&code).await;
            }
            Operation::Refresh => {
                let tokens = self.tokens.pop_front().unwrap();
                self.tokens.push_back(self.house.refresh(&tokens).await);
            }
            Operation::Validate => {
                self.tokens.rotate_left(1);
                self.house.guard.check(self.tokens[0].resource_request()).await.unwrap();
            }
            Operation::Revoke => {
                let oldest = self.tokens.pop_front().unwrap();
                self.house.revoke(&oldest).await;
                self.ended = Some(oldest);
            }
            Operation::Replay => {
                self.house.replay(&self.latest_code).await;
                self.ended = self.tokens.pop_back();
            }
        }
    }
}

fn head(request: http::request::Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}

/// The value of a member of a flat JSON object, a string without escapes, that
/// is written behind `name`.
fn member<'b>(body: &'b str, name: &str) -> &'b str {
    let (_, rest) = body.split_once(name).unwrap();
    rest.split_once('"').unwrap().0
}

fn user(turn: usize) -> Subject {
    Subject::parse(format!("user-{}", turn % 1_000_000)).unwrap()
}

/// Stores that count how often they are asked.
struct Counted {
    clients: Arc<dyn ClientStore>,
    codes: Arc<dyn CodeStore>,
    count: AtomicUsize,
}

impl Counted {
    fn one_more(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl ClientStore for Counted {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, HostError> {
        self.one_more();
        self.clients.client(id).await
    }
}

#[async_trait]
impl CodeStore for Counted {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        self.one_more();
        self.codes.insert(grant).await
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        self.one_more();
        self.codes.grant(id).await
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        self.one_more();
        self.codes.replace(next).await
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        self.one_more();
        self.codes.granted_by(user).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        self.one_more();
        self.codes.sweep(now).await
    }
}
