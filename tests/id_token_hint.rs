//! `id_token_hint` (OpenID Connect Core section 3.1.2.1): an ID token comes back
//! and names whom the client means, and nothing else does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{Algorithm, Authorize, KeySet, LoginReason, Provider};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::House;
use crate::support::answers::{assert_code, assert_error_redirect, location};
use crate::support::apps::{App, BILLING, DASHBOARD, TRUSTED};
use crate::support::call::{Call, Form, bearer};
use crate::support::openid::{SCOPES, asks, key, keys, own_key, provider, provider_of};
use crate::support::userinfo::userinfo;
use crate::support::world::{ISSUER, START};

/// A request of the operator's own client, whose users need not be asked.
fn hinting(hint: &str) -> Form {
    asks(&TRUSTED).with("id_token_hint", hint)
}

/// An ID token of `app` for `user`, who is signed in from then on.
async fn id_token(house: &House, app: &App, user: &str) -> String {
    house.sign_in(user);
    house.signed_in(app, &asks(app)).await.id_token().to_owned()
}

/// With and without a page, the client hears that its hint is none.
async fn assert_no_hint(house: &House, hint: &str, what: &str) {
    for form in [hinting(hint), hinting(hint).with("prompt", "none")] {
        match house.authorize(&form).await {
            Authorize::Redirect(response) => {
                assert_error_redirect(&response, &TRUSTED, "invalid_request");
                let told = location(&response).one("error_description");
                assert_eq!(told, "id_token_hint is not valid", "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// The hint as good as any.
async fn assert_hint(house: &House, hint: &str) {
    assert_code(&house.redirect(&hinting(hint)).await, &TRUSTED);
    assert_code(&house.redirect(&hinting(hint).with("prompt", "none")).await, &TRUSTED);
}

async fn login_for_other_user(house: &House, form: &Form) -> String {
    let login = house.login(form).await;
    assert_eq!(login.reason(), LoginReason::OtherUser);
    login.ticket().to_owned()
}

async fn resume(house: &House, ticket: &str) -> Authorize {
    let back = location(&house.server.resume(ticket).unwrap());
    house.authorize_by(&Call::to(Method::GET, &back.url)).await
}

#[tokio::test]
async fn whom_the_hint_names_goes_on() {
    let house = provider();
    let hint = id_token(&house, &TRUSTED, "alice").await;
    assert_hint(&house, &hint).await;
}

#[tokio::test]
async fn another_user_has_to_sign_in_as_whom_it_names_or_the_client_hears_of_it() {
    let house = provider();
    let hint = id_token(&house, &TRUSTED, "alice").await;
    house.sign_in("bob");
    let silent = house.redirect(&hinting(&hint).with("prompt", "none")).await;
    assert_error_redirect(&silent, &TRUSTED, "login_required");
    let ticket = login_for_other_user(&house, &hinting(&hint)).await;

    house.pass(1);
    house.sign_in("alice");
    match resume(&house, &ticket).await {
        Authorize::Redirect(response) => assert_code(&response, &TRUSTED),
        other => panic!("{other:?}"),
    };
    house.sign_in("bob");
    match resume(&house, &ticket).await {
        Authorize::Redirect(response) => {
            assert_error_redirect(&response, &TRUSTED, "login_required");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nobody_who_is_signed_in_is_not_whom_it_names() {
    let house = provider();
    let hint = id_token(&house, &TRUSTED, "alice").await;
    house.sign_out();
    let silent = house.redirect(&hinting(&hint).with("prompt", "none")).await;
    assert_error_redirect(&silent, &TRUSTED, "login_required");
    house.sign_in("alice");
    assert_hint(&house, &hint).await;
}

#[tokio::test]
async fn a_hint_that_has_expired_still_names_its_user() {
    let house = provider();
    let hint = id_token(&house, &TRUSTED, "alice").await;
    house.pass(10 * 365 * 86_400);
    house.sign_in("alice");
    assert_hint(&house, &hint).await;
    house.sign_in("bob");
    login_for_other_user(&house, &hinting(&hint)).await;
}

#[tokio::test]
async fn a_key_that_signs_no_more_vouches_as_long_as_it_is_published() {
    let keys = keys();
    let house = provider_of(Provider::new(keys.clone()));
    let hint = id_token(&house, &TRUSTED, "alice").await;
    let new = key(Algorithm::Rs256);
    keys.rotate([new.clone(), own_key(Algorithm::Rs256)]).unwrap();
    assert_hint(&house, &hint).await;
    keys.rotate([new]).unwrap();
    assert_no_hint(&house, &hint, "of a key that is gone").await;
}

#[tokio::test]
async fn every_algorithm_of_ours_vouches() {
    let house = provider();
    for &algorithm in Algorithm::ALL {
        let hint = keys().sign(algorithm, "JWT", &payload(&claims())).await.unwrap();
        assert_hint(&house, &hint).await;
    }
}

/// The hint of another client would let one learn who uses the other.
#[tokio::test]
async fn an_id_token_of_another_client_is_no_hint() {
    let house = provider();
    for other in [DASHBOARD, BILLING] {
        let hint = id_token(&house, &other, "alice").await;
        assert_no_hint(&house, &hint, other.id).await;
    }
}

/// The claims of an ID token that would do.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "aud": "trusted",
        "exp": START + 600, "iat": START, "auth_time": START,
    })
}

fn payload(claims: &Value) -> Vec<u8> {
    claims.to_string().into_bytes()
}

#[tokio::test]
async fn what_our_keys_signed_as_something_else_is_no_hint() {
    let house = provider();
    for typ in ["at+jwt", "logout+jwt", "token-introspection+jwt", "", "JWS"] {
        let token = keys().sign(Algorithm::Rs256, typ, &payload(&claims())).await.unwrap();
        assert_no_hint(&house, &token, typ).await;
    }
    let spoiled = [
        ("iss", json!("https://id.example")),
        ("iss", json!(format!("{ISSUER}/"))),
        ("iss", json!([ISSUER])),
        ("aud", json!("dashboard")),
        ("aud", json!("https://api.example/reports")),
        ("aud", json!(["trusted", "dashboard"])),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!(["alice"])),
        ("exp", json!("soon")),
        ("iat", Value::Null),
        ("auth_time", Value::Null),
    ];
    for (name, value) in spoiled {
        let what = format!("{name}: {value}");
        let mut claims = claims();
        claims[name] = value;
        let token = keys().sign(Algorithm::Rs256, "JWT", &payload(&claims)).await.unwrap();
        assert_no_hint(&house, &token, &what).await;
    }
    for text in ["", "null", "[]", "{", "{}"] {
        let token = keys().sign(Algorithm::Rs256, "JWT", text.as_bytes()).await.unwrap();
        assert_no_hint(&house, &token, text).await;
    }
}

#[tokio::test]
async fn what_other_keys_signed_is_no_hint() {
    let house = provider();
    let theirs = KeySet::new([key(Algorithm::Rs256)]).unwrap();
    let theirs = theirs.sign(Algorithm::Rs256, "JWT", &payload(&claims())).await.unwrap();
    assert_no_hint(&house, &theirs, "of a foreign kid").await;
    let our_kid = own_key(Algorithm::Rs256);
    let header = json!({"alg": "RS256", "kid": our_kid.kid(), "typ": "JWT"});
    let (_, rest) = theirs.split_once('.').unwrap();
    let renamed = format!("{}.{rest}", encode(&header));
    assert_no_hint(&house, &renamed, "of a foreign key under our kid").await;
}

fn encode(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// `none`, and a MAC with what everybody knows of our key as its secret.
#[tokio::test]
async fn a_token_that_chooses_its_own_algorithm_is_no_hint() {
    let house = provider();
    let published: Value = serde_json::from_str(house.server.jwks().body()).unwrap();
    for jwk in published["keys"].as_array().unwrap() {
        for alg in ["none", "None", "HS256", "RS256", "PS256", "ES256", "EdDSA", "RS512"] {
            let header = json!({"alg": alg, "kid": jwk["kid"], "typ": "JWT"});
            let input = format!("{}.{}", encode(&header), encode(&claims()));
            assert_no_hint(&house, &format!("{input}."), alg).await;
            for secret in [jwk.to_string(), jwk["n"].to_string(), jwk["x"].to_string()] {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
                mac.update(input.as_bytes());
                let mac = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
                assert_no_hint(&house, &format!("{input}.{mac}"), alg).await;
            }
        }
    }
}

/// Each part changed, left out, or of another token.
#[tokio::test]
async fn a_hint_that_was_altered_is_none() {
    let house = provider();
    let bobs = id_token(&house, &TRUSTED, "bob").await;
    let hint = id_token(&house, &TRUSTED, "alice").await;
    let parts: Vec<&str> = hint.split('.').collect();
    let bobs: Vec<&str> = bobs.split('.').collect();
    for altered in [
        format!("{}.{}.{}", parts[0], bobs[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], bobs[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!(".{}.{}", parts[1], parts[2]),
        format!("{hint}="),
        format!("{hint}.{}", parts[2]),
        format!(" {hint}"),
        hint.strip_suffix(|_| true).unwrap().to_owned(),
        "alice".to_owned(),
        "..".to_owned(),
        "\u{fc}\r\n".to_owned(),
    ] {
        assert_no_hint(&house, &altered, &altered).await;
    }
    assert_hint(&house, &hint).await;
}

/// Neither the code, nor the access token that came with it, nor signed userinfo,
/// which the same key signed for the same client under the same type.
#[tokio::test]
async fn our_other_tokens_are_no_hint() {
    let house = provider();
    let client = TRUSTED.builder().scope(SCOPES).trusted();
    let client = client.userinfo_signed_response_alg(Algorithm::Rs256);
    house.clients.put(client.build().unwrap());
    let code = house.code_for(&asks(&TRUSTED)).await;
    assert_no_hint(&house, &code, "a code").await;
    let answer = house.signed_in(&TRUSTED, &asks(&TRUSTED)).await.answer;
    let access_token = answer["access_token"].as_str().unwrap();
    assert_no_hint(&house, access_token, "an access token").await;
    let signed = userinfo(&house, &bearer(access_token)).await;
    assert_eq!(signed.headers()["content-type"], "application/jwt");
    assert_no_hint(&house, signed.body(), "signed userinfo").await;
}

#[tokio::test]
async fn two_hints_are_an_error_and_a_hint_says_nothing_without_openid() {
    let house = provider();
    let hint = id_token(&house, &TRUSTED, "alice").await;
    let twice = house.redirect(&hinting(&hint).and("id_token_hint", &hint)).await;
    assert_error_redirect(&twice, &TRUSTED, "invalid_request");
    house.sign_in("bob");
    assert_code(&house.redirect(&hinting(&hint).with("scope", "reports.read")).await, &TRUSTED);
}

/// A host that once was one may still be sent hints.
#[tokio::test]
async fn a_server_that_is_no_provider_passes_over_a_hint() {
    let house = House::new();
    house.clients.put(TRUSTED.builder().scope(SCOPES).trusted().build().unwrap());
    assert_code(&house.redirect(&hinting("anything")).await, &TRUSTED);
}

/// A hint and the claim `sub` both name users: who is named by both is meant.
#[tokio::test]
async fn a_hint_and_a_sub_that_contradict_each_other_are_an_error() {
    let house = provider();
    let hint = id_token(&house, &TRUSTED, "alice").await;
    for (sub, is_she) in [("alice", true), ("bob", false)] {
        let claims = json!({"id_token": {"sub": {"value": sub}}}).to_string();
        let response = house.redirect(&hinting(&hint).with("claims", &claims)).await;
        if is_she {
            assert_code(&response, &TRUSTED);
        } else {
            assert_error_redirect(&response, &TRUSTED, "invalid_request");
        }
    }
}
