//! The refresh grant (RFC 6749 section 6, RFC 9700 section 4.14).

use std::time::Duration;

use codegrant::{Cause, CredentialError, Policy, Rotation};
use serde_json::Value;

use crate::support::answers::{assert_error, assert_tokens, json};
use crate::support::apps::{ALL, App, DASHBOARD, NOTES, SPA, SYNC};
use crate::support::call::Form;
use crate::support::seams::Fault;
use crate::support::{House, Tokens};

const ASKED: &str = "reports.read reports.write";
const DAY: i64 = 24 * 3600;

fn house_with(policy: Policy) -> House {
    House::with(|builder| builder.policy(policy))
}

fn renewal(tokens: &Tokens) -> Form {
    App::renewal(&tokens.refresh)
}

#[tokio::test]
async fn only_a_client_of_the_grant_type_gets_a_refresh_token() {
    let house = House::new();
    assert_tokens(&house.redeem(&SPA, &house.code(&SPA).await).await, ASKED);
    for app in [NOTES, SYNC] {
        let body = json(&house.redeem(&app, &house.code(&app).await).await);
        assert!(body["refresh_token"].is_string());
        assert_eq!(body["scope"], ASKED);
        assert_eq!(body["expires_in"], 600);
    }
}

#[tokio::test]
async fn a_refresh_token_gives_access_after_the_access_token_has_expired() {
    let house = House::new();
    for app in [NOTES, SYNC] {
        let tokens = house.tokens(&app).await;
        house.pass(700);
        assert!(house.check(&tokens.access).await.is_err());
        let next = house.refreshed(&app, &tokens.refresh).await;
        assert_eq!(house.check(&next.access).await.unwrap().scope().as_str(), ASKED);
    }
}

#[tokio::test]
async fn public_clients_get_the_next_token_at_each_use_and_confidential_ones_keep_theirs() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    assert_ne!(house.refreshed(&NOTES, &tokens.refresh).await.refresh, tokens.refresh);
    let tokens = house.tokens(&SYNC).await;
    assert_eq!(house.refreshed(&SYNC, &tokens.refresh).await.refresh, tokens.refresh);
    for (rotation, rotates) in [(Rotation::Always, true), (Rotation::Never, false)] {
        let house = house_with(Policy { refresh_rotation: rotation, ..Policy::default() });
        for app in [NOTES, SYNC] {
            let tokens = house.tokens(&app).await;
            let next = house.refreshed(&app, &tokens.refresh).await;
            assert_eq!(next.refresh != tokens.refresh, rotates);
        }
    }
}

/// The answer got lost on its way to the client, which tries again.
#[tokio::test]
async fn a_retry_within_the_grace_gives_the_same_next_token() {
    let house = House::new();
    let first = house.tokens(&NOTES).await;
    let lost = house.refreshed(&NOTES, &first.refresh).await;
    house.pass(9);
    let again = house.refreshed(&NOTES, &first.refresh).await;
    assert_eq!(again.refresh, lost.refresh);
    for tokens in [&lost, &again] {
        assert!(house.check(&tokens.access).await.is_ok());
    }
    house.assert_alive(&NOTES, &again).await;
}

#[tokio::test]
async fn a_replay_after_the_grace_ends_everything() {
    let house = House::new();
    let first = house.tokens(&NOTES).await;
    let next = house.refreshed(&NOTES, &first.refresh).await;
    house.pass(10);
    let replayed = house.refresh(&NOTES, &first.refresh).await;
    assert_error(&replayed, 400, "invalid_grant");
    let cause = replayed.extensions().get::<Cause>().unwrap();
    assert!(matches!(cause, Cause::Refresh(CredentialError::Replayed)), "{cause:?}");
    house.assert_dead(&NOTES, &first).await;
    house.assert_dead(&NOTES, &next).await;
}

#[tokio::test]
async fn a_token_two_generations_old_ends_everything_even_within_the_grace() {
    let house = House::new();
    let first = house.tokens(&NOTES).await;
    let second = house.refreshed(&NOTES, &first.refresh).await;
    let third = house.refreshed(&NOTES, &second.refresh).await;
    assert_error(&house.refresh(&NOTES, &first.refresh).await, 400, "invalid_grant");
    house.assert_dead(&NOTES, &third).await;
}

#[tokio::test]
async fn without_a_grace_every_second_use_is_a_replay() {
    let house = house_with(Policy { refresh_grace: Duration::ZERO, ..Policy::default() });
    let first = house.tokens(&NOTES).await;
    let next = house.refreshed(&NOTES, &first.refresh).await;
    assert_error(&house.refresh(&NOTES, &first.refresh).await, 400, "invalid_grant");
    house.assert_dead(&NOTES, &next).await;
}

#[tokio::test]
async fn another_clients_try_changes_nothing() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    let old = tokens.clone();
    let tokens = house.refreshed(&NOTES, &tokens.refresh).await;
    house.pass(60);
    let before = house.records().await;
    for stolen in [&old, &tokens] {
        assert_error(&house.refresh(&SYNC, &stolen.refresh).await, 400, "invalid_grant");
    }
    assert_eq!(house.records().await, before);
    house.assert_alive(&NOTES, &tokens).await;
}

#[tokio::test]
async fn a_client_whose_registration_lost_the_grant_type_is_refused() {
    let house = House::new();
    let tokens = house.tokens(&SYNC).await;
    house.clients.put(SYNC.builder().build().unwrap());
    assert_error(&house.refresh(&SYNC, &tokens.refresh).await, 400, "unauthorized_client");
    house.clients.put(SYNC.builder().refresh_token().build().unwrap());
    house.assert_alive(&SYNC, &tokens).await;
    assert_error(&house.refresh(&DASHBOARD, "x").await, 400, "unauthorized_client");
}

#[tokio::test]
async fn scope_is_narrowed_for_one_token_only_and_never_widened() {
    let house = House::new();
    let tokens = house.tokens(&SYNC).await;
    let narrow = renewal(&tokens).with("scope", "reports.write");
    let body = json(&house.token(&SYNC.calls_token(&narrow)).await);
    assert_eq!(body["scope"], "reports.write");
    let access = house.check(body["access_token"].as_str().unwrap()).await.unwrap();
    assert_eq!(access.scope().as_str(), "reports.write");
    assert_eq!(json(&house.refresh(&SYNC, &tokens.refresh).await)["scope"], ASKED);
    for wide in [ALL, "profile", "admin", "\""] {
        let wide = renewal(&tokens).with("scope", wide);
        assert_error(&house.token(&SYNC.calls_token(&wide)).await, 400, "invalid_scope");
    }
    house.assert_alive(&SYNC, &tokens).await;
}

#[tokio::test]
async fn a_replay_is_found_out_whatever_it_asks_for() {
    let house = House::new();
    let first = house.tokens(&NOTES).await;
    let next = house.refreshed(&NOTES, &first.refresh).await;
    house.pass(60);
    let greedy = renewal(&first).with("scope", ALL);
    let refused = house.token(&NOTES.calls_token(&greedy)).await;
    assert_error(&refused, 400, "invalid_grant");
    house.assert_dead(&NOTES, &next).await;
}

/// Who asks for too much with the latest token neither ends the grant nor
/// rotates it.
#[tokio::test]
async fn a_refused_request_changes_nothing() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    let tokens = house.refreshed(&NOTES, &tokens.refresh).await;
    house.pass(60);
    let before = house.records().await;
    for refused in [
        renewal(&tokens).with("scope", ALL),
        renewal(&tokens).with("resource", "https://api.example/reports"),
        renewal(&tokens).without("refresh_token"),
        renewal(&tokens).and("refresh_token", &tokens.refresh),
        renewal(&tokens).with("refresh_token", &tokens.access),
        renewal(&tokens).with("refresh_token", &format!("{}A", tokens.refresh)),
    ] {
        let response = house.token(&NOTES.calls_token(&refused)).await;
        assert_eq!(response.status(), 400, "{refused:?}");
        assert_eq!(house.records().await, before, "{refused:?}");
    }
    house.assert_alive(&NOTES, &tokens).await;
}

#[tokio::test]
async fn a_refresh_token_that_lies_unused_too_long_expires() {
    let house = House::new();
    for app in [NOTES, SYNC] {
        let tokens = house.tokens(&app).await;
        house.pass(14 * DAY - 1);
        let tokens = house.refreshed(&app, &tokens.refresh).await;
        house.pass(14 * DAY);
        assert_error(&house.refresh(&app, &tokens.refresh).await, 400, "invalid_grant");
    }
}

#[tokio::test]
async fn no_use_keeps_a_grant_alive_beyond_its_absolute_lifetime() {
    let house = House::new();
    for app in [NOTES, SYNC] {
        let mut tokens = house.tokens(&app).await;
        for _ in 0..8 {
            house.pass(11 * DAY);
            tokens = house.refreshed(&app, &tokens.refresh).await;
        }
        house.pass(2 * DAY - 100);
        let body = json(&house.refresh(&app, &tokens.refresh).await);
        assert_eq!(body["expires_in"], 100, "a token never outlives its grant");
        let last = body["refresh_token"].as_str().unwrap();
        house.pass(100);
        assert!(house.check(body["access_token"].as_str().unwrap()).await.is_err());
        assert_error(&house.refresh(&app, last).await, 400, "invalid_grant");
    }
}

#[tokio::test]
async fn without_rotation_a_refresh_writes_at_most_once_an_hour() {
    let house = House::new();
    let tokens = house.tokens(&SYNC).await;
    let mut writes = 0;
    for _ in 0..48 {
        house.pass(600);
        house.seams.calls();
        house.refreshed(&SYNC, &tokens.refresh).await;
        writes += house.seams.calls().iter().filter(|call| **call == "replace").count();
    }
    assert_eq!(writes, 8, "48 refreshes in 8 hours");
}

#[tokio::test]
async fn a_user_who_is_gone_gets_nothing_and_the_grant_ends() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    house.people.remove("alice");
    assert_error(&house.refresh(&NOTES, &tokens.refresh).await, 400, "invalid_grant");
    assert!(house.grants("alice").await.iter().all(|grant| grant.is_ended()));
}

/// A write whose answer got lost is found to be one's own.
#[tokio::test]
async fn a_lost_acknowledgement_is_never_taken_for_a_replay() {
    for fault in [Fault::After, Fault::FalseAfter] {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        house.seams.fail("replace", fault);
        let next = house.refreshed(&NOTES, &tokens.refresh).await;
        house.seams.mend();
        house.assert_alive(&NOTES, &next).await;
    }
}

#[tokio::test]
async fn a_store_that_is_down_costs_a_503_and_nothing_else() {
    for call in ["client", "grant", "user", "replace"] {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        house.seams.fail(call, Fault::Before);
        let response = house.refresh(&NOTES, &tokens.refresh).await;
        assert_error(&response, 503, "temporarily_unavailable");
        house.seams.mend();
        house.assert_alive(&NOTES, &tokens).await;
    }
}

/// Neither the code nor a token of another kind is a refresh token.
#[tokio::test]
async fn a_credential_of_another_kind_is_no_refresh_token() {
    let house = House::new();
    let code = house.code(&NOTES).await;
    let tokens = house.tokens(&NOTES).await;
    for other in [code.as_str(), &tokens.access, "", "x"] {
        let response = house.refresh(&NOTES, other).await;
        assert_eq!(response.status(), 400);
    }
    assert!(house.check(&tokens.refresh).await.is_err());
    assert_error(&house.redeem(&NOTES, &tokens.refresh).await, 400, "invalid_grant");
    house.assert_redeems(&NOTES, &code, "all of that").await;
}

#[tokio::test]
async fn a_code_that_comes_back_ends_what_was_refreshed_from_it() {
    let house = House::new();
    let code = house.code(&NOTES).await;
    let tokens = Tokens::in_answer(&house.redeem(&NOTES, &code).await);
    let tokens = house.refreshed(&NOTES, &tokens.refresh).await;
    assert_error(&house.redeem(&NOTES, &code).await, 400, "invalid_grant");
    house.assert_dead(&NOTES, &tokens).await;
}

#[tokio::test]
async fn many_at_once_within_the_grace_get_one_family_and_one_next_token() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    house.seams.gather("grant", 64);
    let call = NOTES.refreshes(&tokens.refresh);
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (server, call) = (house.server.clone(), call.clone());
        racing.spawn(async move { server.token(&call.parts(), &call.body).await });
    }
    let answers = racing.join_all().await;
    let nexts: Vec<Value> =
        answers.iter().map(|answer| json(answer)["refresh_token"].clone()).collect();
    assert!(nexts[0].is_string() && nexts.iter().all(|next| *next == nexts[0]));
    let grants = house.grants("alice").await;
    assert_eq!((grants.len(), grants[0].version()), (1, 3));
    for answer in &answers {
        assert!(house.check(&Tokens::in_answer(answer).access).await.is_ok());
    }
}
