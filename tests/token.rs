//! The token endpoint: one code, one client, one redemption.

use std::time::Duration;

use codegrant::{Client, Decision, Granted, Policy};
use http::Method;
use http::header::{ALLOW, CONTENT_TYPE};

use crate::support::answers::{assert_error, assert_tokens, json, location, only};
use crate::support::apps::{
    App, BILLING, CLI, DASHBOARD, EVERY_APP, MOBILE, SPA, STRICT, TRUSTED, TWO, TWO_SECOND,
    VERIFIER,
};
use crate::support::call::{FORM, Form};
use crate::support::world::ring;
use crate::support::{House, scope};

const ASKED: &str = "reports.read reports.write";

#[tokio::test]
async fn every_client_gets_its_tokens_in_the_form_of_rfc_6749() {
    for app in EVERY_APP {
        let house = House::new();
        let code = house.code(&app).await;
        let token = assert_tokens(&house.redeem(&app, &code).await, ASKED);
        let access = house.check(&token).await.unwrap();
        assert_eq!(access.subject().as_str(), "alice");
        assert_eq!(access.client().as_str(), app.id);
        assert_eq!(access.scope(), &scope(ASKED));
    }
}

#[tokio::test]
async fn the_answer_names_the_scope_when_it_is_not_the_one_asked_for() {
    let house = House::new();
    let code = house.code_for(&SPA.asks().without("scope")).await;
    assert_tokens(&house.redeem(&SPA, &code).await, "reports.read");
    let consent = house.consent(&DASHBOARD.asks()).await;
    let less = Decision::Allow(Granted::only(scope("reports.write")));
    let response = house.decide(consent.ticket(), less).await.unwrap();
    let code = location(&response).one("code");
    assert_tokens(&house.redeem(&DASHBOARD, &code).await, "reports.write");
}

#[tokio::test]
async fn expires_in_is_the_policys_lifetime_in_seconds() {
    let policy = Policy { access_token_lifetime: Duration::from_secs(7), ..Policy::default() };
    let house = House::with(|builder| builder.policy(policy));
    let code = house.code(&SPA).await;
    let response = house.redeem(&SPA, &code).await;
    assert_eq!(json(&response)["expires_in"], serde_json::json!(7));
}

/// RFC 6749 section 4.1.2: the first redemption may have been the thief's.
#[tokio::test]
async fn a_code_redeemed_twice_ends_the_grant() {
    for app in EVERY_APP {
        let house = House::new();
        let code = house.code(&app).await;
        let token = assert_tokens(&house.redeem(&app, &code).await, ASKED);
        assert!(house.check(&token).await.is_ok());
        for _ in 0..3 {
            assert_error(&house.redeem(&app, &code).await, 400, "invalid_grant");
            assert!(house.check(&token).await.is_err());
        }
        assert!(house.grants("alice").await[0].is_ended());
    }
}

#[tokio::test]
async fn a_replay_is_noticed_even_after_the_code_has_expired() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let token = assert_tokens(&house.redeem(&SPA, &code).await, ASKED);
    house.pass(300);
    assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
    assert!(house.check(&token).await.is_err());
}

#[tokio::test]
async fn a_replay_ends_one_grant_and_no_other() {
    let house = House::new();
    let other = house.access_token(&SPA).await;
    let code = house.code(&SPA).await;
    house.redeem(&SPA, &code).await;
    house.redeem(&SPA, &code).await;
    assert!(house.check(&other).await.is_ok());
}

/// Before and after the redemption: a thief without the client's credentials
/// can neither use a code nor take from the client what it has.
#[tokio::test]
async fn a_code_stolen_by_another_client_changes_nothing() {
    let house = House::new();
    let code = house.code(&DASHBOARD).await;
    let thieves = [BILLING, SPA, CLI, MOBILE, TWO, TRUSTED, STRICT];
    let steal = |thief: App| {
        [DASHBOARD.redirect_uri, thief.redirect_uri]
            .map(|uri| thief.calls_token(&DASHBOARD.claim(&code).with("redirect_uri", uri)))
    };
    let before = house.records().await;
    for call in thieves.into_iter().flat_map(steal) {
        assert_error(&house.token(&call).await, 400, "invalid_grant");
    }
    assert_eq!(house.records().await, before);
    let token = assert_tokens(&house.redeem(&DASHBOARD, &code).await, ASKED);
    for call in thieves.into_iter().flat_map(steal) {
        assert_error(&house.token(&call).await, 400, "invalid_grant");
    }
    assert!(house.check(&token).await.is_ok());
}

/// Requests that would not have succeeded the first time, before and after the
/// one that does.
#[tokio::test]
async fn a_code_with_a_wrong_verifier_or_redirect_uri_changes_nothing() {
    for app in [DASHBOARD, SPA, CLI, MOBILE] {
        let house = House::new();
        let code = house.code(&app).await;
        let claim = || app.claim(&code);
        let wrong = [
            claim().with("code_verifier", &VERIFIER.replace('d', "e")),
            claim().with("code_verifier", &"v".repeat(43)),
            claim().without("code_verifier"),
            claim().with("code_verifier", ""),
            claim().without("redirect_uri"),
            claim().with("redirect_uri", ""),
            claim().with("redirect_uri", "https://evil.example/"),
            claim().with("redirect_uri", &format!("{}/", app.redirect_uri)),
        ];
        let before = house.records().await;
        for form in &wrong {
            assert_error(&house.token(&app.calls_token(form)).await, 400, "invalid_grant");
        }
        assert_eq!(house.records().await, before);
        let token = assert_tokens(&house.redeem(&app, &code).await, ASKED);
        for form in &wrong {
            assert_error(&house.token(&app.calls_token(form)).await, 400, "invalid_grant");
        }
        assert!(house.check(&token).await.is_ok());
    }
}

/// Only to who has the code, the client's secret and all that is checked before.
#[tokio::test]
async fn what_is_missing_beside_a_good_code_is_told_by_name() {
    let house = House::new();
    let code = house.code(&DASHBOARD).await;
    for (form, told) in [
        (DASHBOARD.claim(&code).without("code_verifier"), "code_verifier is missing"),
        (
            DASHBOARD.claim(&code).without("redirect_uri"),
            "redirect_uri is not the one of the authorization request",
        ),
        (
            DASHBOARD.claim(&code).with("code_verifier", &"v".repeat(43)),
            "the code is invalid, expired, or was issued for another request",
        ),
    ] {
        let refused = house.token(&DASHBOARD.calls_token(&form)).await;
        assert_eq!(json(&refused)["error_description"], told);
    }
    house.assert_redeems(&DASHBOARD, &code, "what was missing").await;
}

/// RFC 6749 section 4.1.3: bound to the URI that the code was sent to.
#[tokio::test]
async fn another_registered_uri_does_not_redeem() {
    let house = House::new();
    let code = house.code(&TWO).await;
    let form = TWO.claim(&code).with("redirect_uri", TWO_SECOND);
    assert_error(&house.token(&TWO.calls_token(&form)).await, 400, "invalid_grant");
    house.assert_redeems(&TWO, &code, "the other URI").await;

    let at_5000 = App { redirect_uri: "http://127.0.0.1:5000/callback", ..CLI };
    let code = house.code(&at_5000).await;
    for uri in [CLI.redirect_uri, "http://127.0.0.1:5001/callback"] {
        let form = CLI.claim(&code).with("redirect_uri", uri);
        assert_error(&house.token(&CLI.calls_token(&form)).await, 400, "invalid_grant");
    }
    house.assert_redeems(&at_5000, &code, "other ports").await;
}

#[tokio::test]
async fn a_redirect_uri_that_was_not_named_need_not_be_named_and_must_not_be_wrong() {
    let house = House::new();
    for named in [None, Some(SPA.redirect_uri)] {
        let code = house.code_for(&SPA.asks().without("redirect_uri")).await;
        let wrong = SPA.claim(&code).with("redirect_uri", "https://evil.example/");
        assert_error(&house.token(&SPA.calls_token(&wrong)).await, 400, "invalid_grant");
        let form = SPA.claim(&code).with("redirect_uri", named.unwrap_or_default());
        assert_tokens(&house.token(&SPA.calls_token(&form)).await, ASKED);
    }
}

/// OAuth 2.1 section 10.2. Who repeats the URI is held to it all the same, and what
/// comes without it is as much of a replay.
#[tokio::test]
async fn under_oauth_2_1_pkce_does_in_place_of_the_redirect_uri() {
    for app in EVERY_APP {
        let house = House::with(|builder| builder.policy(Policy::oauth_2_1()));
        let code = house.code(&app).await;
        let wrong = app.claim(&code).with("redirect_uri", "https://evil.example/");
        assert_error(&house.token(&app.calls_token(&wrong)).await, 400, "invalid_grant");
        let call = app.calls_token(&app.claim(&code).without("redirect_uri"));
        assert_tokens(&house.token(&call).await, ASKED);
        assert_error(&house.token(&call).await, 400, "invalid_grant");
        assert!(house.grants("alice").await[0].is_ended(), "{}", app.id);
    }
}

#[tokio::test]
async fn a_client_that_may_not_ask_for_any_of_it_any_more_is_told_so() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let other = SPA.builder().scope("profile").default_scope("profile");
    house.clients.put(other.build().unwrap());
    let refused = house.redeem(&SPA, &code).await;
    assert_error(&refused, 400, "invalid_scope");
    assert!(refused.body().contains("the scope exceeds what was allowed"), "{}", refused.body());
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    let house = House::new();
    let (early, late) = (house.code(&SPA).await, house.code(&SPA).await);
    house.pass(59);
    assert_tokens(&house.redeem(&SPA, &early).await, ASKED);
    house.pass(1);
    let before = house.records().await;
    assert_error(&house.redeem(&SPA, &late).await, 400, "invalid_grant");
    assert_eq!(house.records().await, before);
}

#[tokio::test]
async fn a_clock_that_goes_backwards_brings_no_second_redemption() {
    let house = House::new();
    let code = house.code(&SPA).await;
    house.pass(-3600);
    let token = assert_tokens(&house.redeem(&SPA, &code).await, ASKED);
    assert!(house.check(&token).await.is_ok());
    house.pass(-3600);
    assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
    assert!(house.check(&token).await.is_err());
    house.pass(-4_000_000_000);
    let code = house.code(&SPA).await;
    house.assert_redeems(&SPA, &code, "a clock before 1970").await;
}

#[tokio::test]
async fn a_swept_code_is_an_invalid_grant() {
    let house = House::new();
    let code = house.code(&SPA).await;
    house.pass(60);
    let now = codegrant::Clock::now(&*house.clock);
    assert_eq!(codegrant::CodeStore::sweep(&*house.codes, now).await.unwrap(), 1);
    assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
}

/// RFC 6749 section 2.3.1 and 3.2: URLs end up in logs, so nothing is read from
/// them, neither a credential nor anything else.
#[tokio::test]
async fn nothing_of_a_token_request_may_come_in_the_query() {
    let house = House::new();
    let code = house.code(&BILLING).await;
    let call = BILLING.redeems(&code);
    let whole = String::from_utf8(call.body.clone()).unwrap();
    for (query, body) in [
        (whole.as_str(), ""),
        ("client_secret=billing-secret-Zm9v", whole.as_str()),
        ("client_id=billing", &whole),
        ("code=x", &whole),
        ("grant_type=authorization_code", &whole),
        ("redirect_uri=", &whole),
    ] {
        let call = call.clone().uri(&format!("/token?{query}")).body(body);
        assert_error(&house.token(&call).await, 400, "invalid_request");
    }
    let harmless = call.uri("/token?utm_source=x");
    assert_tokens(&house.token(&harmless).await, ASKED);
}

#[tokio::test]
async fn only_a_posted_form_is_read() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let call = SPA.redeems(&code);
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let response = house.token(&call.clone().method(method)).await;
        assert_error(&response, 405, "invalid_request");
        assert_eq!(only(&response, &ALLOW), Some("POST"));
    }
    let bare = call.clone().without_header(&CONTENT_TYPE);
    for content_type in ["application/json", "multipart/form-data", "text/plain", ""] {
        let response = house.token(&bare.clone().header(CONTENT_TYPE, content_type)).await;
        assert_error(&response, 400, "invalid_request");
    }
    assert_error(&house.token(&bare).await, 400, "invalid_request");
    let with_charset = bare.header(CONTENT_TYPE, &format!("{FORM}; charset=UTF-8"));
    assert_tokens(&house.token(&with_charset).await, ASKED);
}

#[tokio::test]
async fn other_grant_types_are_not_supported() {
    let house = House::new();
    let code = house.code(&SPA).await;
    for other in ["password", "client_credentials", "REFRESH_TOKEN", "AUTHORIZATION_CODE"] {
        let form = SPA.claim(&code).with("grant_type", other);
        let response = house.token(&SPA.calls_token(&form)).await;
        assert_error(&response, 400, "unsupported_grant_type");
    }
    for missing in [SPA.claim(&code).without("grant_type"), SPA.claim(&code).without("code")] {
        let response = house.token(&SPA.calls_token(&missing)).await;
        assert_error(&response, 400, "invalid_request");
    }
    house.assert_redeems(&SPA, &code, "other grant types").await;
}

#[tokio::test]
async fn a_code_of_another_issuer_with_the_same_secret_and_stores_is_worth_nothing() {
    let house = House::new();
    let sister = house.assemble("https://id.example", ring(&[1])).build().unwrap();
    let code = house.code(&SPA).await;
    let call = SPA.redeems(&code);
    assert_error(&sister.token(&call.parts(), &call.body).await, 400, "invalid_grant");
    house.assert_redeems(&SPA, &code, "the sister").await;
}

#[tokio::test]
async fn server_secrets_rotate_without_losing_a_code() {
    let house = House::new();
    let codes = [house.code(&SPA).await, house.code(&SPA).await];
    let rotated = house.assemble(crate::support::world::ISSUER, ring(&[2, 1])).build().unwrap();
    let retired = house.assemble(crate::support::world::ISSUER, ring(&[2])).build().unwrap();
    let call = SPA.redeems(&codes[0]);
    assert_tokens(&rotated.token(&call.parts(), &call.body).await, ASKED);
    let call = SPA.redeems(&codes[1]);
    assert_error(&retired.token(&call.parts(), &call.body).await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_grant_of_no_scope_names_none() {
    let house = House::new();
    let client = Client::builder(SPA.id).redirect_uri(SPA.redirect_uri).build().unwrap();
    house.clients.put(client);
    let form: Form = SPA.asks().without("scope");
    let code = house.code_for(&form).await;
    let response = house.redeem(&SPA, &code).await;
    assert_eq!(response.status(), 200);
    let names = json(&response);
    assert!(names["scope"].is_null() || names["scope"] == "", "{names}");
}
