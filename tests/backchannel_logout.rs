//! Clients hear of sign-outs (OpenID Connect Back-Channel Logout).

use std::collections::{HashMap, VecDeque};
use std::future::{poll_fn, ready};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use codegrant::{Algorithm, HostError, HttpClient, Notices, SigningKey, Undelivered};
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};

use crate::sign_out::{Home, NOTES_HEARS, SYNC_HEARS, alice, openid};
use crate::support::apps::{App, NOTES, SYNC, TRUSTED};
use crate::support::call::FORM;
use crate::support::seams::Fault;
use crate::support::world::ISSUER;

const OFFLINE: &str = "openid offline_access reports.read";

/// The clients' servers: they answer 200 unless told otherwise, 0 for not at all.
#[derive(Default)]
struct Servers {
    answers: Mutex<HashMap<&'static str, VecDeque<u16>>>,
    heard: Mutex<Vec<(String, String)>>,
    /// Answers only once somebody else has heard.
    last: Option<&'static str>,
}

#[async_trait]
impl HttpClient for Servers {
    async fn send(&self, request: Request<String>) -> Result<Response<String>, HostError> {
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.headers()[CONTENT_TYPE], FORM);
        assert_eq!(request.headers().len(), 1);
        let uri = request.uri().to_string();
        let token = request.body().strip_prefix("logout_token=").unwrap().to_owned();
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        if self.last.is_some_and(|last| uri == last) {
            poll_fn(|context| {
                context.waker().wake_by_ref();
                if self.heard_at().is_empty() { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
        }
        let status = {
            let mut answers = self.answers.lock().unwrap();
            let scripted = answers.get_mut(uri.as_str()).and_then(VecDeque::pop_front);
            scripted.unwrap_or(200)
        };
        self.heard.lock().unwrap().push((uri, token));
        match status {
            0 => Err(HostError::new("connection refused")),
            status => Ok(Response::builder().status(status).body("whatever".into()).unwrap()),
        }
    }
}

impl Servers {
    fn answering(uri: &'static str, answers: &[u16]) -> Self {
        let answers = HashMap::from([(uri, answers.iter().copied().collect())]);
        Self { answers: Mutex::new(answers), ..Self::default() }
    }

    fn heard_at(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let mut uris: Vec<_> = heard.iter().map(|(uri, _)| uri.clone()).collect();
        uris.sort();
        uris
    }

    fn tokens(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(_, token)| token.clone()).collect()
    }
}

/// Each is tried once, and hears.
async fn told(notices: &Notices, servers: &Servers) {
    assert_eq!(notices.is_empty(), notices.clients().count() == 0);
    for (client, result) in notices.deliver(servers, &[], |_| ready(())).await {
        assert!(result.is_ok(), "{client}: {result:?}");
    }
}

/// What `token` says to a client that knows the published keys.
fn read(home: &Home, app: &App, token: &str) -> Value {
    let known: JwkSet = serde_json::from_str(&home.keys.jwks()).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[app.id]);
    validation.validate_exp = false;
    let key = DecodingKey::from_jwk(known.find(&header.kid.unwrap()).unwrap()).unwrap();
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

#[tokio::test]
async fn the_logout_token_says_who_and_which_session_and_nothing_more() {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    home.holds(&NOTES).await;
    let grant = home.grant_to(&NOTES, "alice").await;
    let servers = Servers::default();
    let notices = home.leave(&here).await.notices;
    home.pass(30);
    told(&notices, &servers).await;
    assert_eq!(servers.heard_at(), [NOTES_HEARS]);
    let claims = read(&home, &NOTES, &servers.tokens()[0]);
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER,
            "sub": grant.known_as().as_str(),
            "aud": NOTES.id,
            "iat": home.now(),
            "exp": home.now() + 120,
            "jti": claims["jti"],
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "sid": grant.sid().unwrap(),
        })
    );
    assert_eq!(claims["jti"].as_str().unwrap().len(), 22, "128 random bits");
}

#[tokio::test]
async fn where_the_host_names_no_session_the_token_names_only_the_user() {
    let home = Home::new();
    let here = home.authentication("alice");
    home.browser.set(Some(here.clone()));
    home.holds(&NOTES).await;
    let servers = Servers::default();
    told(&home.leave(&here).await.notices, &servers).await;
    let claims = read(&home, &NOTES, &servers.tokens()[0]);
    assert_eq!((&claims["sub"], claims.get("sid")), (&json!("alice"), None));
}

/// By `sid` alone such a client finds what to end: without it, the token would be
/// taken and come to nothing.
#[tokio::test]
async fn a_client_that_requires_the_session_gets_no_token_without_it_and_the_host_knows() {
    let home = Home::new();
    home.register(
        openid(&NOTES).backchannel_logout_uri(NOTES_HEARS).backchannel_logout_session_required(),
    );
    let servers = Servers::default();
    let nameless = home.authentication("alice");
    home.browser.set(Some(nameless.clone()));
    home.holds(&NOTES).await;
    let slept = Mutex::new(0);
    let sleep = |_| {
        *slept.lock().unwrap() += 1;
        ready(())
    };
    let notices = home.leave(&nameless).await.notices;
    let done = notices.deliver(&servers, &[Duration::from_secs(1)], sleep).await;
    assert!(matches!(done[..], [(_, Err(Undelivered::NoSession))]), "{done:?}");
    assert_eq!((servers.heard_at().len(), *slept.lock().unwrap()), (0, 0), "no try will help");
    let named = home.arrive("alice", "one");
    home.holds(&NOTES).await;
    told(&home.leave(&named).await.notices, &servers).await;
    assert!(read(&home, &NOTES, &servers.tokens()[0])["sid"].is_string());
}

#[tokio::test]
async fn every_client_of_the_session_hears_once_and_none_of_another() {
    let home = Home::new();
    home.holds(&NOTES).await;
    home.arrive("bob", "two");
    home.holds(&SYNC).await;
    let here = home.arrive("alice", "two");
    for app in [NOTES, NOTES, SYNC, TRUSTED] {
        home.holds(&app).await;
    }
    let servers = Servers::default();
    told(&home.leave(&here).await.notices, &servers).await;
    assert_eq!(servers.heard_at(), [NOTES_HEARS, SYNC_HEARS]);
    assert!(home.leave(&here).await.notices.is_empty(), "nobody hears twice");
    home.browser.set(None);
    let everywhere = home.server.sign_out_everywhere(&alice()).await;
    assert_eq!(everywhere.notices.clients().count(), 1, "the session before");
}

/// A client that never got an ID token of the session knows nothing of it.
#[tokio::test]
async fn who_signed_nobody_in_hears_nothing() {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    home.holds_with(&NOTES, "reports.read").await;
    home.code_for(&SYNC.asks().with("scope", "openid")).await;
    assert!(home.leave(&here).await.notices.is_empty());
}

/// Neither revocation nor expiry ends the session that the client made of it.
#[tokio::test]
async fn a_client_hears_whatever_became_of_its_tokens() {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    let revoked = home.holds(&NOTES).await;
    home.revoke(&NOTES, &revoked.refresh).await;
    let offline = home.holds_with(&SYNC, OFFLINE).await;
    let servers = Servers::default();
    told(&home.leave(&here).await.notices, &servers).await;
    assert_eq!(servers.heard_at(), [NOTES_HEARS, SYNC_HEARS]);
    home.assert_alive(&SYNC, &offline).await;
    assert!(home.leave(&here).await.notices.is_empty(), "nobody hears twice");
}

/// Two tabs, or two nodes: of two sign-outs at once one tells each client.
#[tokio::test]
async fn two_sign_outs_at_once_tell_each_client_once() {
    for scope in ["openid", OFFLINE] {
        let home = Home::new();
        let here = home.arrive("alice", "one");
        for app in [NOTES, SYNC] {
            home.holds_with(&app, scope).await;
        }
        home.browser.set(None);
        home.seams.gather("granted_by", 2);
        let (one, two) = tokio::join!(home.server.sign_out(&here), home.server.sign_out(&here));
        assert!(one.fault.is_none() && two.fault.is_none());
        let mut told: Vec<_> = one.notices.clients().chain(two.notices.clients()).collect();
        told.sort();
        assert_eq!(told.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["notes", "sync"]);
    }
}

/// Somebody else ends the grant just before: its client must hear all the same.
#[tokio::test]
async fn a_write_whose_answer_is_lost_or_wrong_or_too_late_still_tells_once() {
    for fault in [Fault::After, Fault::False, Fault::FalseAfter] {
        for scope in ["openid", OFFLINE] {
            let home = Home::new();
            let here = home.arrive("alice", "one");
            home.holds_with(&NOTES, scope).await;
            home.seams.fail_times("replace", fault, 1);
            assert_eq!(home.leave(&here).await.notices.clients().count(), 1, "{fault:?} {scope}");
            assert!(home.leave(&here).await.notices.is_empty());
        }
    }
    let home = Home::new();
    let here = home.arrive("alice", "one");
    home.holds(&NOTES).await;
    let grant = home.grant_to(&NOTES, "alice").await;
    home.seams.gather("granted_by", 2);
    home.browser.set(None);
    let revoke = async {
        let _ = home.server.granted_by(&alice()).await;
        home.server.revoke_grant(grant.id()).await.unwrap();
    };
    let (signed_out, ()) = tokio::join!(home.server.sign_out(&here), revoke);
    assert_eq!(signed_out.notices.clients().count(), 1);
}

#[tokio::test]
async fn a_client_that_fails_neither_blocks_nor_hides_another() {
    for failing in [0, 404, 500] {
        let home = Home::new();
        let here = home.arrive("alice", "one");
        for app in [NOTES, SYNC] {
            home.holds(&app).await;
        }
        let mut servers = Servers::answering(NOTES_HEARS, &[failing]);
        servers.last = Some(NOTES_HEARS);
        let notices = home.leave(&here).await.notices;
        let done = notices.deliver(&servers, &[], |_| ready(())).await;
        let [(sync, heard), (notes, failed)] = &done[..] else { panic!("{done:?}") };
        assert_eq!((sync.as_str(), notes.as_str()), (SYNC.id, NOTES.id));
        assert!(heard.is_ok());
        match failed {
            Err(Undelivered::Answer(status)) => assert_eq!(status.as_u16(), failing),
            Err(Undelivered::Host(error)) => assert_eq!(error.to_string(), "connection refused"),
            other => panic!("{other:?}"),
        }
    }
}

/// What becomes of one notice, and how long was waited, and what was sent.
async fn delivered(answers: &[u16], waits: &[u64]) -> (Result<(), Undelivered>, Vec<u64>, usize) {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    home.holds(&NOTES).await;
    let servers = Servers::answering(NOTES_HEARS, answers);
    let notices = home.leave(&here).await.notices;
    let waits: Vec<_> = waits.iter().copied().map(Duration::from_secs).collect();
    let slept = Mutex::new(Vec::new());
    let sleep = |time: Duration| {
        slept.lock().unwrap().push(time.as_secs());
        home.pass(i64::try_from(time.as_secs()).unwrap());
        ready(())
    };
    let mut results = notices.deliver(&servers, &waits, sleep).await;
    let tokens = servers.tokens();
    let claims: Vec<_> = tokens.iter().map(|token| read(&home, &NOTES, token)).collect();
    for pair in claims.windows(2) {
        assert_ne!(pair[0]["jti"], pair[1]["jti"], "a second try is no replay");
        assert!(pair[0]["exp"].as_i64() < pair[1]["exp"].as_i64(), "nor has it expired");
    }
    (results.remove(0).1, slept.into_inner().unwrap(), tokens.len())
}

#[tokio::test]
async fn an_answer_of_200_or_204_is_enough() {
    for answer in [200, 204] {
        let (result, slept, sent) = delivered(&[answer], &[1, 1]).await;
        assert!(result.is_ok());
        assert_eq!((slept.len(), sent), (0, 1));
    }
}

#[tokio::test]
async fn whoever_cannot_be_reached_is_tried_again_as_often_as_the_host_wants() {
    let (result, slept, sent) = delivered(&[0, 503, 302, 200], &[1, 130, 3600, 7]).await;
    assert!(result.is_ok());
    assert_eq!((slept, sent), (vec![1, 130, 3600], 4));
    let (result, slept, sent) = delivered(&[503; 9], &[1, 130]).await;
    assert!(matches!(result, Err(Undelivered::Answer(_))));
    assert_eq!((slept, sent), (vec![1, 130], 3));
}

#[tokio::test]
async fn a_client_that_refuses_is_not_asked_again() {
    let (result, slept, sent) = delivered(&[503, 400], &[1, 1, 1]).await;
    assert!(matches!(result, Err(Undelivered::Refused)));
    assert_eq!((slept.len(), sent), (1, 2));
}

#[tokio::test]
async fn the_registration_of_the_moment_says_where_and_whether() {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    for app in [NOTES, SYNC] {
        home.holds(&app).await;
    }
    let notices = home.leave(&here).await.notices;
    home.register(openid(&NOTES).backchannel_logout_uri("https://notes.example/new"));
    home.register(openid(&SYNC));
    let servers = Servers::default();
    told(&notices, &servers).await;
    assert_eq!(servers.heard_at(), ["https://notes.example/new"]);
}

/// A key service or a store that is away for a while loses nobody.
#[tokio::test]
async fn an_error_of_the_hosts_is_one_to_try_again_after() {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    home.holds(&NOTES).await;
    let notices = home.leave(&here).await.notices;
    let servers = Servers::default();
    let good = SigningKey::generate(Algorithm::EdDsa).unwrap();
    home.keys.rotate([good]).unwrap();
    let [(_, result)] = &notices.deliver(&servers, &[], |_| ready(())).await[..] else {
        panic!("one client")
    };
    let no_key = result.as_ref().unwrap_err().to_string();
    assert!(no_key.ends_with("there is no key for RS256"), "{no_key}");
    home.keys.rotate([crate::sign_out::other_key()]).unwrap();
    for method in ["client", "fill"] {
        home.seams.fail_times(method, Fault::Before, 1);
        let done = notices.deliver(&servers, &[Duration::ZERO], |_| ready(())).await;
        assert!(done[0].1.is_ok(), "{method}");
    }
}

/// The user does not wait: the host spawns it, on any runtime.
#[tokio::test]
async fn the_telling_is_a_task_of_its_own() {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    home.holds(&NOTES).await;
    let notices = home.leave(&here).await.notices;
    let servers = Arc::new(Servers::answering(NOTES_HEARS, &[503]));
    let http: Arc<dyn HttpClient> = servers.clone();
    let task = tokio::spawn(async move {
        notices.deliver(&*http, &[Duration::from_millis(1)], tokio::time::sleep).await.len()
    });
    assert_eq!(task.await.unwrap(), 1);
    assert_eq!(servers.heard_at(), [NOTES_HEARS, NOTES_HEARS]);
}
