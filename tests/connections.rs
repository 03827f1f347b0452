//! Who holds what, and how users take it back.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use codegrant::{Authorize, ClientId, ConsentStore, Decision, Granted, Response, Subject};

use crate::support::House;
use crate::support::answers::{assert_error_redirect, location};
use crate::support::apps::{App, CLI, DASHBOARD, NOTES, SPA, SYNC, TRUSTED};
use crate::support::seams::Fault;

fn alice() -> Subject {
    Subject::parse("alice").unwrap()
}

async fn withdraw(house: &House, app: &App) {
    let client = ClientId::parse(app.id).unwrap();
    house.server.withdraw_consent(&alice(), &client).await.unwrap();
}

#[tokio::test]
async fn a_user_sees_what_is_alive_and_since_when() {
    let house = House::new();
    let first = house.tokens(&NOTES).await;
    house.pass(1);
    let second = house.tokens(&SYNC).await;
    house.pass(5);
    house.code(&SPA).await;
    house.sign_in("bob");
    house.tokens(&SYNC).await;
    let clients = async || {
        let grants = house.server.granted_by(&alice()).await.unwrap();
        grants.iter().map(|grant| grant.client().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(clients().await, ["notes", "sync", "spa"]);
    house.revoke(&NOTES, &first.access).await;
    assert_eq!(clients().await, ["sync", "spa"]);
    house.pass(60);
    assert_eq!(clients().await, ["sync"], "the code has expired");
    house.assert_alive(&SYNC, &second).await;
}

#[tokio::test]
async fn ending_one_grant_leaves_the_others() {
    let house = House::new();
    let gone = house.tokens(&NOTES).await;
    let id = *house.server.granted_by(&alice()).await.unwrap()[0].id();
    let stays = house.tokens(&NOTES).await;
    house.server.revoke_grant(&id).await.unwrap();
    house.server.revoke_grant(&id).await.unwrap();
    house.assert_dead(&NOTES, &gone).await;
    house.assert_alive(&NOTES, &stays).await;
}

#[tokio::test]
async fn ending_all_of_a_users_grants_leaves_the_other_users() {
    let house = House::new();
    let (notes, sync) = (house.tokens(&NOTES).await, house.tokens(&SYNC).await);
    house.sign_in("bob");
    let bobs = house.tokens(&SYNC).await;
    house.server.revoke_all(&alice()).await.unwrap();
    house.assert_dead(&NOTES, &notes).await;
    house.assert_dead(&SYNC, &sync).await;
    house.assert_alive(&SYNC, &bobs).await;
}

#[tokio::test]
async fn withdrawn_consent_ends_the_clients_grants_and_asks_again() {
    let house = House::new();
    let (notes, sync) = (house.tokens(&NOTES).await, house.tokens(&SYNC).await);
    withdraw(&house, &NOTES).await;
    house.assert_dead(&NOTES, &notes).await;
    house.assert_alive(&SYNC, &sync).await;
    assert!(house.consent(&NOTES.asks()).await.allowed_before().is_empty());
    house.redirect(&SYNC.asks()).await;
    let again = house.tokens(&NOTES).await;
    house.assert_alive(&NOTES, &again).await;
    house.redirect(&NOTES.asks()).await;
}

/// The page that was open when the user withdrew was theirs too: what they
/// answer afterwards is a new consent.
#[tokio::test]
async fn an_answer_after_the_withdrawal_is_a_new_consent() {
    let house = House::new();
    let consent = house.consent(&NOTES.asks()).await;
    withdraw(&house, &NOTES).await;
    let code = location(&house.allow(consent.ticket()).await).one("code");
    house.assert_redeems(&NOTES, &code, "a new consent").await;
}

/// Begins `request`, lets `withdrawal` happen after so many polls, and finishes:
/// the answer, and whether the request had drawn its code before, which comes
/// after it looked at the consent.
async fn interrupted<T>(
    house: &House,
    polls: usize,
    request: impl Future<Output = T>,
    withdrawal: impl Future<Output = ()>,
) -> (T, bool) {
    let mut request = pin!(request);
    house.seams.calls();
    for _ in 0..polls {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(answer) = request.as_mut().poll(&mut context) {
            let drawn = house.seams.calls().contains(&"fill");
            withdrawal.await;
            return (answer, drawn);
        }
    }
    let drawn = house.seams.calls().contains(&"fill");
    withdrawal.await;
    (request.await, drawn)
}

/// No code of this answer is worth anything, and no grant is alive.
async fn assert_nothing_came_of(house: &House, app: &App, answer: &Response, when: usize) {
    match location(answer).all("code")[..] {
        [code] => {
            let redeemed = house.redeem(app, code).await;
            assert_eq!(redeemed.status(), 400, "withdrawn after {when} polls: {redeemed:?}");
        }
        _ => assert_error_redirect(answer, app, "access_denied"),
    }
    let alive = house.server.granted_by(&alice()).await.unwrap();
    assert!(alive.is_empty(), "withdrawn after {when} polls: {alive:?}");
}

#[tokio::test]
async fn consent_withdrawn_while_a_code_is_on_its_way_by_memory_takes_the_code_along() {
    let mut met = 0;
    for polls in 0..40 {
        let house = House::new();
        house.code(&NOTES).await;
        let asks = NOTES.asks();
        let request = house.authorize(&asks);
        let (answer, _) = interrupted(&house, polls, request, withdraw(&house, &NOTES)).await;
        match answer {
            Authorize::Redirect(answer) => {
                assert_nothing_came_of(&house, &NOTES, &answer, polls).await;
                met += 1;
            }
            Authorize::Consent(consent) => assert!(consent.allowed_before().is_empty()),
            other => panic!("{other:?}"),
        }
    }
    assert!(met > 5, "the withdrawal came too early every time");
}

#[tokio::test]
async fn consent_withdrawn_while_a_decision_is_being_kept_takes_the_code_along() {
    for app in [NOTES, DASHBOARD, CLI] {
        let mut met = 0;
        for polls in 0..40 {
            let house = House::new();
            let consent = house.consent(&app.asks()).await;
            let everything = Decision::Allow(Granted::everything());
            let request = house.decide(consent.ticket(), everything);
            let (answer, drawn) = interrupted(&house, polls, request, withdraw(&house, &app)).await;
            if drawn {
                assert_nothing_came_of(&house, &app, &answer.unwrap(), polls).await;
                met += 1;
            }
        }
        assert!(met > 5, "the withdrawal came too early every time");
    }
}

/// Who signs out everywhere ends the session first, then the grants: a request
/// that was past its sign-in must not bring a code out of it.
#[tokio::test]
async fn whoever_signs_out_everywhere_takes_along_the_codes_that_are_on_their_way() {
    for app in [NOTES, TRUSTED] {
        let mut met = 0;
        for polls in 0..40 {
            let house = House::new();
            house.code(&app).await;
            let asks = app.asks();
            let signing_out = async {
                house.sign_out();
                house.server.revoke_all(&alice()).await.unwrap();
            };
            let (answer, _) = interrupted(&house, polls, house.authorize(&asks), signing_out).await;
            match answer {
                Authorize::Redirect(answer) => {
                    assert_nothing_came_of(&house, &app, &answer, polls).await;
                    met += 1;
                }
                Authorize::Login(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(met > 5, "the sign-out came too early every time");
    }
}

/// One grant that cannot be ended does not save the others.
#[tokio::test]
async fn an_error_while_ending_all_grants_does_not_stop_the_rest() {
    for by_client in [false, true] {
        let house = House::new();
        for _ in 0..5 {
            house.code(&NOTES).await;
        }
        house.seams.fail_times("replace", Fault::Before, 1);
        let ended = match by_client {
            true => {
                let client = ClientId::parse(NOTES.id).unwrap();
                house.server.withdraw_consent(&alice(), &client).await
            }
            false => house.server.revoke_all(&alice()).await,
        };
        assert!(ended.is_err());
        assert_eq!(house.server.granted_by(&alice()).await.unwrap().len(), 1);
    }
}

/// Neither tab loses what the user answered in the other.
#[tokio::test]
async fn answers_in_two_tabs_at_once_are_both_remembered() {
    let house = House::new();
    let one = house.consent(&SPA.asks().with("scope", "reports.read")).await;
    let other = house.consent(&SPA.asks().with("scope", "profile")).await;
    house.seams.gather("consented", 2);
    let (first, second) = tokio::join!(house.allow(one.ticket()), house.allow(other.ticket()));
    location(&first).one("code");
    location(&second).one("code");
    house.redirect(&SPA.asks().with("scope", "reports.read profile")).await;
}

#[tokio::test]
async fn a_client_that_anybody_can_impersonate_is_not_remembered() {
    let house = House::new();
    house.code(&CLI).await;
    let kept = house.consents.consented(&alice(), &ClientId::parse(CLI.id).unwrap()).await;
    assert!(kept.unwrap().is_none());
}

#[tokio::test]
async fn a_consent_that_cannot_be_kept_hands_out_no_code() {
    for fault in [Fault::Before, Fault::After] {
        let house = House::new();
        let consent = house.consent(&NOTES.asks()).await;
        house.seams.fail("remember", fault);
        let answer = house.allow(consent.ticket()).await;
        assert_error_redirect(&answer, &NOTES, "temporarily_unavailable");
    }
    let house = House::new();
    let consent = house.consent(&NOTES.asks()).await;
    house.seams.fail_times("remember", Fault::FalseAfter, 1);
    let code = location(&house.allow(consent.ticket()).await).one("code");
    house.assert_redeems(&NOTES, &code, "an acknowledgement that got lost").await;
}

#[tokio::test]
async fn a_trusted_clients_grants_can_be_ended_too() {
    let house = House::new();
    let token = house.access_token(&TRUSTED).await;
    withdraw(&house, &TRUSTED).await;
    assert!(house.check(&token).await.is_err());
    house.redirect(&TRUSTED.asks()).await;
}

#[tokio::test]
async fn a_withdrawal_that_the_store_cannot_finish_says_so_and_can_be_tried_again() {
    for seam in ["consented", "remember", "granted_by", "replace"] {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        house.seams.fail(seam, Fault::Before);
        let client = ClientId::parse(NOTES.id).unwrap();
        assert!(house.server.withdraw_consent(&alice(), &client).await.is_err(), "{seam}");
        house.seams.mend();
        withdraw(&house, &NOTES).await;
        house.assert_dead(&NOTES, &tokens).await;
    }
}
