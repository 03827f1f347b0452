//! Two providers, one the client of the other, and a browser between them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use codegrant::{
    Algorithm, Authentication, AuthorizationServer, Authorize, Cause, Client, ClientSecret, Clock,
    HostError, HttpClient, InExtensions, Issuer, KeySet, Provider, Response, SecretRing,
    ServerSecret, SigningKey, Subject, SystemClock, Timestamp, memory,
};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::request::Builder;
use strangers::upstream::{Host, Sessions, client};

const ASKED: &str = "https://id.example/authorize?response_type=code&client_id=app\
                     &scope=reports.read\
                     &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
                     &code_challenge_method=S256";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Reaches the provider without a network.
struct Direct(AuthorizationServer);

#[async_trait]
impl HttpClient for Direct {
    async fn send(
        &self,
        request: http::Request<String>,
    ) -> Result<http::Response<String>, HostError> {
        let (head, body) = request.into_parts();
        let answer = self.0.serve(&head, body.as_bytes()).await;
        answer.ok_or_else(|| HostError::new("the provider has no such page"))
    }
}

fn server(issuer: &str, client: Client) -> codegrant::Builder {
    AuthorizationServer::builder(
        Issuer::parse(issuer).unwrap(),
        SecretRing::new(ServerSecret::generate()),
        Arc::new(memory::Clients::new([client])),
        Arc::new(memory::Codes::default()),
        Arc::new(InExtensions),
    )
}

/// The provider that users come from, and the server that sends them there.
struct World {
    provider: AuthorizationServer,
    host: Host,
    oauth: AuthorizationServer,
    cookies: Mutex<Vec<String>>,
}

impl World {
    fn new() -> Self {
        let secret = ClientSecret::generate();
        let inner = Client::builder("downstream")
            .redirect_uri("https://id.example/callback")
            .client_secret_basic(secret.hash())
            .scope("openid")
            .trusted();
        let keys = KeySet::new([SigningKey::generate(Algorithm::Rs256).unwrap()]).unwrap();
        let provider = server("https://upstream.example", inner.build().unwrap());
        let provider = provider.openid(Provider::new(keys)).build().unwrap();

        let app = Client::builder("app").redirect_uri("https://app.example/callback");
        let app = app.scope("reports.read").build().unwrap();
        let sessions = Arc::new(Sessions::default());
        let oauth = AuthorizationServer::builder(
            Issuer::parse("https://id.example").unwrap(),
            SecretRing::new(ServerSecret::generate()),
            Arc::new(memory::Clients::new([app])),
            Arc::new(memory::Codes::default()),
            sessions.clone(),
        );
        let oauth = oauth.build().unwrap();
        let client = client::Provider {
            issuer: openidconnect::IssuerUrl::new("https://upstream.example".into()).unwrap(),
            id: openidconnect::ClientId::new("downstream".into()),
            secret: openidconnect::ClientSecret::new(secret.expose().into()),
            redirect: openidconnect::RedirectUrl::new("https://id.example/callback".into())
                .unwrap(),
            http: Arc::new(Direct(provider.clone())),
        };
        let users = [("u-17".to_owned(), Subject::parse("alice").unwrap())];
        let host = Host::new(oauth.clone(), sessions, client, users);
        Self { provider, host, oauth, cookies: Mutex::default() }
    }

    /// A request of the browser to the server, with the cookies that it has from there.
    async fn send(&self, request: Builder, body: &str) -> Response {
        let cookies = self.cookies.lock().unwrap().join("; ");
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let (head, ()) = request.header(COOKIE, cookies).body(()).unwrap().into_parts();
        let answer = self.host.answer(&head, body.as_bytes()).await;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            self.cookies.lock().unwrap().insert(0, cookie);
        }
        answer
    }

    async fn get(&self, address: &str) -> Response {
        self.send(http::Request::get(address), "").await
    }

    /// What the provider answers the browser that comes with `asked`, where `user` is
    /// signed in since `at`.
    async fn provider(&self, asked: &str, user: &str, at: Timestamp) -> String {
        let (mut head, ()) = http::Request::get(asked).body(()).unwrap().into_parts();
        head.extensions.insert(Authentication::new(Subject::parse(user).unwrap(), at));
        match self.provider.authorize(&head, b"").await {
            Authorize::Redirect(answer) => location(&answer),
            // Whoever is asked to sign in again cancels.
            Authorize::Login(login) => {
                location(&self.provider.cancel(login.ticket()).await.unwrap())
            }
            other => panic!("{other:?}"),
        }
    }
}

fn location(response: &Response) -> String {
    assert_eq!(response.status(), 303, "{}", response.body());
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

fn ticket(page: &Response) -> &str {
    let (_, rest) = page.body().split_once("name=ticket value=").unwrap();
    rest.split_once('>').unwrap().0
}

fn query(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?').unwrap();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_user_of_the_other_provider_allows_an_application_of_ours() {
    let world = World::new();
    let away = location(&world.get(ASKED).await);
    assert!(away.starts_with("https://upstream.example/authorize?"));
    let answer = world.provider(&away, "u-17", SystemClock.now()).await;
    let back = location(&world.get(&answer).await);
    assert!(back.starts_with("https://id.example/authorize?"));

    let page = world.get(&back).await;
    let form = format!("ticket={}&allow=1", ticket(&page));
    let answer = location(&world.send(http::Request::post("/consent"), &form).await);
    assert!(answer.starts_with("https://app.example/callback?"));
    let form = format!(
        "grant_type=authorization_code&client_id=app&code={}&code_verifier={VERIFIER}",
        query(&answer, "code").unwrap(),
    );
    let tokens = world.send(http::Request::post("/token"), &form).await;
    let tokens: serde_json::Value = serde_json::from_str(tokens.body()).unwrap();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let call = http::Request::get("/reports").header(AUTHORIZATION, bearer);
    let (call, ()) = call.body(()).unwrap().into_parts();
    let access = world.oauth.guard().check(&call).await.unwrap();
    assert_eq!(access.subject().as_str(), "alice");
}

#[tokio::test]
async fn whoever_signs_in_again_goes_on_in_the_same_session() {
    let world = World::new();
    let an_hour_ago = Timestamp::from_unix(SystemClock.now().as_unix().saturating_sub(3600));
    for (asked, at) in [("", an_hour_ago), ("&prompt=login", SystemClock.now())] {
        let away = location(&world.get(&format!("{ASKED}{asked}")).await);
        // As a provider sees it where its user has just entered the password.
        let answer = world.provider(&away.replace("&prompt=login", ""), "u-17", at).await;
        let page = world.get(&location(&world.get(&answer).await)).await;
        let form = format!("ticket={}&allow=1", ticket(&page));
        location(&world.send(http::Request::post("/consent"), &form).await);
    }
    let grants = world.oauth.granted_by(&Subject::parse("alice").unwrap()).await.unwrap();
    let sign_ins: Vec<_> = grants.iter().map(|grant| grant.authentication()).collect();
    assert_eq!(sign_ins.len(), 2);
    assert_eq!(sign_ins[0].session(), sign_ins[1].session());
    assert!(sign_ins[0].session().is_some());
    assert_ne!(sign_ins[0].authenticated_at(), sign_ins[1].authenticated_at());
}

#[tokio::test]
async fn an_old_sign_in_elsewhere_is_no_new_one_for_whom_nobody_knew() {
    let world = World::new();
    let an_hour_ago = Timestamp::from_unix(SystemClock.now().as_unix().saturating_sub(3600));
    let away = location(&world.get(&format!("{ASKED}&prompt=login")).await);
    let deaf = away.replace("&prompt=login", "");
    let answer = world.provider(&deaf, "u-17", an_hour_ago).await;
    let back = location(&world.get(&answer).await);
    let away = location(&world.get(&back).await);
    assert_eq!(query(&away, "prompt").as_deref(), Some("login"));
}

#[tokio::test]
async fn an_answer_brought_by_another_browser_signs_nobody_in() {
    let world = World::new();
    let away = location(&world.get(ASKED).await);
    let answer = world.provider(&away, "u-17", SystemClock.now()).await;
    world.cookies.lock().unwrap().clear();
    let refused = world.get(&answer).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.headers().get(SET_COOKIE).is_none());

    // Not even where a sign-in of its own is under way.
    for foreign in [&answer, "https://id.example/callback?error=access_denied&state=made-up"] {
        world.get(ASKED).await;
        let refused = world.get(foreign).await;
        assert_eq!(refused.status(), 502);
        assert!(matches!(refused.extensions().get(), Some(Cause::Host(_))));
        assert!(refused.headers().get(SET_COOKIE).is_none());
    }
}

#[tokio::test]
async fn an_answer_counts_once() {
    let world = World::new();
    let away = location(&world.get(ASKED).await);
    let answer = world.provider(&away, "u-17", SystemClock.now()).await;
    location(&world.get(&answer).await);
    assert_eq!(world.get(&answer).await.status(), 400);
}

#[tokio::test]
async fn the_application_hears_of_a_user_who_may_not_come_in() {
    let world = World::new();
    let away = location(&world.get(ASKED).await);
    let answer = world.provider(&away, "u-18", SystemClock.now()).await;
    let told = location(&world.get(&answer).await);
    assert!(told.starts_with("https://app.example/callback?"));
    assert_eq!(query(&told, "error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn the_application_hears_of_a_user_who_would_not_sign_in_there() {
    let world = World::new();
    let away = location(&world.get(ASKED).await);
    // Too long ago for us: the provider asks for the password, and its user leaves.
    let answer = world.provider(&away, "u-17", Timestamp::from_unix(0)).await;
    assert_eq!(query(&answer, "error").as_deref(), Some("access_denied"));
    let told = location(&world.get(&answer).await);
    assert!(told.starts_with("https://app.example/callback?error=access_denied"), "{told}");
}

#[tokio::test]
async fn a_provider_that_makes_no_new_sign_in_is_not_asked_for_ever() {
    let world = World::new();
    let an_hour_ago = Timestamp::from_unix(SystemClock.now().as_unix().saturating_sub(3600));
    let away = location(&world.get(ASKED).await);
    let answer = world.provider(&away, "u-17", an_hour_ago).await;
    location(&world.get(&answer).await);

    let away = location(&world.get(&format!("{ASKED}&prompt=login")).await);
    assert_eq!(query(&away, "prompt").as_deref(), Some("login"));
    let deaf = away.replace("&prompt=login", "");
    let answer = world.provider(&deaf, "u-17", an_hour_ago).await;
    let told = location(&world.get(&answer).await);
    assert!(told.starts_with("https://app.example/callback?error=access_denied"), "{told}");
}
