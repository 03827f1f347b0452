//! ID tokens (OpenID Connect Core sections 2, 3.1.3 and 12.2), verified by a
//! foreign library with the published keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{
    Acr, Algorithm, Amr, Cause, ConfigError, Decision, Granted, HostError, KeySet, Provider,
    Signer, SigningKey, User,
};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use crate::support::answers::{assert_error, assert_error_redirect, json as body_of, location};
use crate::support::apps::{AUDITOR, App, BILLING, DASHBOARD, NOTES, SYNC, TRUSTED};
use crate::support::openid::{SCOPES, asks, key, keys, own_key, provider, provider_of};
use crate::support::seams::Fault;
use crate::support::world::{ISSUER, START, World, ring};
use crate::support::{House, Tokens, scope};

#[tokio::test]
async fn an_id_token_says_who_signed_in_and_when_to_whom_and_until_when() {
    let house = provider();
    house.pass(30);
    let signed_in = house.signed_in(&DASHBOARD, &asks(&DASHBOARD)).await;
    let [at_hash, sid] = ["at_hash", "sid"].map(|name| signed_in.claims[name].clone());
    assert_eq!(sid.as_str().map(str::len), Some(43));
    assert_eq!(
        signed_in.claims,
        json!({
            "iss": ISSUER,
            "sub": "alice",
            "aud": "dashboard",
            "exp": START + 30 + 600,
            "iat": START + 30,
            "auth_time": START,
            "at_hash": at_hash,
            "sid": sid,
        })
    );
    signed_in.assert_at_hash();
    assert_eq!(signed_in.header.typ.as_deref(), Some("JWT"));
    assert_eq!(signed_in.header.kid.as_deref(), Some(own_key(Algorithm::Rs256).kid()));
    assert_eq!(signed_in.answer["token_type"], "Bearer");
    assert_eq!(signed_in.answer["scope"], "openid reports.read");
}

#[tokio::test]
async fn claims_stand_in_one_order() {
    let house = provider();
    let gold = house.authentication("alice").with_acr(Acr::parse("gold").unwrap());
    house.browser.set(Some(gold.with_amr([Amr::parse("pwd").unwrap()])));
    let form = asks(&DASHBOARD).with("nonce", "n");
    for _ in 0..3 {
        assert_eq!(
            house.signed_in(&DASHBOARD, &form).await.names(),
            ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr"]
        );
    }
}

#[tokio::test]
async fn each_client_gets_the_algorithm_it_is_registered_for() {
    let house = provider();
    for &algorithm in Algorithm::ALL {
        let client = DASHBOARD.builder().scope(SCOPES).id_token_signed_response_alg(algorithm);
        house.clients.put(client.build().unwrap());
        let signed_in = house.signed_in(&DASHBOARD, &asks(&DASHBOARD)).await;
        let told = serde_json::to_value(signed_in.header.alg).unwrap();
        assert_eq!(told, algorithm.as_str());
        assert_eq!(signed_in.header.kid.as_deref(), Some(own_key(algorithm).kid()));
        signed_in.assert_at_hash();
    }
}

#[tokio::test]
async fn a_nonce_comes_out_as_it_went_in() {
    let house = provider();
    let longest = "n".repeat(4096);
    for nonce in
        ["n-0S6_WzA2Mj", "\"},\"sub\":\"bob\",{\"x\":\"\\\"", "\u{fc} \u{1f511} +%41&=", &longest]
    {
        let form = asks(&TRUSTED).with("nonce", nonce);
        let signed_in = house.signed_in(&TRUSTED, &form).await;
        assert_eq!(signed_in.claims["nonce"], nonce);
        assert_eq!(signed_in.claims["sub"], "alice");
    }
}

#[tokio::test]
async fn acr_and_amr_are_those_of_the_sign_in_where_the_host_tells_them() {
    let house = provider();
    let alice = house.authentication("alice").with_acr(Acr::parse("urn:x:gold").unwrap());
    let alice = alice.with_amr(["pwd", "otp"].map(|amr| Amr::parse(amr).unwrap()));
    house.browser.set(Some(alice));
    let claims = house.signed_in(&TRUSTED, &asks(&TRUSTED)).await.claims;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("urn:x:gold"), &json!(["pwd", "otp"])));
}

/// OpenID Connect Core section 2: several audiences would need `azp`, and a code
/// beside it `c_hash`.
#[tokio::test]
async fn the_client_is_the_only_audience_and_there_is_no_azp_and_no_c_hash() {
    let house = provider();
    let form = asks(&TRUSTED).with("nonce", "n");
    let claims = house.signed_in(&TRUSTED, &form).await.claims;
    assert_eq!(claims["aud"], "trusted");
    assert!(claims.get("azp").is_none() && claims.get("c_hash").is_none(), "{claims}");
}

#[tokio::test]
async fn each_user_and_each_client_gets_their_own() {
    let house = provider();
    for user in ["alice", "bob"] {
        house.sign_in(user);
        for app in [DASHBOARD, BILLING, TRUSTED] {
            let signed_in = house.signed_in(&app, &asks(&app)).await;
            assert_eq!(signed_in.claims["sub"], user);
            assert_eq!(signed_in.claims["aud"], app.id);
        }
    }
}

#[tokio::test]
async fn without_the_scope_openid_there_is_none() {
    let house = provider();
    for form in [
        TRUSTED.asks().with("nonce", "n"),
        TRUSTED.asks().with("scope", "profile").with("max_age", "60"),
        TRUSTED.asks().without("scope"),
    ] {
        let answer = body_of(&house.answered(&TRUSTED, &form).await);
        assert!(answer["access_token"].is_string() && answer.get("id_token").is_none(), "{answer}");
    }
}

#[tokio::test]
async fn without_a_provider_openid_is_a_scope_like_any_other() {
    let house = House::new();
    house.clients.put(TRUSTED.builder().scope(SCOPES).trusted().build().unwrap());
    let answer = body_of(&house.answered(&TRUSTED, &asks(&TRUSTED)).await);
    assert_eq!(answer["scope"], "openid reports.read");
    assert!(answer.get("id_token").is_none(), "{answer}");
}

#[tokio::test]
async fn who_was_denied_it_gets_none() {
    let house = provider();
    let consent = house.consent(&asks(&DASHBOARD)).await;
    let denied = house.decide(consent.ticket(), Decision::Deny).await.unwrap();
    assert_error_redirect(&denied, &DASHBOARD, "access_denied");
    let consent = house.consent(&asks(&DASHBOARD)).await;
    let some = Granted::only(scope("reports.read"));
    let allowed = house.decide(consent.ticket(), Decision::Allow(some)).await.unwrap();
    let code = location(&allowed).one("code");
    let answer = body_of(&house.redeem(&DASHBOARD, &code).await);
    assert_eq!(answer["scope"], "reports.read");
    assert!(answer.get("id_token").is_none(), "{answer}");
}

/// OpenID Connect Core section 12.2. Meanwhile somebody else has signed in.
#[tokio::test]
async fn a_refreshed_id_token_is_of_the_same_sign_in_and_has_no_nonce() {
    let house = provider();
    let first = house.signed_in(&SYNC, &asks(&SYNC).with("nonce", "n")).await;
    assert_eq!(first.claims["nonce"], "n");
    house.pass(900);
    house.sign_in("bob");
    let refresh = first.answer["refresh_token"].as_str().unwrap();
    let next = house.verified(&SYNC, &house.refresh(&SYNC, refresh).await);
    for same in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(next.claims[same], first.claims[same], "{same}");
    }
    assert_eq!(next.claims["iat"], START + 900);
    assert_eq!(next.claims["exp"], START + 900 + 600);
    assert!(next.claims.get("nonce").is_none() && next.claims.get("azp").is_none());
    assert_ne!(next.claims["at_hash"], first.claims["at_hash"]);
    next.assert_at_hash();
}

#[tokio::test]
async fn a_refresh_for_less_than_openid_brings_no_id_token_and_the_next_one_may() {
    let house = provider();
    let first = house.signed_in(&SYNC, &asks(&SYNC)).await;
    let refresh = first.answer["refresh_token"].as_str().unwrap();
    let narrow = App::renewal(refresh).with("scope", "reports.read");
    let answer = body_of(&house.token(&SYNC.calls_token(&narrow)).await);
    assert_eq!(answer["scope"], "reports.read");
    assert!(answer.get("id_token").is_none(), "{answer}");
    house.verified(&SYNC, &house.refresh(&SYNC, refresh).await);
}

/// An ID token opens nothing, even for the client that it is for.
#[tokio::test]
async fn an_id_token_is_no_access_token_no_refresh_token_and_no_code() {
    let house = provider();
    let signed_in = house.signed_in(&SYNC, &asks(&SYNC)).await;
    let id_token = signed_in.id_token();
    assert!(house.check(id_token).await.is_err());
    assert_eq!(house.introspect(&AUDITOR, id_token).await, json!({"active": false}));
    assert_error(&house.refresh(&SYNC, id_token).await, 400, "invalid_grant");
    assert_error(&house.redeem(&SYNC, id_token).await, 400, "invalid_grant");
    house.assert_alive(&SYNC, &tokens(&signed_in.answer)).await;
}

fn tokens(answer: &Value) -> Tokens {
    let token = |name: &str| answer[name].as_str().unwrap().to_owned();
    Tokens { access: token("access_token"), refresh: token("refresh_token") }
}

/// A key of a service that can be switched off.
struct Service {
    key: EncodingKey,
    is_down: Arc<AtomicBool>,
}

#[async_trait]
impl Signer for Service {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, HostError> {
        tokio::task::yield_now().await;
        if self.is_down.load(Ordering::SeqCst) {
            return Err(HostError::new("the service is down"));
        }
        let algorithm = jsonwebtoken::Algorithm::ES256;
        let signature = jsonwebtoken::crypto::sign(message, &self.key, algorithm)?;
        Ok(URL_SAFE_NO_PAD.decode(signature).unwrap())
    }
}

/// A provider whose ES256 key is such a service's, and the clients that want it.
fn serviced() -> (House, Arc<AtomicBool>) {
    let held = own_key(Algorithm::Es256);
    let published: Value = serde_json::from_str(&keys().jwks()).unwrap();
    let published = published["keys"].as_array().unwrap();
    let public = published.iter().find(|jwk| jwk["kid"] == held.kid()).unwrap();
    let pem = held.to_pkcs8_pem().unwrap();
    let is_down = Arc::new(AtomicBool::new(false));
    let service = Service {
        key: EncodingKey::from_ec_pem(pem.expose().as_bytes()).unwrap(),
        is_down: is_down.clone(),
    };
    let es256 = Algorithm::Es256;
    let key = SigningKey::from_signer(es256, &public.to_string(), Arc::new(service)).unwrap();
    let house = provider_of(Provider::new(KeySet::new([own_key(Algorithm::Rs256), key]).unwrap()));
    for app in [SYNC, NOTES] {
        let client = app.builder().scope(SCOPES).refresh_token();
        house.clients.put(client.id_token_signed_response_alg(es256).build().unwrap());
    }
    (house, is_down)
}

#[tokio::test]
async fn a_signer_that_fails_consumes_no_code() {
    let (house, is_down) = serviced();
    let code = house.code_for(&asks(&SYNC)).await;
    let before = house.records().await;
    is_down.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let refused = house.redeem(&SYNC, &code).await;
        assert_error(&refused, 503, "temporarily_unavailable");
        let cause = refused.extensions().get::<Cause>().unwrap().to_string();
        assert!(cause.contains("the service is down") && !refused.body().contains("service"));
        assert_eq!(house.records().await, before);
    }
    is_down.store(false, Ordering::SeqCst);
    house.verified(&SYNC, &house.redeem(&SYNC, &code).await);
}

/// One that is rotated, and one that is not.
#[tokio::test]
async fn a_signer_that_fails_consumes_no_refresh_token() {
    for app in [NOTES, SYNC] {
        let (house, is_down) = serviced();
        let first = house.signed_in(&app, &asks(&app)).await;
        let refresh = first.answer["refresh_token"].as_str().unwrap();
        let before = house.records().await;
        is_down.store(true, Ordering::SeqCst);
        // Well beyond the grace, in which a token that was used would do.
        for _ in 0..2 {
            house.pass(30);
            let refused = house.refresh(&app, refresh).await;
            assert_error(&refused, 503, "temporarily_unavailable");
            assert_eq!(house.records().await, before);
        }
        is_down.store(false, Ordering::SeqCst);
        house.verified(&app, &house.refresh(&app, refresh).await);
    }
}

/// The directory and the signer come before the write, which is the last await.
#[tokio::test]
async fn nothing_is_asked_after_the_write() {
    let house = provider();
    let code = house.code_for(&asks(&DASHBOARD)).await;
    house.seams.calls();
    house.verified(&DASHBOARD, &house.redeem(&DASHBOARD, &code).await);
    let calls = house.seams.calls();
    let stored = calls.iter().filter(|call| !["verify", "fill"].contains(*call));
    assert_eq!(stored.collect::<Vec<_>>(), [&"client", &"grant", &"user", &"replace"]);
}

#[tokio::test]
async fn a_directory_that_fails_consumes_no_code() {
    let house = provider();
    let code = house.code_for(&asks(&DASHBOARD)).await;
    let before = house.records().await;
    house.seams.fail("user", Fault::Before);
    let refused = house.redeem(&DASHBOARD, &code).await;
    assert_error(&refused, 503, "temporarily_unavailable");
    assert_eq!(house.records().await, before);
    house.seams.mend();
    house.verified(&DASHBOARD, &house.redeem(&DASHBOARD, &code).await);
}

#[tokio::test]
async fn nobody_is_told_of_a_user_who_is_gone_and_their_grant_is_ended() {
    let house = provider();
    let code = house.code_for(&asks(&DASHBOARD)).await;
    house.people.remove("alice");
    assert_error(&house.redeem(&DASHBOARD, &code).await, 400, "invalid_grant");
    assert!(house.grants("alice").await.iter().all(|grant| grant.is_ended()));
    house.people.put("alice", User::new());
    assert_error(&house.redeem(&DASHBOARD, &code).await, 400, "invalid_grant");
}

#[tokio::test]
async fn without_a_key_for_the_clients_algorithm_nothing_is_consumed_and_the_log_says_why() {
    let keys = KeySet::new([own_key(Algorithm::Rs256)]).unwrap();
    let house = provider_of(Provider::new(keys.clone()));
    let client = DASHBOARD.builder().scope(SCOPES);
    let client = client.id_token_signed_response_alg(Algorithm::EdDsa).build().unwrap();
    house.clients.put(client);
    let code = house.code_for(&asks(&DASHBOARD)).await;
    let refused = house.redeem(&DASHBOARD, &code).await;
    assert_error(&refused, 503, "temporarily_unavailable");
    let cause = refused.extensions().get::<Cause>().unwrap().to_string();
    assert!(cause.ends_with("there is no key for EdDSA"), "{cause}");
    keys.rotate([own_key(Algorithm::Rs256), own_key(Algorithm::EdDsa)]).unwrap();
    house.verified(&DASHBOARD, &house.redeem(&DASHBOARD, &code).await);
}

#[tokio::test]
async fn a_rotated_key_signs_from_then_on() {
    let keys = keys();
    let house = provider_of(Provider::new(keys.clone()));
    let new = key(Algorithm::Rs256);
    keys.rotate([new.clone(), own_key(Algorithm::Rs256)]).unwrap();
    let signed_in = house.signed_in(&TRUSTED, &asks(&TRUSTED)).await;
    assert_eq!(signed_in.header.kid.as_deref(), Some(new.kid()));
}

#[tokio::test]
async fn an_id_token_lives_as_long_as_the_host_says() {
    let lifetime = Duration::from_secs(3600);
    let house = provider_of(Provider::new(keys()).id_token_lifetime(lifetime));
    let claims = house.signed_in(&TRUSTED, &asks(&TRUSTED)).await.claims;
    assert_eq!(claims["exp"], START + 3600);
}

#[test]
fn a_provider_without_rs256_or_with_lifetimes_that_nobody_can_mean_is_refused() {
    let refused = |provider| {
        let builder = World::new().assemble(ISSUER, ring(&[1])).openid(provider);
        builder.build().unwrap_err()
    };
    let others = [Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa].map(own_key);
    let without = Provider::new(KeySet::new(others).unwrap());
    assert_eq!(refused(without), ConfigError::NoRs256);
    for (provider, name) in [
        (Provider::new(keys()).id_token_lifetime(Duration::ZERO), "id_token_lifetime"),
        (Provider::new(keys()).id_token_lifetime(Duration::from_secs(86_401)), "id_token_lifetime"),
        (Provider::new(keys()).jwks_max_age(Duration::ZERO), "jwks_max_age"),
    ] {
        let said = refused(provider).to_string();
        assert!(said.starts_with(name) && said.ends_with("between 1 and 86400 seconds"), "{said}");
    }
}
