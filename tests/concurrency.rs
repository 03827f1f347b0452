//! Many at once, and some who leave in the middle.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use codegrant::{ClientId, Decision, Granted, Subject};

use crate::support::House;
use crate::support::answers::{assert_code, assert_error, assert_tokens};
use crate::support::apps::{AUDITOR, DASHBOARD, NOTES, SPA};

const ASKED: &str = "reports.read reports.write";

/// Polls `future` at most `polls` times and then drops it, as a server does
/// when the connection is gone; says whether it came to its end.
fn leave_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

/// All of them have read the grant before the first of them writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_who_redeem_a_code_at_once_exactly_one_gets_tokens() {
    for _ in 0..8 {
        let house = Arc::new(House::new());
        let code = house.code(&SPA).await;
        house.seams.gather("grant", 64);
        let redeemers: Vec<_> = (0..64)
            .map(|_| {
                let (house, code) = (house.clone(), code.clone());
                tokio::spawn(async move { house.redeem(&SPA, &code).await })
            })
            .collect();
        let mut tokens = Vec::new();
        for redeemer in redeemers {
            let response = redeemer.await.unwrap();
            match response.status().as_u16() {
                200 => tokens.push(assert_tokens(&response, ASKED)),
                _ => assert_error(&response, 400, "invalid_grant"),
            }
        }
        assert_eq!(tokens.len(), 1);
        assert!(house.grants("alice").await[0].is_ended());
        assert!(house.check(&tokens[0]).await.is_err(), "the others were replays");
    }
}

/// Sixty-three thieves without the verifier cannot harm the one client.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_with_wrong_verifiers_takes_nothing_from_the_client() {
    let house = Arc::new(House::new());
    let code = house.code(&SPA).await;
    house.seams.gather("grant", 64);
    let redeemers: Vec<_> = (0..64)
        .map(|place| {
            let (house, code) = (house.clone(), code.clone());
            let guess = SPA.claim(&code).with("code_verifier", &format!("{place:v>43}"));
            let form = if place == 40 { SPA.claim(&code) } else { guess };
            tokio::spawn(async move { house.token(&SPA.calls_token(&form)).await })
        })
        .collect();
    for (place, redeemer) in redeemers.into_iter().enumerate() {
        let response = redeemer.await.unwrap();
        if place == 40 {
            let token = assert_tokens(&response, ASKED);
            assert!(house.check(&token).await.is_ok());
        } else {
            assert_error(&response, 400, "invalid_grant");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_flows_at_once_do_not_mix() {
    let house = Arc::new(House::new());
    let flows: Vec<_> = (0..64)
        .map(|place| {
            let (house, app) = (house.clone(), if place % 2 == 0 { SPA } else { DASHBOARD });
            tokio::spawn(async move {
                let token = house.access_token(&app).await;
                assert_eq!(house.check(&token).await.unwrap().client().as_str(), app.id);
                token
            })
        })
        .collect();
    let mut tokens = Vec::new();
    for flow in flows {
        tokens.push(flow.await.unwrap());
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 64);
}

/// Every one of them finds that another has answered first.
#[tokio::test]
async fn one_answer_given_in_64_windows_at_once_gives_64_codes() {
    let house = Arc::new(House::new());
    let mut tickets = Vec::new();
    for _ in 0..64 {
        tickets.push(house.consent(&DASHBOARD.asks()).await.ticket().to_owned());
    }
    house.seams.gather("remember", 64);
    let answers: Vec<_> = tickets
        .into_iter()
        .map(|ticket| {
            let house = house.clone();
            tokio::spawn(async move { house.allow(&ticket).await })
        })
        .collect();
    for answer in answers {
        assert_code(&answer.await.unwrap(), &DASHBOARD);
    }
}

/// Wherever the client left, its code is either as good as new or spent, and
/// spent without anybody holding tokens that work.
#[tokio::test]
async fn a_redemption_dropped_at_any_await_leaves_the_grant_consistent() {
    let (mut unspent, mut spent) = (0, 0);
    for polls in 1.. {
        let house = House::new();
        let code = house.code(&DASHBOARD).await;
        let done = leave_after(polls, house.redeem(&DASHBOARD, &code)).is_some();
        if done {
            break;
        }
        let version = house.grants("alice").await[0].version();
        let response = house.redeem(&DASHBOARD, &code).await;
        if version == 1 {
            let token = assert_tokens(&response, ASKED);
            assert!(house.check(&token).await.is_ok());
            unspent += 1;
        } else {
            assert_error(&response, 400, "invalid_grant");
            assert!(house.grants("alice").await[0].is_ended());
            spent += 1;
        }
    }
    assert!(unspent >= 4 && spent >= 1, "left {unspent} times before the write, {spent} after");
}

#[tokio::test]
async fn a_replay_dropped_at_any_await_revives_nothing() {
    for polls in 1.. {
        let house = House::new();
        let code = house.code(&SPA).await;
        let token = assert_tokens(&house.redeem(&SPA, &code).await, ASKED);
        let done = leave_after(polls, house.redeem(&SPA, &code)).is_some();
        assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
        assert!(house.check(&token).await.is_err());
        if done {
            break;
        }
    }
}

#[tokio::test]
async fn a_decision_dropped_at_any_await_can_be_made_again() {
    let everything = || Decision::Allow(Granted::everything());
    for polls in 1.. {
        let house = House::new();
        let consent = house.consent(&DASHBOARD.asks()).await;
        let done = leave_after(polls, house.decide(consent.ticket(), everything())).is_some();
        let response = house.allow(consent.ticket()).await;
        let code = assert_code(&response, &DASHBOARD);
        house.assert_redeems(&DASHBOARD, &code, "a dropped decision").await;
        if done {
            break;
        }
    }
}

#[tokio::test]
async fn a_check_dropped_at_any_await_harms_no_token() {
    for polls in 1.. {
        let house = House::new();
        let token = house.access_token(&SPA).await;
        let done = leave_after(polls, house.check(&token)).is_some();
        assert!(house.check(&token).await.is_ok());
        if done {
            break;
        }
    }
}

/// Wherever the client left, its retry within the grace goes on as if it had
/// not: the same family, and one next token.
#[tokio::test]
async fn a_refresh_dropped_at_any_await_can_be_made_again() {
    let (mut before, mut after) = (0, 0);
    for polls in 1.. {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        let done = leave_after(polls, house.refresh(&NOTES, &tokens.refresh)).is_some();
        let written = house.grants("alice").await[0].version() == 3;
        let again = house.refreshed(&NOTES, &tokens.refresh).await;
        assert_eq!(house.grants("alice").await[0].version(), 3);
        house.assert_alive(&NOTES, &again).await;
        if done {
            break;
        }
        *(if written { &mut after } else { &mut before }) += 1;
    }
    assert!(before >= 4 && after >= 1, "left {before} times before the write, {after} after");
}

#[tokio::test]
async fn a_revocation_dropped_at_any_await_can_be_made_again() {
    for polls in 1.. {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        let done = leave_after(polls, house.revoke(&NOTES, &tokens.refresh)).is_some();
        if house.grants("alice").await[0].is_ended() {
            house.assert_dead(&NOTES, &tokens).await;
        } else {
            house.assert_alive(&NOTES, &tokens).await;
        }
        assert_eq!(house.revoke(&NOTES, &tokens.refresh).await.status(), 200);
        house.assert_dead(&NOTES, &tokens).await;
        if done {
            break;
        }
    }
}

#[tokio::test]
async fn a_withdrawal_dropped_at_any_await_can_be_made_again() {
    let (alice, notes) = (Subject::parse("alice").unwrap(), ClientId::parse(NOTES.id).unwrap());
    for polls in 1.. {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        let withdrawal = house.server.withdraw_consent(&alice, &notes);
        let done = leave_after(polls, withdrawal).is_some();
        house.server.withdraw_consent(&alice, &notes).await.unwrap();
        house.assert_dead(&NOTES, &tokens).await;
        house.consent(&NOTES.asks()).await;
        if done {
            break;
        }
    }
}

#[tokio::test]
async fn an_introspection_dropped_at_any_await_harms_no_token() {
    for polls in 1.. {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        let done = leave_after(polls, house.introspect(&AUDITOR, &tokens.access)).is_some();
        house.assert_alive(&NOTES, &tokens).await;
        if done {
            break;
        }
    }
}
