//! A node in the test's own process: its clock and its database are the test's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use codegrant::{
    Authentication, AuthorizationServer, Authorize, Client, ClientSecret, Clock, CodeStore,
    Decision, Granted, InExtensions, Issuer, Policy, Response, SecretRing, ServerSecret, Subject,
    SystemClock, Timestamp, memory,
};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::answer::{Answer, Tokens};
use crate::app;

/// How long a code lives.
pub const CODE_LIFETIME: Duration = Duration::from_secs(120);
/// How long an access token lives.
pub const ACCESS_LIFETIME: Duration = Duration::from_secs(300);
/// How long the refresh token before may come once more.
pub const GRACE: Duration = Duration::from_secs(10);

/// A node over some store. Houses have the same secret and the same clients.
pub struct House(AuthorizationServer);

/// The time, as the test lets it pass.
#[derive(Clone)]
pub struct TestTime(Arc<AtomicI64>);

/// The time as one node reads it.
struct NodeClock {
    time: TestTime,
    ahead: i64,
}

impl TestTime {
    /// It is now, and stays now.
    #[must_use]
    pub fn now() -> Self {
        Self(Arc::new(AtomicI64::new(SystemClock.now().as_unix())))
    }

    /// Lets `seconds` pass.
    pub fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        let now = self.time.0.load(Ordering::SeqCst);
        Timestamp::from_unix(now.saturating_add(self.ahead))
    }
}

impl House {
    /// A node over `codes` whose clock is right.
    pub fn over(codes: Arc<dyn CodeStore>, time: &TestTime) -> Self {
        Self::ahead_of(codes, time, 0)
    }

    /// A node over `codes` whose clock is `ahead` seconds ahead or, negative, behind.
    pub fn ahead_of(codes: Arc<dyn CodeStore>, time: &TestTime, ahead: i64) -> Self {
        let clock = Arc::new(NodeClock { time: time.clone(), ahead });
        let client = |id: &str| {
            Client::builder(id).redirect_uri(app::REDIRECT_URI).scope(app::SCOPE).refresh_token()
        };
        let secret = ClientSecret::new(app::AUDITOR_SECRET).hash();
        let auditor = Client::builder(app::AUDITOR).client_secret_post(secret).introspects_any();
        let clients = [client(app::ID).trusted(), client("asking"), auditor];
        let clients = clients.map(|client| client.build().expect("a client"));
        let server = AuthorizationServer::builder(
            Issuer::parse("https://id.example").expect("an issuer"),
            SecretRing::new(ServerSecret::new([7; 32]).expect("long enough")),
            Arc::new(memory::Clients::new(clients)),
            codes,
            Arc::new(InExtensions),
        )
        .policy(Policy {
            code_lifetime: CODE_LIFETIME,
            access_token_lifetime: ACCESS_LIFETIME,
            refresh_grace: GRACE,
            ..Policy::default()
        })
        .clock(clock)
        .build();
        Self(server.expect("a server"))
    }

    /// A code for the application, which asks `user` nothing.
    pub async fn code(&self, user: &str) -> Option<String> {
        match self.authorize(user, app::ID).await {
            Authorize::Redirect(response) => code_in(&response),
            other => panic!("not a redirect: {other:?}"),
        }
    }

    /// The ticket of a consent page, for a client that does ask.
    pub async fn consent_ticket(&self, user: &str) -> String {
        match self.authorize(user, "asking").await {
            Authorize::Consent(consent) => consent.ticket().to_owned(),
            other => panic!("not a consent page: {other:?}"),
        }
    }

    /// The user allows everything.
    pub async fn decide(&self, user: &str, ticket: &str) -> Option<String> {
        let decision = Decision::Allow(Granted::everything());
        let parts = signed_in(user, Request::post("/consent"));
        code_in(&self.0.decide(&parts, ticket, decision).await.expect("a redirect"))
    }

    /// Presents a code.
    pub async fn redeem(&self, code: &str) -> Answer {
        hear(self.0.token(&post(), &body(&app::redeems(code))).await)
    }

    /// Presents a code of the client that asks.
    pub async fn redeem_asking(&self, code: &str) -> Answer {
        let form = app::redeems(code);
        let form = form.into_iter().filter(|(name, _)| *name != "client_id");
        let form: Vec<_> = form.chain([("client_id", "asking")]).collect();
        hear(self.0.token(&post(), &body(&form)).await)
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        hear(self.0.token(&post(), &body(&app::refreshes(token))).await)
    }

    /// Gives a token back.
    pub async fn revoke(&self, token: &str) -> Answer {
        hear(self.0.revoke(&post(), &body(&app::revokes(token))).await)
    }

    /// Whether the auditor is told that a token is active.
    pub async fn introspect(&self, token: &str) -> bool {
        let form =
            [("client_id", app::AUDITOR), ("client_secret", app::AUDITOR_SECRET), ("token", token)];
        match hear(self.0.introspect(&post(), &body(&form)).await) {
            Answer::Done(seen) => seen.get("active") == Some(&true.into()),
            other => panic!("{other:?}"),
        }
    }

    /// Whether an access token opens anything.
    pub async fn admits(&self, token: &str) -> bool {
        let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"));
        self.0.guard().check(&head(request)).await.is_ok()
    }

    /// The tokens of a fresh flow.
    pub async fn tokens(&self, user: &str) -> Tokens {
        let code = self.code(user).await.expect("a code");
        self.redeem(&code).await.granted()
    }

    /// How many grants of `user` are alive.
    pub async fn grants(&self, user: &str) -> usize {
        self.0.granted_by(&subject(user)).await.expect("the store answers").len()
    }

    /// Ends everything that `user` granted.
    pub async fn revoke_all(&self, user: &str) {
        self.0.revoke_all(&subject(user)).await.expect("the store answers");
    }

    /// Both tokens open everything they should, and go on to do so.
    pub async fn assert_alive(&self, tokens: &Tokens) {
        assert!(self.admits(&tokens.access).await, "the access token is dead");
        assert!(self.introspect(&tokens.refresh).await, "the refresh token is dead");
        let next = self.refresh(&tokens.refresh).await.granted();
        assert!(self.admits(&next.access).await, "the next access token is dead");
    }

    /// Neither token is worth anything.
    pub async fn assert_dead(&self, tokens: &Tokens) {
        assert!(!self.admits(&tokens.access).await, "the access token is alive");
        assert!(!self.introspect(&tokens.access).await, "the access token is active");
        assert!(!self.introspect(&tokens.refresh).await, "the refresh token is active");
        let used = self.refresh(&tokens.refresh).await;
        assert!(used.is_invalid_grant(), "the refresh token is alive: {used:?}");
    }

    async fn authorize(&self, user: &str, client: &str) -> Authorize {
        let query = app::asks().replace("client_id=app", &format!("client_id={client}"));
        let parts = signed_in(user, Request::get(format!("/authorize?{query}")));
        self.0.authorize(&parts, b"").await
    }
}

/// A request of the browser on which `user` signed in long ago.
fn signed_in(user: &str, request: http::request::Builder) -> Parts {
    let mut parts = head(request);
    parts.extensions.insert(Authentication::new(subject(user), Timestamp::from_unix(0)));
    parts
}

fn subject(user: &str) -> Subject {
    Subject::parse(user).expect("a subject")
}

fn head(request: http::request::Builder) -> Parts {
    request.body(()).expect("a request").into_parts().0
}

fn post() -> Parts {
    head(Request::post("/").header(CONTENT_TYPE, "application/x-www-form-urlencoded"))
}

fn body(form: &[(&str, &str)]) -> Vec<u8> {
    Serializer::new(String::new()).extend_pairs(form).finish().into_bytes()
}

fn hear(response: Response) -> Answer {
    Answer::of(response.status().as_u16(), response.body())
}

fn code_in(response: &Response) -> Option<String> {
    let url = response.headers().get(LOCATION)?.to_str().ok()?;
    let url = Url::parse(url).ok()?;
    url.query_pairs().find_map(|(name, value)| (name == "code").then(|| value.into_owned()))
}
