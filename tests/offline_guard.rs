//! A resource server in another process, which asks nobody (RFC 9068 section 4).

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use codegrant::{
    Access, Algorithm, Cause, CredentialError, Denied, KeySet, OfflineGuard, Resource, SigningKey,
};
use serde_json::{Value, json};

use crate::support::answers::{assert_error, challenge};
use crate::support::apps::{NOTES, OTHER_API, REPORTS_API, SPA};
use crate::support::call::{Call, Form, bearer};
use crate::support::publisher::{JWKS, METADATA, Mood, Publisher};
use crate::support::scope;
use crate::support::signed::{GOLD, Signing, changed, key, keys, part, with_part};
use crate::support::world::{ISSUER, START};

/// The reports API far from its authorization server.
struct Api {
    house: Signing,
    publisher: Arc<Publisher>,
    guard: OfflineGuard,
}

impl Api {
    fn new() -> Self {
        let house = Signing::new();
        let publisher = Publisher::of(&house);
        let guard = publisher.guard(&house);
        Self { house, publisher, guard }
    }

    /// One that has read the keys, and a token that passes.
    async fn warm() -> (Self, String) {
        let api = Self::new();
        let token = api.house.for_reports(&NOTES).await;
        assert!(api.check(&token).await.is_ok());
        assert_eq!(api.publisher.asked(), [METADATA, JWKS]);
        (api, token)
    }

    async fn check(&self, token: &str) -> Result<Access, Denied> {
        self.guard.check(&bearer(token).parts()).await
    }

    async fn assert_refused(&self, token: &str, what: &str) {
        let denied = self.check(token).await.unwrap_err();
        assert!(matches!(denied.cause(), Cause::Token(_)), "{what}: {denied:?}");
        assert_error(&denied.into_response(), 401, "invalid_token");
    }

    async fn assert_unavailable(&self, token: &str, what: &str) {
        let denied = self.check(token).await.unwrap_err();
        assert!(matches!(denied.cause(), Cause::Host(_)), "{what}: {denied:?}");
        assert_error(&denied.into_response(), 503, "temporarily_unavailable");
    }

    /// A token signed with a key that the issuer does not publish.
    async fn invented(&self) -> String {
        let claims = json!({"iss": ISSUER, "exp": START + 9}).to_string();
        keys().sign(Algorithm::Es256, "at+jwt", claims.as_bytes()).await.unwrap()
    }
}

#[tokio::test]
async fn it_learns_the_same_as_a_guard_beside_the_server() {
    let api = Api::new();
    api.house.sign_in_gold();
    let token = api.house.for_reports(&NOTES).await;
    api.house.seams.calls();
    let far = api.check(&token).await.unwrap();
    assert!(api.house.seams.calls().is_empty());
    let near = api.house.check(&token).await.unwrap();
    assert_eq!(far.subject(), near.subject());
    assert_eq!(far.client(), near.client());
    assert_eq!(far.scope(), near.scope());
    assert_eq!(far.audience(), near.audience());
    assert_eq!(far.expires_at(), near.expires_at());
    assert_eq!(far.user(), near.user());
    assert_eq!((far.auth_time(), far.acr()), (near.auth_time(), near.acr()));
    assert_eq!(far.acr().unwrap().as_str(), GOLD);
    far.require_scope(&scope("reports.read")).unwrap();
    far.require_permission("reports:read").unwrap();
    assert_eq!(far.require_permission("reports:burn").unwrap_err().into_response().status(), 403);
}

#[tokio::test]
async fn it_challenges_as_a_guard_beside_the_server_does() {
    let (api, token) = Api::warm().await;
    let resource = Resource::parse(REPORTS_API).unwrap();
    let near = api.house.server.guard().audience(resource).scope(scope("reports.read"));
    let far = api.guard.clone().scope(scope("reports.read"));
    let nothing = Call::get("/resource", &Form::default());
    let in_query = bearer(&token).uri("/resource?access_token=x");
    for call in [nothing, in_query, bearer("x"), bearer("a b"), bearer(&format!("{token}x"))] {
        let parts = call.parts();
        let near = near.check(&parts).await.unwrap_err().into_response();
        let far = far.check(&parts).await.unwrap_err().into_response();
        assert_eq!((near.status(), challenge(&near)), (far.status(), challenge(&far)));
        assert_eq!(near.body(), far.body());
        assert!(challenge(&far).unwrap().contains("scope=\"reports.read\", resource_metadata="));
    }
    let access = far.check(&bearer(&token).parts()).await.unwrap();
    let denied = access.require_scope(&scope("profile")).unwrap_err().into_response();
    assert_error(&denied, 403, "insufficient_scope");
    assert_eq!(far.metadata_path(), near.metadata_path());
    assert_eq!(far.metadata().unwrap().body(), near.metadata().unwrap().body());
}

/// The price, as the documentation states it: a revoked token passes until it
/// expires, and not a second longer.
#[tokio::test]
async fn a_revoked_token_passes_until_it_expires() {
    let (api, token) = Api::warm().await;
    api.house.revoke(&NOTES, &token).await;
    api.house.people.remove("alice");
    assert!(api.house.check(&token).await.is_err());
    api.house.pass(599);
    assert!(api.check(&token).await.is_ok());
    api.house.pass(1);
    api.assert_refused(&token, "expired").await;
}

#[tokio::test]
async fn keys_are_read_when_the_first_token_comes_and_when_they_may_not_be_kept() {
    for (caching, kept) in
        [("max-age=60", 60), ("", 300), ("no-store", 10), ("max-age=0", 10), ("max-age=1e9", 10)]
    {
        let api = Api::new();
        api.publisher.set(Mood::Fair(caching));
        let token = api.house.for_reports(&NOTES).await;
        assert!(api.publisher.asked().is_empty());
        for expected in [&[METADATA, JWKS][..], &[]] {
            assert!(api.check(&token).await.is_ok());
            assert_eq!(api.publisher.asked(), expected, "{caching}");
        }
        api.house.pass(kept - 1);
        assert!(api.check(&token).await.is_ok());
        assert!(api.publisher.asked().is_empty(), "{caching}");
        api.house.pass(1);
        assert!(api.check(&token).await.is_ok());
        assert_eq!(api.publisher.asked(), [METADATA, JWKS], "{caching}");
    }
}

#[tokio::test]
async fn keys_are_never_kept_longer_than_a_day() {
    let api = Api::new();
    api.publisher.set(Mood::Fair("public, max-age=31536000, immutable"));
    let before = api.house.for_reports(&NOTES).await;
    assert!(api.check(&before).await.is_ok());
    let stolen = api.house.keys.clone();
    let claims = changed(&part(&before, 1), "exp", json!(START + 999_999_999));
    let forged = api.house.sign("at+jwt", &claims).await;
    stolen.rotate([key()]).unwrap();
    api.house.pass(86_399);
    assert!(api.check(&forged).await.is_ok());
    api.house.pass(1);
    api.assert_refused(&forged, "signed with a key that was left out").await;
}

/// As the documentation of `KeySet` says how to: no verification fails, and the
/// issuer is asked for nothing but what had to be read anew anyway.
#[tokio::test]
async fn a_rotation_step_by_step_fails_no_verification() {
    let api = Api::new();
    let (old, new) = (key(), key());
    api.house.keys.rotate([old.clone()]).unwrap();
    let mut read_at = START - 3_600;
    for step in [vec![old.clone(), new.clone()], vec![new.clone(), old], vec![new]] {
        let before = api.house.for_reports(&NOTES).await;
        assert!(api.check(&before).await.is_ok());
        api.house.keys.rotate(step).unwrap();
        assert!(api.check(&before).await.is_ok());
        for _ in 0..8 {
            let token = api.house.for_reports(&NOTES).await;
            assert!(api.check(&token).await.is_ok());
            if !api.publisher.asked().is_empty() {
                assert!(api.house.clock_now() - read_at >= 3_600);
                read_at = api.house.clock_now();
            }
            api.house.pass(500);
        }
    }
}

/// A key that was replaced at once, since it was stolen, is known as soon as it
/// is used.
#[tokio::test]
async fn an_unannounced_key_is_read_when_its_first_token_comes() {
    let (api, old) = Api::warm().await;
    api.house.keys.rotate([key()]).unwrap();
    let new = api.house.for_reports(&NOTES).await;
    api.house.pass(10);
    assert!(api.check(&new).await.is_ok());
    assert_eq!(api.publisher.asked(), [METADATA, JWKS]);
    api.assert_refused(&old, "signed with the key that is gone").await;
}

/// Names of keys can be invented for nothing.
#[tokio::test]
async fn invented_keys_make_it_ask_at_most_every_ten_seconds() {
    let (api, token) = Api::warm().await;
    for (second, asks) in [(0, false), (9, false), (10, true), (19, false), (20, true)] {
        api.house.pass(START + second - api.house.clock_now());
        for _ in 0..5 {
            api.assert_refused(&api.invented().await, "a foreign key").await;
        }
        assert_eq!(api.publisher.asked().len(), if asks { 2 } else { 0 }, "{second}");
        assert!(api.check(&token).await.is_ok());
        assert!(api.publisher.asked().is_empty());
    }
}

#[tokio::test]
async fn many_at_once_ask_once() {
    let api = Api::new();
    let token = api.house.for_reports(&NOTES).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (guard, parts) = (api.guard.clone(), bearer(&token).parts());
            tokio::spawn(async move { guard.check(&parts).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(api.publisher.asked(), [METADATA, JWKS]);
}

/// Whoever goes away while the keys are read keeps nobody from reading them.
#[tokio::test]
async fn a_request_that_is_dropped_half_way_leaves_no_trace() {
    let api = Api::new();
    let token = api.house.for_reports(&NOTES).await;
    api.publisher.set(Mood::Silent);
    {
        let parts = bearer(&token).parts();
        let mut waiting = pin!(api.guard.check(&parts));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            assert!(matches!(waiting.as_mut().poll(&mut context), Poll::Pending));
        }
    }
    api.publisher.set(Mood::Fair("max-age=60"));
    assert!(api.check(&token).await.is_ok());
}

#[tokio::test]
async fn without_the_issuer_it_goes_on_as_long_as_the_keys_may_be_kept() {
    let (api, token) = Api::warm().await;
    api.publisher.set(Mood::Down);
    let claims = changed(&part(&token, 1), "exp", json!(START + 9_000));
    let token = api.house.sign("at+jwt", &claims).await;
    api.house.pass(3_599);
    assert!(api.check(&token).await.is_ok());
    api.assert_unavailable(&api.invented().await, "maybe a new key").await;
    api.assert_unavailable(&api.invented().await, "maybe a new key").await;
    assert_eq!(api.publisher.asked(), [METADATA]);
    assert!(api.check(&token).await.is_ok());
    api.house.pass(10);
    for _ in 0..5 {
        api.assert_unavailable(&token, "no keys").await;
    }
    assert_eq!(api.publisher.asked(), [METADATA], "an issuer in trouble is spared");
    api.publisher.set(Mood::Fair("max-age=60"));
    api.house.pass(10);
    assert!(api.check(&token).await.is_ok());
}

#[tokio::test]
async fn a_clock_set_back_does_not_prolong_how_long_keys_are_kept() {
    let (api, token) = Api::warm().await;
    api.house.pass(-30);
    assert!(api.check(&token).await.is_ok());
    assert_eq!(api.publisher.asked(), [METADATA, JWKS]);
}

#[tokio::test]
async fn documents_that_cannot_be_trusted_are_503_and_let_nobody_pass() {
    let metadata = |issuer: &str, jwks_uri: Value| {
        changed(&json!({"issuer": issuer}), "jwks_uri", jwks_uri).to_string()
    };
    let private = r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#.to_owned();
    for (document, status, body) in [
        (METADATA, 404, String::new()),
        (METADATA, 302, metadata(ISSUER, json!(JWKS))),
        (METADATA, 200, "<html>".into()),
        (METADATA, 200, metadata("https://evil.example", json!(JWKS))),
        (METADATA, 200, metadata("https://id.example", json!(JWKS))),
        (METADATA, 200, metadata(ISSUER, json!(null))),
        (METADATA, 200, metadata(ISSUER, json!("http://id.example/tenant/jwks"))),
        (METADATA, 200, metadata(ISSUER, json!("/jwks"))),
        (JWKS, 500, String::new()),
        (JWKS, 200, "{}".into()),
        (JWKS, 200, private),
        (JWKS, 200, r#"{"keys":[],"keys":[]}"#.into()),
    ] {
        let api = Api::new();
        let token = api.house.for_reports(&NOTES).await;
        api.publisher.set(Mood::Answers(document, status, body.clone()));
        api.assert_unavailable(&token, &format!("{document} {status} {body}")).await;
    }
}

#[tokio::test]
async fn an_address_of_the_keys_that_is_given_is_the_one_that_is_asked() {
    let mut api = Api::new();
    let token = api.house.for_reports(&NOTES).await;
    api.guard = api.guard.jwks_uri(JWKS).unwrap();
    assert!(api.check(&token).await.is_ok());
    assert_eq!(api.publisher.asked(), [JWKS]);
    for fit in ["http://127.0.0.1:8080/jwks", "http://localhost/jwks", "https://id.example"] {
        assert!(api.guard.clone().jwks_uri(fit).is_ok(), "{fit}");
    }
    for unfit in ["http://id.example/jwks", "/jwks", "", "ftp://127.0.0.1/", "file:///jwks"] {
        assert!(api.guard.clone().jwks_uri(unfit).is_err(), "{unfit}");
    }
}

/// Section 4, and RFC 8725: what is not signed as an access token by a key of the
/// issuer is none, whoever it comes from.
#[tokio::test]
async fn what_the_issuer_did_not_sign_as_an_access_token_is_refused() {
    let (api, good) = Api::warm().await;
    let (header, claims) = (part(&good, 0), part(&good, 1));
    let header_with = |name, value| with_part(&good, 0, &changed(&header, name, value).to_string());
    let none = header_with("alg", json!("none"));
    let wider = changed(&claims, "scope", json!("reports.read reports.write profile"));
    for (attack, token) in [
        ("an ID token", api.house.sign("JWT", &claims).await),
        ("a logout token", api.house.sign("logout+jwt", &claims).await),
        ("alg none", none.clone()),
        ("alg none without a signature", format!("{}.", none.rsplit_once('.').unwrap().0)),
        ("HS256", header_with("alg", json!("HS256"))),
        ("an alg that the key is not for", header_with("alg", json!("EdDSA"))),
        ("a foreign key", api.invented().await),
        ("no kid", header_with("kid", json!(null))),
        ("keys elsewhere", header_with("jku", json!("https://evil.example/jwks"))),
        ("a critical extension", header_with("crit", json!(["exp"]))),
        ("no typ", header_with("typ", json!(null))),
        ("a wider scope", with_part(&good, 1, &wider.to_string())),
        ("half of it", good.split_at(good.len() / 2).0.to_owned()),
        ("no signature", format!("{}.", good.rsplit_once('.').unwrap().0)),
        ("the sealed part alone", claims["codegrant"].as_str().unwrap().to_owned()),
        ("an opaque token", Signing::with(|builder| builder).access_token(&SPA).await),
        ("no claims", with_part(&good, 1, "[]")),
    ] {
        api.assert_refused(&token, attack).await;
    }
    assert!(api.publisher.asked().is_empty());
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    let (api, good) = Api::warm().await;
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.typ = Some("at+jwt".into());
    header.kid = part(&good, 0)["kid"].as_str().map(str::to_owned);
    let secret = jsonwebtoken::EncodingKey::from_secret(api.house.keys.jwks().as_bytes());
    let forged = jsonwebtoken::encode(&header, &part(&good, 1), &secret).unwrap();
    api.assert_refused(&forged, "signed with the published key").await;
}

/// What the issuer signed is still not for everybody, nor for ever.
#[tokio::test]
async fn only_a_token_of_this_issuer_for_this_resource_at_this_time_passes() {
    let (api, good) = Api::warm().await;
    let claims = part(&good, 1);
    for (name, value, passes) in [
        ("iss", json!("https://id.example"), false),
        ("iss", json!(format!("{ISSUER}/")), false),
        ("iss", json!(null), false),
        ("aud", json!([OTHER_API]), false),
        ("aud", json!(OTHER_API), false),
        ("aud", json!([]), false),
        ("aud", json!(null), false),
        ("aud", json!(REPORTS_API), true),
        ("aud", json!([OTHER_API, REPORTS_API]), true),
        ("exp", json!(START), false),
        ("exp", json!(START + 1), true),
        ("exp", json!(null), false),
        ("exp", json!((START + 60).to_string()), false),
        ("iat", json!(null), false),
        ("iat", json!(START + 61), false),
        ("iat", json!(START + 60), true),
        ("nbf", json!(START + 61), false),
        ("nbf", json!(START + 60), true),
        ("sub", json!(null), false),
        ("sub", json!(""), false),
        ("client_id", json!(null), false),
        ("scope", json!("\""), false),
        ("scope", json!(null), true),
        ("acr", json!(""), false),
        ("roles", json!(null), true),
        ("somebody_elses", json!({"a": 1}), true),
    ] {
        let token = api.house.sign("at+jwt", &changed(&claims, name, value.clone())).await;
        assert_eq!(api.check(&token).await.is_ok(), passes, "{name} {value}");
        if !passes {
            api.assert_refused(&token, name).await;
        }
    }
    let early = api.house.sign("at+jwt", &changed(&claims, "nbf", json!(START + 61))).await;
    let denied = api.check(&early).await.unwrap_err();
    assert!(matches!(denied.cause(), Cause::Token(CredentialError::NotYet)), "{denied:?}");
}

#[tokio::test]
async fn a_claim_that_comes_twice_is_read_by_nobody() {
    let (api, good) = Api::warm().await;
    let claims = part(&good, 1).to_string();
    for twice in [r#"{"scope":"profile","#, r#"{"a":{"b":1,"b":2},"#, r#"{"s\u0063ope":"profile","#]
    {
        let text = claims.replacen('{', twice, 1);
        let signed = api.house.keys.sign(Algorithm::Es256, "at+jwt", text.as_bytes()).await;
        api.assert_refused(&signed.unwrap(), twice).await;
    }
}

/// Each of the issuer's algorithms, by its own key, in one set.
#[tokio::test]
async fn every_algorithm_passes_by_its_own_key() {
    let (api, good) = Api::warm().await;
    let drawn = Algorithm::ALL.iter().map(|algorithm| SigningKey::generate(*algorithm).unwrap());
    let all = KeySet::new(drawn.collect::<Vec<_>>()).unwrap();
    let claims = part(&good, 1).to_string();
    api.publisher.set(Mood::Answers(JWKS, 200, all.jwks().to_string()));
    api.house.pass(10);
    for &algorithm in Algorithm::ALL {
        for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
            let token = all.sign(algorithm, typ, claims.as_bytes()).await.unwrap();
            assert!(api.check(&token).await.is_ok(), "{algorithm} {typ}");
        }
    }
}

#[tokio::test]
async fn a_token_is_not_shown() {
    let (api, _) = Api::warm().await;
    let hidden = api.invented().await;
    let denied = api.check(&hidden).await.unwrap_err();
    assert!(!format!("{denied:?}").contains(&hidden));
    assert!(format!("{:?}", api.guard).starts_with("OfflineGuard { realm: Realm"));
}
