//! A resource server in another process, which asks (RFC 7662).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use codegrant::{
    Access, AuthorizationServer, Cause, ClientId, ClientSecret, CredentialError, Denied, HostError,
    HttpClient, Issuer, RemoteGuard, Resource,
};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::support::answers::{assert_error, challenge};
use crate::support::apps::{API, App, NOTES, OTHER_API, Proof, REPORTS_API};
use crate::support::call::{Call, Form, bearer};
use crate::support::world::ISSUER;
use crate::support::{House, Tokens, scope};

/// The way to the authorization server, on which things can happen.
struct Wire {
    server: AuthorizationServer,
    asked: AtomicUsize,
    mood: Mutex<Mood>,
}

enum Mood {
    Fair,
    Down,
    Answers(u16, String),
}

#[async_trait]
impl HttpClient for Wire {
    async fn send(&self, request: Request<String>) -> Result<Response<String>, HostError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match &*self.mood.lock().unwrap() {
            Mood::Fair => {}
            Mood::Down => return Err(HostError::new("connection refused")),
            Mood::Answers(status, body) => {
                return Ok(Response::builder().status(*status).body(body.clone())?);
            }
        }
        assert_eq!(*request.uri(), *format!("{ISSUER}/introspect"));
        let (parts, body) = request.into_parts();
        Ok(self.server.introspect(&parts, body.as_bytes()).await)
    }
}

/// The reports API beside an authorization server.
struct Api {
    house: House,
    wire: Arc<Wire>,
    guard: RemoteGuard,
}

impl Api {
    fn new() -> Self {
        let house = House::new();
        let wire = Arc::new(Wire {
            server: house.server.clone(),
            asked: AtomicUsize::new(0),
            mood: Mutex::new(Mood::Fair),
        });
        let Proof::Basic(secret) = API.proof else { panic!("the guard uses Basic") };
        let guard = RemoteGuard::new(
            Issuer::parse(ISSUER).unwrap(),
            &format!("{ISSUER}/introspect"),
            Resource::parse(REPORTS_API).unwrap(),
            &ClientId::parse(API.id).unwrap(),
            &ClientSecret::new(secret),
            wire.clone(),
        )
        .unwrap()
        .clock(house.clock.clone());
        Self { house, wire, guard }
    }

    async fn tokens_for(&self, app: &App, resource: &str) -> Tokens {
        let code = self.house.code_for(&app.asks().with("resource", resource)).await;
        Tokens::in_answer(&self.house.redeem(app, &code).await)
    }

    async fn check(&self, token: &str) -> Result<Access, Denied> {
        self.guard.check(&bearer(token).parts()).await
    }

    fn answers(&self, status: u16, body: &str) {
        *self.wire.mood.lock().unwrap() = Mood::Answers(status, body.to_owned());
    }

    fn asked(&self) -> usize {
        self.wire.asked.swap(0, Ordering::SeqCst)
    }
}

#[tokio::test]
async fn it_learns_the_same_as_a_guard_beside_the_server() {
    let api = Api::new();
    let tokens = api.tokens_for(&NOTES, REPORTS_API).await;
    let near = api.house.check(&tokens.access).await.unwrap();
    let far = api.check(&tokens.access).await.unwrap();
    assert_eq!(far.subject(), near.subject());
    assert_eq!(far.client(), near.client());
    assert_eq!(far.scope(), near.scope());
    assert_eq!(far.audience(), near.audience());
    assert_eq!(far.expires_at(), near.expires_at());
    assert_eq!(far.user(), near.user());
    far.require_scope(&scope("reports.read")).unwrap();
    far.require_permission("reports:read").unwrap();
    assert_eq!(far.require_permission("reports:burn").unwrap_err().into_response().status(), 403);
}

#[tokio::test]
async fn it_tells_clients_the_same_as_a_guard_beside_the_server() {
    let api = Api::new();
    let resource = Resource::parse(REPORTS_API).unwrap();
    let near = api.house.server.guard().audience(resource).scope(scope("reports.read"));
    let far = api.guard.clone().scope(scope("reports.read"));
    let parts = bearer("x").parts();
    let near_denied = near.check(&parts).await.unwrap_err().into_response();
    let far_denied = far.check(&parts).await.unwrap_err().into_response();
    assert_eq!(challenge(&far_denied), challenge(&near_denied));
    assert!(challenge(&far_denied).unwrap().contains("scope=\"reports.read\""));
    assert_eq!(far.metadata_path(), near.metadata_path());
    assert_eq!(far.metadata().unwrap().body(), near.metadata().unwrap().body());
}

#[tokio::test]
async fn what_is_not_for_this_resource_does_not_pass() {
    let api = Api::new();
    let elsewhere = api.tokens_for(&NOTES, OTHER_API).await;
    let here = api.tokens_for(&NOTES, REPORTS_API).await;
    for token in ["x", &elsewhere.access, &here.refresh] {
        let denied = api.check(token).await.unwrap_err().into_response();
        assert_error(&denied, 401, "invalid_token");
        assert!(challenge(&denied).unwrap().contains("resource_metadata="));
    }
    let nothing = Call::get("/resource", &Form::default()).parts();
    assert_eq!(api.guard.check(&nothing).await.unwrap_err().into_response().status(), 401);
}

/// The delay that the documentation states: five seconds unless told otherwise.
#[tokio::test]
async fn a_revoked_token_passes_no_longer_than_the_guard_remembers() {
    for (remember_for, passes) in [(None, 5), (Some(60), 60)] {
        let mut api = Api::new();
        if let Some(seconds) = remember_for {
            api.guard = api.guard.remember_for(Duration::from_secs(seconds));
        }
        let tokens = api.tokens_for(&NOTES, REPORTS_API).await;
        assert!(api.check(&tokens.access).await.is_ok());
        api.house.revoke(&NOTES, &tokens.access).await;
        api.house.pass(passes - 1);
        assert!(api.check(&tokens.access).await.is_ok());
        api.house.pass(1);
        assert!(api.check(&tokens.access).await.is_err());
    }
}

#[tokio::test]
async fn a_valid_token_is_asked_about_once_and_an_invalid_one_every_time() {
    let api = Api::new();
    let tokens = api.tokens_for(&NOTES, REPORTS_API).await;
    for _ in 0..3 {
        assert!(api.check(&tokens.access).await.is_ok());
    }
    assert_eq!(api.asked(), 1);
    for _ in 0..3 {
        assert!(api.check("x").await.is_err());
    }
    assert_eq!(api.asked(), 3);
    let mut forgetful = Api::new();
    forgetful.guard = forgetful.guard.remember_for(Duration::ZERO);
    let tokens = forgetful.tokens_for(&NOTES, REPORTS_API).await;
    for _ in 0..3 {
        assert!(forgetful.check(&tokens.access).await.is_ok());
    }
    assert_eq!(forgetful.asked(), 3);
}

#[tokio::test]
async fn a_token_is_not_remembered_beyond_its_own_end() {
    let mut api = Api::new();
    api.guard = api.guard.remember_for(Duration::from_secs(3600));
    let tokens = api.tokens_for(&NOTES, REPORTS_API).await;
    assert!(api.check(&tokens.access).await.is_ok());
    api.house.pass(599);
    assert!(api.check(&tokens.access).await.is_ok());
    api.house.pass(1);
    assert!(api.check(&tokens.access).await.is_err());
}

#[tokio::test]
async fn a_server_that_cannot_be_asked_is_503_and_lets_nobody_pass() {
    let api = Api::new();
    let tokens = api.tokens_for(&NOTES, REPORTS_API).await;
    *api.wire.mood.lock().unwrap() = Mood::Down;
    let denied = api.check(&tokens.access).await.unwrap_err().into_response();
    assert_error(&denied, 503, "temporarily_unavailable");
    for (status, body) in
        [(401, "{}"), (500, ""), (302, ""), (200, ""), (200, "<html>"), (200, "{}")]
    {
        api.answers(status, body);
        let denied = api.check(&tokens.access).await.unwrap_err().into_response();
        assert_error(&denied, 503, "temporarily_unavailable");
    }
}

/// Whatever a server of another make or mind says, only a whole answer counts.
#[tokio::test]
async fn only_an_answer_that_says_everything_lets_a_token_pass() {
    let api = Api::new();
    let good = json!({
        "active": true, "token_type": "Bearer", "iss": ISSUER, "sub": "alice",
        "client_id": "notes", "scope": "reports.read", "aud": REPORTS_API,
        "exp": crate::support::world::START + 60,
    });
    api.answers(200, &good.to_string());
    assert_eq!(api.check("good").await.unwrap().scope(), &scope("reports.read"));
    let changes: [(&str, Value); 8] = [
        ("active", json!(false)),
        ("iss", json!("https://evil.example")),
        ("aud", json!("https://other.example")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("exp", json!(crate::support::world::START)),
        ("exp", Value::Null),
        ("token_type", json!("refresh_token")),
    ];
    for (index, (name, value)) in changes.into_iter().enumerate() {
        let mut bad = good.clone();
        match value {
            Value::Null => drop(bad.as_object_mut().unwrap().remove(name)),
            value => bad[name] = value,
        }
        api.answers(200, &bad.to_string());
        let denied = api.check(&format!("bad-{index}")).await.unwrap_err();
        assert!(matches!(denied.cause(), Cause::Token(_)), "{name}: {denied:?}");
    }
    for name in ["sub", "client_id"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(name);
        api.answers(200, &bad.to_string());
        assert!(api.check(name).await.is_err(), "{name}");
    }
}

/// Whoever changes what it remembers must not meet what another remembered.
#[tokio::test]
async fn a_guard_that_is_told_to_ask_every_time_asks_every_time() {
    let api = Api::new();
    let tokens = api.tokens_for(&NOTES, REPORTS_API).await;
    let lax = api.guard.clone().remember_for(Duration::from_secs(60));
    assert!(lax.check(&bearer(&tokens.access).parts()).await.is_ok());
    api.house.revoke(&NOTES, &tokens.access).await;
    let strict = lax.clone().remember_for(Duration::ZERO);
    assert!(strict.check(&bearer(&tokens.access).parts()).await.is_err());
}

/// However many tokens come, as much memory is taken as one may expect, and what
/// has aged makes room.
#[tokio::test]
async fn what_is_remembered_is_bounded_and_does_not_stay() {
    let api = Api::new();
    let valid = json!({
        "active": true,
        "sub": "alice",
        "client_id": NOTES.id,
        "aud": REPORTS_API,
        "exp": crate::support::world::START + 60,
    });
    api.answers(200, &valid.to_string());
    for n in 0..10_000 {
        assert!(api.check(&n.to_string()).await.is_ok());
    }
    assert_eq!(api.asked(), 10_000);
    for (token, asked) in [("0", 0), ("9999", 0), ("late", 1), ("late", 1)] {
        assert!(api.check(token).await.is_ok());
        assert_eq!(api.asked(), asked, "{token}");
    }
    api.house.pass(5);
    for (token, asked) in [("later", 1), ("later", 0)] {
        assert!(api.check(token).await.is_ok());
        assert_eq!(api.asked(), asked, "{token}");
    }
}

#[tokio::test]
async fn a_clock_set_back_does_not_prolong_what_is_remembered() {
    let api = Api::new();
    let tokens = api.tokens_for(&NOTES, REPORTS_API).await;
    assert!(api.check(&tokens.access).await.is_ok());
    api.house.revoke(&NOTES, &tokens.access).await;
    api.house.pass(-3600);
    assert!(api.check(&tokens.access).await.is_err());
}

#[tokio::test]
async fn what_cannot_be_a_token_is_refused_without_asking() {
    let api = Api::new();
    for garbage in ["\"", "a,b", "ä", &"+".repeat(30_000)] {
        let denied = api.check(garbage).await.unwrap_err().into_response();
        assert_eq!(denied.status().as_u16() / 100, 4, "{garbage}");
    }
    assert_eq!(api.asked(), 0);
}

/// A JWT access token that tells many permissions is as long as a header may be.
#[tokio::test]
async fn a_long_token_is_asked_about() {
    let api = Api::new();
    assert!(api.check(&"a".repeat(15_000)).await.is_err());
    assert_eq!(api.asked(), 1);
}

#[test]
fn no_secret_is_sent_to_an_endpoint_that_anybody_can_listen_to() {
    let guard_at = |endpoint: &str| {
        let house = House::new();
        let wire = Wire {
            server: house.server.clone(),
            asked: AtomicUsize::new(0),
            mood: Mutex::new(Mood::Down),
        };
        let issuer = Issuer::parse(ISSUER).unwrap();
        let resource = Resource::parse(REPORTS_API).unwrap();
        let id = ClientId::parse(API.id).unwrap();
        let secret = ClientSecret::new("secret");
        RemoteGuard::new(issuer, endpoint, resource, &id, &secret, Arc::new(wire)).is_ok()
    };
    for fit in ["https://id.example/introspect", "http://127.0.0.1:8080/introspect"] {
        assert!(guard_at(fit), "{fit}");
    }
    for unfit in ["http://id.example/introspect", "/introspect", "", "ftp://127.0.0.1/"] {
        assert!(!guard_at(unfit), "{unfit}");
    }
}

#[tokio::test]
async fn its_secret_is_not_shown() {
    let api = Api::new();
    let shown = format!("{:?}", api.guard);
    let Proof::Basic(secret) = API.proof else { panic!("the guard uses Basic") };
    assert!(!shown.contains(secret) && !shown.contains("Basic"), "{shown}");
    assert!(shown.contains(ISSUER), "{shown}");
    let denied = api.check("hidden").await.unwrap_err();
    assert!(!format!("{denied:?}").contains("hidden"));
    assert!(matches!(denied.cause(), Cause::Token(CredentialError::Unknown)));
}
