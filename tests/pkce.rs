//! PKCE (RFC 7636), from the request for a code to its redemption.

use codegrant::Policy;

use crate::support::House;
use crate::support::answers::{assert_error, assert_error_redirect, assert_tokens};
use crate::support::apps::{BILLING, CLI, DASHBOARD, EVERY_APP, MOBILE, SPA, STRICT, challenge};

const ASKED: &str = "reports.read reports.write";

/// RFC 7636 section 4.4.1, RFC 9700 section 2.1.1: a challenge without a method
/// means `plain`, which whoever sees the request can meet.
#[tokio::test]
async fn pkce_cannot_be_left_out_or_weakened() {
    let house = House::new();
    for app in [SPA, CLI, MOBILE, STRICT] {
        let response = house.redirect(&app.asks().without_pkce()).await;
        assert_error_redirect(&response, &app, "invalid_request");
    }
    for app in EVERY_APP {
        for form in [
            app.asks().with("code_challenge_method", "plain"),
            app.asks().with("code_challenge_method", "s256"),
            app.asks().with("code_challenge_method", "S512"),
            app.asks().without("code_challenge_method"),
            app.asks().without("code_challenge"),
            app.asks().with("code_challenge", ""),
            app.asks().with("code_challenge", "short"),
            app.asks().with("code_challenge", &"A".repeat(44)),
            app.asks().with("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"),
        ] {
            assert_error_redirect(&house.redirect(&form).await, &app, "invalid_request");
        }
    }
    assert!(house.grants("alice").await.is_empty());
}

#[tokio::test]
async fn the_policy_can_demand_pkce_of_everybody() {
    let house = House::with(|builder| builder.policy(Policy::oauth_2_1()));
    for app in [DASHBOARD, BILLING] {
        let response = house.redirect(&app.asks().without_pkce()).await;
        assert_error_redirect(&response, &app, "invalid_request");
        house.consent(&app.asks()).await;
    }
    House::new().consent(&DASHBOARD.asks().without_pkce()).await;
}

#[tokio::test]
async fn verifiers_outside_the_grammar_are_refused() {
    let house = House::new();
    for verifier in ["v".repeat(42), "v".repeat(129), format!("{}+", "v".repeat(43))] {
        let challenge = challenge(&verifier);
        let code = house.code_for(&SPA.asks().with("code_challenge", &challenge)).await;
        let form = SPA.claim(&code).with("code_verifier", &verifier);
        assert_error(&house.token(&SPA.calls_token(&form)).await, 400, "invalid_grant");
    }
    for verifier in ["v".repeat(43), "-._~".repeat(32)] {
        let challenge = challenge(&verifier);
        let code = house.code_for(&SPA.asks().with("code_challenge", &challenge)).await;
        let form = SPA.claim(&code).with("code_verifier", &verifier);
        assert_tokens(&house.token(&SPA.calls_token(&form)).await, ASKED);
    }
}

/// RFC 9700 section 4.8.2: whoever strips the challenge from a request makes
/// the client's own verifier give them away.
#[tokio::test]
async fn pkce_cannot_be_downgraded_in_either_direction() {
    let house = House::new();
    let bare = house.code_for(&DASHBOARD.asks().without_pkce()).await;
    let with_verifier = DASHBOARD.redeems(&bare);
    assert_error(&house.token(&with_verifier).await, 400, "invalid_grant");
    let without = DASHBOARD.calls_token(&DASHBOARD.claim(&bare).without_pkce());
    assert_tokens(&house.token(&without).await, ASKED);
    assert_error(&house.token(&with_verifier).await, 400, "invalid_grant");
    assert!(!house.grants("alice").await[0].is_ended());

    let bound = house.code(&DASHBOARD).await;
    let without = DASHBOARD.calls_token(&DASHBOARD.claim(&bound).without_pkce());
    assert_error(&house.token(&without).await, 400, "invalid_grant");
    house.assert_redeems(&DASHBOARD, &bound, "a downgrade").await;
}

/// RFC 9700 section 4.5: a code stolen from one browser is injected into
/// another browser's session with the same client, whose verifier is another.
#[tokio::test]
async fn a_code_injected_into_another_session_of_the_same_client_gives_nothing() {
    let house = House::new();
    let stolen = house.code(&SPA).await;
    house.sign_in("bob");
    let own = "bobs-verifier-".repeat(4);
    let bobs = SPA.asks().with("code_challenge", &challenge(&own));
    let bobs_code = house.code_for(&bobs).await;
    let injected = SPA.claim(&stolen).with("code_verifier", &own);
    assert_error(&house.token(&SPA.calls_token(&injected)).await, 400, "invalid_grant");
    house.assert_redeems(&SPA, &stolen, "an injection").await;
    let own = SPA.claim(&bobs_code).with("code_verifier", &own);
    assert_tokens(&house.token(&SPA.calls_token(&own)).await, ASKED);
}
