//! The server secret changes while people are in the middle of a flow.

use codegrant::{Authorize, Decision, Granted};

use crate::support::answers::{assert_error, location};
use crate::support::apps::{DASHBOARD, NOTES, SPA};
use crate::support::world::ring;
use crate::support::{House, Tokens};

/// A new secret first opens only, then seals; the old one goes when nothing of
/// it is left. Whatever was begun before a step goes on after it.
#[tokio::test]
async fn no_step_of_a_rotation_loses_anything_that_is_under_way() {
    let steps: [&[u8]; 3] = [&[1, 2], &[2, 1], &[2]];
    for (index, step) in steps.into_iter().enumerate() {
        let house = House::new();
        for earlier in steps.iter().take(index) {
            house.server.rotate_secrets(&ring(earlier));
        }
        let guard = house.server.guard();
        house.sign_out();
        let login = house.login(&DASHBOARD.asks()).await;
        house.sign_in("alice");
        let consent = house.consent(&DASHBOARD.asks()).await;
        let code = house.code(&SPA).await;
        let tokens = house.tokens(&NOTES).await;

        house.server.rotate_secrets(&ring(step));

        location(&house.server.resume(login.ticket()).unwrap());
        let everything = Decision::Allow(Granted::everything());
        let decided = house.decide(consent.ticket(), everything).await.unwrap();
        house.assert_redeems(&DASHBOARD, &location(&decided).one("code"), "the rotation").await;
        house.assert_redeems(&SPA, &code, "the rotation").await;
        let request = crate::support::call::bearer(&tokens.access).parts();
        assert!(guard.check(&request).await.is_ok(), "a guard made before sees the new ring");
        house.assert_alive(&NOTES, &tokens).await;
    }
}

/// RFC 6749 section 6 lets a refresh bring a new token: the client of an old
/// secret's token holds one of the new secret's from then on.
#[tokio::test]
async fn a_refresh_answers_what_the_old_secret_sealed_under_the_new_one() {
    for app in [NOTES, crate::support::apps::SYNC] {
        let house = House::new();
        let tokens = house.tokens(&app).await;
        house.server.rotate_secrets(&ring(&[2, 1]));
        let next = house.refreshed(&app, &tokens.refresh).await;
        assert_ne!(next.refresh, tokens.refresh);
        house.server.rotate_secrets(&ring(&[2]));
        house.assert_alive(&app, &next).await;
    }
}

#[tokio::test]
async fn what_only_a_retired_secret_sealed_is_worth_nothing() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let tokens = house.tokens(&NOTES).await;
    house.sign_out();
    let login = house.login(&SPA.asks()).await;
    house.server.rotate_secrets(&ring(&[2]));
    assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
    assert_error(&house.refresh(&NOTES, &tokens.refresh).await, 400, "invalid_grant");
    assert!(house.check(&tokens.access).await.is_err());
    assert!(house.server.resume(login.ticket()).is_err());
    house.server.rotate_secrets(&ring(&[2, 1]));
    house.assert_alive(&NOTES, &tokens).await;
}

#[tokio::test]
async fn secrets_may_change_while_requests_are_served() {
    let house = House::new();
    let mut racing = tokio::task::JoinSet::new();
    for round in 0..50 {
        let code = house.code(&NOTES).await;
        let server = house.server.clone();
        racing.spawn(async move {
            let call = NOTES.redeems(&code);
            server.token(&call.parts(), &call.body).await
        });
        let sealing = [&[1, 2][..], &[2, 1]][round % 2];
        house.server.rotate_secrets(&ring(sealing));
    }
    for answer in racing.join_all().await {
        house.assert_alive(&NOTES, &Tokens::in_answer(&answer)).await;
    }
}

#[tokio::test]
async fn a_clone_of_the_server_shares_the_rotation() {
    let house = House::new();
    let clone = house.server.clone();
    clone.rotate_secrets(&ring(&[2]));
    let token = house.access_token(&SPA).await;
    let Authorize::Consent(_) = house.authorize(&DASHBOARD.asks()).await else { panic!("no page") };
    assert!(clone.guard().check(&crate::support::call::bearer(&token).parts()).await.is_ok());
}
