//! The client hangs up, and the server drops what it was doing: at every place
//! where it can be waiting. Whatever had been sent to the database may still be
//! done there; the client's next try meets a grant that is whole.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use nodes::house::{House, TestTime};
use nodes::store::{Kind, Store};

nodes::over_every_store!(
    a_sign_in_that_was_dropped_anywhere_can_be_made_again,
    a_decision_that_was_dropped_anywhere_can_be_made_again,
    a_redemption_that_was_dropped_anywhere_succeeds_the_next_time_or_ends_the_grant,
    a_refresh_that_was_dropped_anywhere_succeeds_the_next_time,
    a_revocation_that_was_dropped_anywhere_succeeds_the_next_time,
    an_introspection_that_was_dropped_anywhere_changes_nothing,
);

/// More waits than any request has.
const MOST_WAITS: usize = 1000;
const TIMES: usize = 8;

/// Lets `future` wait `waits` times, and drops it when it would wait once more.
async fn drop_after<T>(waits: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = waits;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Runs `attempt` with more and more waits until none is dropped: some times
/// each, since a database may be so quick that nobody waits. Each gets the name
/// of a user of its own and says whether it was dropped.
async fn everywhere(attempt: impl AsyncFn(usize, &str) -> bool) {
    for waits in 0..MOST_WAITS {
        let mut dropped = false;
        for time in 0..TIMES {
            dropped |= attempt(waits, &format!("user {waits}.{time}")).await;
        }
        if !dropped {
            assert!(waits > 0, "it never waited");
            return;
        }
    }
    panic!("it never came to an end");
}

async fn a_sign_in_that_was_dropped_anywhere_can_be_made_again(kind: Kind) {
    let (_store, house) = start(kind).await;
    everywhere(async |waits, user| {
        let first = drop_after(waits, house.code(user)).await;
        house.assert_alive(&house.tokens(user).await).await;
        first.is_none()
    })
    .await;
}

async fn a_decision_that_was_dropped_anywhere_can_be_made_again(kind: Kind) {
    let (_store, house) = start(kind).await;
    everywhere(async |waits, user| {
        let ticket = house.consent_ticket(user).await;
        let first = drop_after(waits, house.decide(user, &ticket)).await;
        let code = house.decide(user, &ticket).await.unwrap();
        assert!(house.redeem_asking(&code).await.tokens().is_some());
        first.is_none()
    })
    .await;
}

/// The write may have been on its way: then the next try is a replay, and the
/// grant ends together with tokens that nobody has.
async fn a_redemption_that_was_dropped_anywhere_succeeds_the_next_time_or_ends_the_grant(
    kind: Kind,
) {
    let (_store, house) = start(kind).await;
    everywhere(async |waits, user| {
        let code = house.code(user).await.unwrap();
        if let Some(answer) = drop_after(waits, house.redeem(&code)).await {
            house.assert_alive(&answer.granted()).await;
            return false;
        }
        let again = house.redeem(&code).await;
        match again.tokens() {
            Some(tokens) => house.assert_alive(&tokens).await,
            None => {
                assert!(again.is_invalid_grant(), "{again:?}");
                assert_eq!(house.grants(user).await, 0);
            }
        }
        true
    })
    .await;
}

/// The next try comes within the grace, so it does not matter what happened.
async fn a_refresh_that_was_dropped_anywhere_succeeds_the_next_time(kind: Kind) {
    let (_store, house) = start(kind).await;
    everywhere(async |waits, user| {
        let first = house.tokens(user).await;
        let dropped = drop_after(waits, house.refresh(&first.refresh)).await.is_none();
        let second = house.refresh(&first.refresh).await.granted();
        assert_ne!(first.refresh, second.refresh);
        assert!(house.admits(&first.access).await);
        house.assert_alive(&second).await;
        dropped
    })
    .await;
}

async fn a_revocation_that_was_dropped_anywhere_succeeds_the_next_time(kind: Kind) {
    let (_store, house) = start(kind).await;
    everywhere(async |waits, user| {
        let tokens = house.tokens(user).await;
        let dropped = drop_after(waits, house.revoke(&tokens.access)).await.is_none();
        house.revoke(&tokens.access).await;
        house.assert_dead(&tokens).await;
        assert_eq!(house.grants(user).await, 0);
        dropped
    })
    .await;
}

async fn an_introspection_that_was_dropped_anywhere_changes_nothing(kind: Kind) {
    let (_store, house) = start(kind).await;
    everywhere(async |waits, user| {
        let tokens = house.tokens(user).await;
        let dropped = drop_after(waits, house.introspect(&tokens.access)).await.is_none();
        house.assert_alive(&tokens).await;
        dropped
    })
    .await;
}

async fn start(kind: Kind) -> (Store, House) {
    let store = Store::start(kind);
    let house = House::over(store.open().await, &TestTime::now());
    (store, house)
}
