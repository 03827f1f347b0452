//! The way to the database breaks while a grant is written: before the database
//! has seen the write, or after it was done. Nobody is taken for a thief, and
//! nothing is given out twice.
//!
//! SQLite has no such way: its answer comes within the process.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use nodes::answer::Answer;
use nodes::house::{House, TestTime};
use nodes::proxy::{Loses, Proxy, Then};
use nodes::store::{Kind, Store, open};

const USER: &str = "alice";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgresql_did_is_found_again_after_its_answer_was_lost() {
    what_was_done_is_found_again(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_redis_did_is_found_again_after_its_answer_was_lost() {
    what_was_done_is_found_again(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_postgresql_never_saw_has_consumed_nothing() {
    what_was_not_done_has_consumed_nothing(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_redis_never_saw_has_consumed_nothing() {
    what_was_not_done_has_consumed_nothing(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgresql_stays_away_the_client_hears_503_and_then_a_clean_end() {
    what_nobody_can_know_ends_cleanly(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_stays_away_the_client_hears_503_and_then_a_clean_end() {
    what_nobody_can_know_ends_cleanly(Kind::Redis).await;
}

/// A house whose database is behind the proxy. Everything that is prepared once
/// a connection, or loaded once a server, has been.
struct Behind {
    house: House,
    proxy: Proxy,
    _store: Store,
}

impl Behind {
    async fn proxy(kind: Kind) -> Self {
        let store = Store::start(kind);
        let proxy = Proxy::to(store.url()).await;
        let house = House::over(open(proxy.url()).await, &TestTime::now());
        let tokens = house.tokens(USER).await;
        house.assert_alive(&tokens).await;
        assert_eq!(proxy.lost(), 0);
        Self { house, proxy, _store: store }
    }

    /// What the client hears while something is lost; it is lost once.
    async fn lose<F: Future<Output = Answer>>(
        &self,
        what: Loses,
        then: Then,
        request: impl FnOnce() -> F,
    ) -> Answer {
        let before = self.proxy.lost();
        self.proxy.lose(what, then);
        let answer = request().await;
        assert_eq!(self.proxy.lost(), before + 1, "nothing was lost");
        self.proxy.mend();
        answer
    }
}

/// The node reads the grant back, recognizes its own attempt, and answers as if
/// nothing had happened; the client notices nothing.
async fn what_was_done_is_found_again(kind: Kind) {
    let behind = Behind::proxy(kind).await;
    let house = &behind.house;
    let code = house.code(USER).await.unwrap();
    let redeemed = behind.lose(Loses::Answer, Then::Returns, || house.redeem(&code)).await;
    let first = redeemed.granted();
    assert!(house.admits(&first.access).await);

    let refreshed =
        behind.lose(Loses::Answer, Then::Returns, || house.refresh(&first.refresh)).await;
    let second = refreshed.granted();
    assert_ne!(first.refresh, second.refresh);
    assert_eq!(house.refresh(&first.refresh).await.granted().refresh, second.refresh);
    house.assert_alive(&second).await;

    let revoked = behind.lose(Loses::Answer, Then::Returns, || house.revoke(&first.access)).await;
    assert!(matches!(revoked, Answer::Done(_)), "{revoked:?}");
    house.assert_dead(&second).await;
}

/// The node sees that the grant is as it was. It does not try again, since the
/// write might still arrive; the client does, and succeeds.
async fn what_was_not_done_has_consumed_nothing(kind: Kind) {
    let behind = Behind::proxy(kind).await;
    let house = &behind.house;
    let code = house.code(USER).await.unwrap();
    for then in [Then::Returns, Then::StaysAway] {
        let redeemed = behind.lose(Loses::Request, then, || house.redeem(&code)).await;
        assert_eq!(redeemed, Answer::Unavailable);
    }
    let first = house.redeem(&code).await.granted();
    for then in [Then::Returns, Then::StaysAway] {
        let refreshed = behind.lose(Loses::Request, then, || house.refresh(&first.refresh)).await;
        assert_eq!(refreshed, Answer::Unavailable);
    }
    house.assert_alive(&house.refresh(&first.refresh).await.granted()).await;
}

/// As [`HostError`](codegrant::HostError) says: the write landed, and neither
/// its answer nor the record can be read, so nobody can know. The client's next
/// redemption is a replay, which ends the grant with tokens that nobody has; its
/// next refresh gets what it missed.
async fn what_nobody_can_know_ends_cleanly(kind: Kind) {
    let behind = Behind::proxy(kind).await;
    let house = &behind.house;
    let user = "bob";
    let code = house.code(user).await.unwrap();
    let redeemed = behind.lose(Loses::Answer, Then::StaysAway, || house.redeem(&code)).await;
    assert_eq!(redeemed, Answer::Unavailable);
    assert_eq!(house.grants(user).await, 1, "the write was done");
    assert!(house.redeem(&code).await.is_invalid_grant());
    assert_eq!(house.grants(user).await, 0, "nothing is left that nobody has");

    let first = house.tokens(user).await;
    let refreshed =
        behind.lose(Loses::Answer, Then::StaysAway, || house.refresh(&first.refresh)).await;
    assert_eq!(refreshed, Answer::Unavailable);
    let second = house.refresh(&first.refresh).await.granted();
    assert_ne!(first.refresh, second.refresh);
    assert!(house.admits(&first.access).await);
    house.assert_alive(&second).await;
}
