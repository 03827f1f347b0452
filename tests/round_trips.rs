//! What each request costs the host's stores, call by call.

use codegrant::Decision;

use crate::support::House;
use crate::support::apps::{BILLING, CLI, DASHBOARD, NOTES, SPA, SYNC, TRUSTED};
use crate::support::openid::provider;

/// The calls that reach a store: who is signed in, secrets and randomness are
/// not kept in one.
fn stored(calls: Vec<&'static str>) -> Vec<&'static str> {
    let elsewhere = ["authenticate", "verify", "fill"];
    calls.into_iter().filter(|call| !elsewhere.contains(call)).collect()
}

#[tokio::test]
async fn authorizing_without_a_question_costs_one_insert() {
    let house = House::new();
    house.redirect(&TRUSTED.asks()).await;
    assert_eq!(stored(house.seams.calls()), ["client", "insert"]);
}

#[tokio::test]
async fn authorizing_by_remembered_consent_costs_a_look_before_and_one_after() {
    let house = House::new();
    house.code(&DASHBOARD).await;
    house.seams.calls();
    house.redirect(&DASHBOARD.asks()).await;
    assert_eq!(stored(house.seams.calls()), ["client", "consented", "insert", "consented"]);
}

#[tokio::test]
async fn the_login_and_consent_pages_write_nothing() {
    let house = House::new();
    house.consent(&DASHBOARD.asks()).await;
    assert_eq!(stored(house.seams.calls()), ["client", "consented"]);
    house.sign_out();
    let login = house.login(&DASHBOARD.asks()).await;
    assert_eq!(stored(house.seams.calls()), ["client"]);
    house.server.resume(login.ticket()).unwrap();
    assert_eq!(stored(house.seams.calls()), [""; 0]);
    house.server.cancel(login.ticket()).await.unwrap();
    assert_eq!(stored(house.seams.calls()), ["client"]);
}

#[tokio::test]
async fn a_decision_costs_one_insert_and_keeping_the_consent_or_one_more_look() {
    let house = House::new();
    let consent = house.consent(&DASHBOARD.asks()).await;
    let local = house.consent(&CLI.asks()).await;
    house.seams.calls();
    house.allow(local.ticket()).await;
    assert_eq!(stored(house.seams.calls()), ["client", "consented", "insert", "consented"]);
    house.decide(consent.ticket(), Decision::Deny).await.unwrap();
    assert_eq!(stored(house.seams.calls()), ["client"]);
    house.allow(consent.ticket()).await;
    assert_eq!(stored(house.seams.calls()), ["client", "consented", "insert", "remember"]);
}

#[tokio::test]
async fn redeeming_costs_the_client_one_read_and_one_write() {
    let house = House::new();
    for app in [DASHBOARD, BILLING, SPA] {
        let code = house.code(&app).await;
        house.seams.calls();
        house.redeem(&app, &code).await;
        assert_eq!(stored(house.seams.calls()), ["client", "grant", "replace"]);
        house.redeem(&app, &code).await;
        assert_eq!(stored(house.seams.calls()), ["client", "grant", "replace"]);
        house.redeem(&app, &code).await;
        assert_eq!(stored(house.seams.calls()), ["client", "grant"]);
    }
}

#[tokio::test]
async fn redeeming_asks_the_directory_for_an_id_token_only() {
    let house = provider();
    for (scope, calls) in [
        ("reports.read", &["client", "grant", "replace"][..]),
        ("openid reports.read", &["client", "grant", "user", "replace"]),
    ] {
        let code = house.code_for(&DASHBOARD.asks().with("scope", scope)).await;
        house.seams.calls();
        house.redeem(&DASHBOARD, &code).await;
        assert_eq!(stored(house.seams.calls()), calls, "{scope}");
    }
}

#[tokio::test]
async fn refreshing_costs_the_client_one_read_the_directory_and_a_write_where_there_is_one() {
    let house = House::new();
    for (app, calls) in
        [(NOTES, &["client", "grant", "user", "replace"][..]), (SYNC, &["client", "grant", "user"])]
    {
        let tokens = house.tokens(&app).await;
        house.seams.calls();
        house.refreshed(&app, &tokens.refresh).await;
        assert_eq!(stored(house.seams.calls()), calls);
    }
}

#[tokio::test]
async fn revoking_costs_the_client_one_read_and_one_write() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    for (token, calls) in [
        (tokens.access.as_str(), &["client", "grant", "replace"][..]),
        (&tokens.refresh, &["client", "grant"]),
        ("forged", &["client"]),
    ] {
        house.seams.calls();
        house.revoke(&NOTES, token).await;
        assert_eq!(stored(house.seams.calls()), calls);
    }
}

#[tokio::test]
async fn introspecting_costs_the_client_one_read_and_the_directory() {
    let house = House::new();
    let tokens = house.tokens(&SYNC).await;
    house.seams.calls();
    house.introspect(&SYNC, &tokens.access).await;
    assert_eq!(stored(house.seams.calls()), ["client", "grant", "user"]);
    house.introspect(&SYNC, "forged").await;
    assert_eq!(stored(house.seams.calls()), ["client"]);
}

#[tokio::test]
async fn validating_costs_one_read_and_the_directory() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    house.seams.calls();
    assert!(house.check(&token).await.is_ok());
    assert_eq!(stored(house.seams.calls()), ["grant", "user"]);
}

#[tokio::test]
async fn failed_token_requests_write_nothing() {
    let house = House::new();
    let code = house.code(&DASHBOARD).await;
    let claim = || DASHBOARD.claim(&code);
    for form in [
        claim().without("code"),
        claim().with("code", "x"),
        claim().with("code", &format!("{code}A")),
        claim().with("code_verifier", &"v".repeat(43)),
        claim().with("code_verifier", "short"),
        claim().with("redirect_uri", "https://evil.example/"),
        claim().with("grant_type", "password"),
        claim().with("client_secret", "twice"),
    ] {
        house.seams.calls();
        let response = house.token(&DASHBOARD.calls_token(&form)).await;
        assert_ne!(response.status(), 200);
        let calls = house.seams.calls();
        assert!(!calls.contains(&"replace") && !calls.contains(&"insert"), "{calls:?}");
    }
}

#[tokio::test]
async fn failed_authorization_requests_write_nothing() {
    let house = House::new();
    for form in [
        TRUSTED.asks().with("client_id", "nobody"),
        TRUSTED.asks().with("redirect_uri", "https://evil.example/"),
        TRUSTED.asks().with("response_type", "token"),
        TRUSTED.asks().with("scope", "admin"),
        TRUSTED.asks().and("scope", "profile"),
        TRUSTED.asks().with("code_challenge_method", "plain"),
    ] {
        let _ = house.authorize(&form).await;
        assert!(!house.seams.calls().contains(&"insert"), "{form:?}");
    }
}

/// A garbled or forged credential is refused before the store is asked, so
/// guessing costs the database nothing.
#[tokio::test]
async fn a_forged_code_never_reaches_the_grants() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let token = house.access_token(&SPA).await;
    for forged in ["x".to_owned(), format!("{code}A"), "A".repeat(code.len()), token] {
        house.seams.calls();
        house.redeem(&SPA, &forged).await;
        assert!(!house.seams.calls().contains(&"grant"), "{forged}");
    }
}
