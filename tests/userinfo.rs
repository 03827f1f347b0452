//! The userinfo endpoint (OpenID Connect Core section 5.3, RFC 6750).

use codegrant::{
    Algorithm, AuthorizationServer, Authorize, Cause, ClientId, CredentialError, Decision, Granted,
    Policy, Provider, Resources, Response,
};
use http::Method;
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::answers::{assert_error, challenge, json as body_of, location, only};
use crate::support::apps::{App, BILLING, DASHBOARD, NOTES, OTHER_API, REPORTS_API, SPA, SYNC};
use crate::support::call::{Call, FORM, Form, bearer};
use crate::support::seams::Fault;
use crate::support::userinfo::{
    EVERYTHING, access_token, alice, asks, house, keys, provider, token_of, told, userinfo,
};
use crate::support::world::{ISSUER, ring};
use crate::support::{House, Tokens};

const REALM: &str = "Bearer realm=\"https://id.example/tenant\"";

/// A valid token, and where it can be used.
async fn token(house: &House) -> String {
    token_of(house, &DASHBOARD, &asks(&DASHBOARD, "openid email")).await
}

/// An access token of the dashboard's that another server issues.
async fn token_at(server: &AuthorizationServer, form: &Form) -> String {
    let call = Call::get("/authorize", &form.clone().with("prompt", "consent"));
    let Authorize::Consent(consent) = server.authorize(&call.parts(), b"").await else {
        panic!("no consent page")
    };
    let (call, all) = (Call::post("/consent", &Form::default()), Granted::everything());
    let decision = Decision::Allow(all);
    let decided = server.decide(&call.parts(), consent.ticket(), decision).await.unwrap();
    let call = DASHBOARD.redeems(&location(&decided).one("code"));
    access_token(&server.token(&call.parts(), &call.body).await)
}

fn posted(form: &Form) -> Call {
    Call::post("/userinfo", form)
}

fn in_body(token: &str) -> Form {
    Form::of(&[("access_token", token)])
}

/// The error with its challenge (RFC 6750 section 3).
fn assert_refused(response: &Response, status: u16, error: &str) {
    assert_error(response, status, error);
    let challenge = challenge(response).unwrap();
    assert!(challenge.starts_with(&format!("{REALM}, error=\"{error}\", ")), "{challenge}");
    assert!(challenge.ends_with(", scope=\"openid\""), "{challenge}");
}

/// The token is refused, and why.
async fn assert_token_refused(house: &House, token: &str, why: &str) {
    let response = userinfo(house, &bearer(token)).await;
    assert_refused(&response, 401, "invalid_token");
    let cause = response.extensions().get::<Cause>().unwrap().to_string();
    assert!(cause.contains(why), "{cause}");
}

#[tokio::test]
async fn the_token_may_be_in_the_header_of_a_get_or_post_or_in_a_posted_form() {
    let house = provider();
    let token = token(&house).await;
    let in_form = posted(&in_body(&token).with("other", "%"));
    let with_charset = in_form
        .clone()
        .without_header(&CONTENT_TYPE)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded;charset=UTF-8");
    let in_header = bearer(&token).method(Method::POST);
    for call in [
        bearer(&token),
        in_header.clone(),
        in_header.clone().header(CONTENT_TYPE, "application/json").body("{}"),
        bearer(&token).method(Method::POST).header(CONTENT_TYPE, FORM),
        in_form.clone(),
        with_charset,
        in_form.header(AUTHORIZATION, "Basic eDp5"),
    ] {
        let response = userinfo(&house, &call).await;
        assert_eq!(response.status(), 200, "{call:?}: {}", response.body());
        assert_eq!(challenge(&response), None);
        assert_eq!(
            body_of(&response),
            json!({"sub": "alice", "email": "alice@example.com", "email_verified": true})
        );
    }
}

#[tokio::test]
async fn a_token_that_is_sent_in_two_ways_or_in_a_wrong_one_is_an_invalid_request() {
    let house = provider();
    let token = token(&house).await;
    let in_form = posted(&in_body(&token));
    let bare = Call::to(Method::POST, "/userinfo").header(CONTENT_TYPE, FORM);
    for call in [
        in_form.clone().header(AUTHORIZATION, &format!("Bearer {token}")),
        posted(&in_body(&token).and("access_token", &token)),
        posted(&in_body("").and("access_token", &token)),
        in_form.clone().uri(&format!("/userinfo?access_token={token}")),
        Call::get("/userinfo", &in_body(&token)),
        bearer(&token).header(AUTHORIZATION, &format!("Bearer {token}")),
        in_form.header(AUTHORIZATION, "Bearer"),
        bare.clone().body(format!("access_token={token}&x=%")),
        bare.clone().body(format!("access_token={token}&x=%00")),
        bare.clone().body(format!("access_token={token}%ff")),
        bare.body(vec![b'a'; 70_000]),
    ] {
        assert_refused(&userinfo(&house, &call).await, 400, "invalid_request");
    }
}

/// Whoever brings no token learns what to bring, and of no error (RFC 6750
/// section 3.1).
#[tokio::test]
async fn without_a_token_there_is_a_challenge_and_no_error() {
    let house = provider();
    let token = token(&house).await;
    let get_with_body = Call::to(Method::GET, "/userinfo")
        .header(CONTENT_TYPE, FORM)
        .body(in_body(&token).encode());
    let other_type = posted(&in_body(&token)).without_header(&CONTENT_TYPE);
    for call in [
        Call::to(Method::GET, "/userinfo"),
        Call::to(Method::POST, "/userinfo"),
        posted(&in_body("")),
        Call::to(Method::GET, "/userinfo").header(AUTHORIZATION, "Basic eDp5"),
        get_with_body,
        other_type.clone(),
        other_type.header(CONTENT_TYPE, "text/plain"),
    ] {
        let response = userinfo(&house, &call).await;
        assert_eq!(response.status(), 401, "{call:?}");
        assert_eq!(challenge(&response), Some(&*format!("{REALM}, scope=\"openid\"")));
        assert!(!response.body().contains("error"), "{}", response.body());
        assert_eq!(only(&response, &CACHE_CONTROL), Some("no-store"));
    }
}

#[tokio::test]
async fn other_methods_are_not_answered() {
    let house = provider();
    let token = token(&house).await;
    for method in [Method::PUT, Method::DELETE, Method::HEAD, Method::PATCH] {
        let response = userinfo(&house, &bearer(&token).method(method)).await;
        assert_error(&response, 405, "invalid_request");
        assert_eq!(only(&response, &ALLOW), Some("GET, POST"));
    }
}

#[tokio::test]
async fn nothing_but_an_access_token_of_this_issuer_opens_it() {
    let keys = keys(&[Algorithm::EdDsa]);
    let house = house(Provider::new(keys.clone()), |builder| builder);
    let code = house.code_for(&asks(&SYNC, "openid email")).await;
    let unredeemed = house.code_for(&asks(&SYNC, "openid email")).await;
    let tokens = Tokens::in_answer(&house.redeem(&SYNC, &code).await);
    let claims = json!({"iss": ISSUER, "aud": "sync", "sub": "alice", "exp": 4_000_000_000_i64});
    let claims = claims.to_string();
    let id_token = keys.sign(Algorithm::EdDsa, "JWT", claims.as_bytes()).await.unwrap();
    let access = keys.sign(Algorithm::EdDsa, "at+jwt", claims.as_bytes()).await.unwrap();
    let ticket = house.consent(&asks(&SYNC, EVERYTHING)).await.ticket().to_owned();
    let (head, _) = tokens.access.split_at(tokens.access.len() - 1);
    for other in [&*tokens.refresh, &code, &unredeemed, &id_token, &access, &ticket, head, "alice"]
    {
        assert_token_refused(&house, other, "never issued").await;
    }
    assert_eq!(told(&house, &tokens.access).await["sub"], "alice");
}

#[tokio::test]
async fn a_token_of_another_issuer_or_secret_is_refused() {
    let house = provider();
    for (issuer, secret) in [("https://other.example", 1), (ISSUER, 2)] {
        let sister = house.assemble(issuer, ring(&[secret]));
        let sister = sister.openid(Provider::new(keys(&[Algorithm::EdDsa]))).build().unwrap();
        let foreign = token_at(&sister, &asks(&DASHBOARD, "openid")).await;
        assert_token_refused(&house, &foreign, "never issued").await;
    }
}

#[tokio::test]
async fn an_expired_or_revoked_token_is_refused() {
    let house = provider();
    let revoked = token(&house).await;
    assert_eq!(house.revoke(&DASHBOARD, &revoked).await.status(), 200);
    assert_token_refused(&house, &revoked, "ended").await;
    let expired = token(&house).await;
    house.pass(599);
    assert_eq!(told(&house, &expired).await["sub"], "alice");
    house.pass(1);
    assert_token_refused(&house, &expired, "expired").await;
}

#[tokio::test]
async fn a_token_without_openid_does_not_reach_as_far() {
    let house = provider();
    let plain = token_of(&house, &DASHBOARD, &asks(&DASHBOARD, "profile email")).await;
    let code = house.code_for(&asks(&SYNC, "openid email")).await;
    let tokens = Tokens::in_answer(&house.redeem(&SYNC, &code).await);
    let renewal = App::renewal(&tokens.refresh).with("scope", "email");
    let narrowed = Tokens::in_answer(&house.token(&SYNC.calls_token(&renewal)).await);
    for token in [plain, narrowed.access] {
        let response = userinfo(&house, &bearer(&token)).await;
        assert_refused(&response, 403, "insufficient_scope");
    }
}

/// Before it was a provider, `openid` was a scope that meant nothing.
#[tokio::test]
async fn a_grant_of_before_the_server_was_a_provider_tells_nothing() {
    let house = provider();
    let before = house.assemble(ISSUER, ring(&[1])).build().unwrap();
    let call = bearer(&token_at(&before, &asks(&DASHBOARD, "openid email")).await);
    assert_refused(&userinfo(&house, &call).await, 403, "insufficient_scope");
    assert_eq!(before.userinfo(&call.parts(), b"").await.status(), 404);
}

/// Else every resource server could ask about its callers (RFC 8707 section 1).
#[tokio::test]
async fn a_token_for_a_resource_is_for_that_resource_only() {
    let house = provider();
    let notes = NOTES.builder().scope(EVERYTHING).resource(REPORTS_API).resource(ISSUER);
    house.clients.put(notes.build().unwrap());
    let form = asks(&NOTES, "openid email");
    let elsewhere = token_of(&house, &NOTES, &form.clone().with("resource", REPORTS_API)).await;
    assert_token_refused(&house, &elsewhere, "addressed").await;
    for here in [form.clone(), form.clone().with("resource", ISSUER)] {
        let token = token_of(&house, &NOTES, &here).await;
        assert_eq!(told(&house, &token).await["sub"], "alice");
    }
    let both = form.with("resource", REPORTS_API).and("resource", ISSUER);
    let code = house.code_for(&both).await;
    let narrowed = NOTES.calls_token(&NOTES.claim(&code).with("resource", REPORTS_API));
    let narrowed = access_token(&house.token(&narrowed).await);
    assert_token_refused(&house, &narrowed, "addressed").await;
}

#[tokio::test]
async fn a_token_whose_client_asked_for_no_resource_is_for_userinfo_too() {
    let policy = Policy {
        default_resources: Resources::parse(&[REPORTS_API]).unwrap(),
        ..Policy::default()
    };
    let house = house(Provider::new(keys(&[Algorithm::EdDsa])), |builder| builder.policy(policy));
    let spa = SPA.builder().scope(EVERYTHING).resource(OTHER_API).build().unwrap();
    house.clients.put(spa);
    assert_eq!(told(&house, &token(&house).await).await["sub"], "alice");
    let form = asks(&SPA, "openid").with("resource", OTHER_API);
    assert_token_refused(&house, &token_of(&house, &SPA, &form).await, "addressed").await;
}

#[tokio::test]
async fn a_user_who_is_gone_takes_the_grant_along() {
    let house = provider();
    let token = token(&house).await;
    house.people.remove("alice");
    assert_token_refused(&house, &token, "user is gone").await;
    house.people.put("alice", alice());
    assert_token_refused(&house, &token, "ended").await;
}

#[tokio::test]
async fn a_client_that_is_gone_is_told_nothing_until_it_is_back() {
    let house = provider();
    let token = token(&house).await;
    house.clients.remove(&ClientId::parse(DASHBOARD.id).unwrap());
    let response = userinfo(&house, &bearer(&token)).await;
    assert_refused(&response, 401, "invalid_token");
    let cause = response.extensions().get::<Cause>();
    assert!(matches!(cause, Some(Cause::Token(CredentialError::ClientGone))), "{cause:?}");
    house.clients.put(DASHBOARD.builder().scope(EVERYTHING).build().unwrap());
    assert_eq!(told(&house, &token).await["sub"], "alice");
}

/// The claims of a signed answer, verified by a foreign library from the
/// published keys.
fn verified(response: &Response, jwks: &str, algorithm: jsonwebtoken::Algorithm) -> Value {
    assert_eq!(response.status(), 200, "{}", response.body());
    assert_eq!(only(response, &CONTENT_TYPE), Some("application/jwt"));
    assert_eq!(only(response, &CACHE_CONTROL), Some("no-store"));
    let header = jsonwebtoken::decode_header(response.body()).unwrap();
    let known: JwkSet = serde_json::from_str(jwks).unwrap();
    let key = DecodingKey::from_jwk(known.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[BILLING.id]);
    validation.set_required_spec_claims(&["iss", "aud", "sub"]);
    jsonwebtoken::decode(response.body(), &key, &validation).unwrap().claims
}

#[tokio::test]
async fn a_client_that_registered_for_it_is_told_in_a_signed_token() {
    let keys = keys(&[Algorithm::Rs256, Algorithm::Es256]);
    let house = house(Provider::new(keys.clone()), |builder| builder);
    for (registered, expected) in [
        (Algorithm::Rs256, jsonwebtoken::Algorithm::RS256),
        (Algorithm::Es256, jsonwebtoken::Algorithm::ES256),
    ] {
        let billing = BILLING.builder().scope(EVERYTHING).userinfo_signed_response_alg(registered);
        house.clients.put(billing.build().unwrap());
        let form = asks(&BILLING, "openid email");
        let token = token_of(&house, &BILLING, &form).await;
        let response = userinfo(&house, &bearer(&token)).await;
        assert_eq!(
            verified(&response, &keys.jwks(), expected),
            json!({
                "iss": ISSUER,
                "aud": "billing",
                "sub": "alice",
                "email": "alice@example.com",
                "email_verified": true,
            }),
            "and nothing by which it could pass for an ID token"
        );
    }
    assert_token_refused(&house, "garbage", "never issued").await;
}

#[tokio::test]
async fn without_a_key_for_the_clients_algorithm_nothing_is_told() {
    let house = provider();
    let billing = BILLING.builder().scope(EVERYTHING);
    let billing = billing.userinfo_signed_response_alg(Algorithm::Ps256).build().unwrap();
    house.clients.put(billing);
    let token = token_of(&house, &BILLING, &asks(&BILLING, "openid")).await;
    let response = userinfo(&house, &bearer(&token)).await;
    assert_error(&response, 503, "temporarily_unavailable");
    let cause = response.extensions().get::<Cause>().unwrap().to_string();
    assert!(cause.contains("no key for PS256"), "{cause}");
}

#[tokio::test]
async fn a_failure_of_the_hosts_tells_nothing_and_ends_nothing() {
    let house = provider();
    let token = token(&house).await;
    for method in ["grant", "client", "user"] {
        house.seams.fail(method, Fault::Before);
        let response = userinfo(&house, &bearer(&token)).await;
        assert_error(&response, 503, "temporarily_unavailable");
        assert_eq!(challenge(&response), None);
        house.seams.mend();
    }
    assert_eq!(told(&house, &token).await["sub"], "alice");
}

#[tokio::test]
async fn each_answer_asks_for_the_grant_the_client_and_the_user_once() {
    let house = provider();
    let token = token(&house).await;
    house.seams.calls();
    told(&house, &token).await;
    assert_eq!(house.seams.calls(), ["grant", "client", "user"]);
    assert_token_refused(&house, "garbage", "never issued").await;
    assert!(house.seams.calls().is_empty());
}
