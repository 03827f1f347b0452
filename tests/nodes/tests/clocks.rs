//! Nodes whose clocks differ by a minute, which is more than they should.
//!
//! Every node judges by its own clock what others have dated by theirs, so a
//! lifetime of *n* seconds that one node began ends up to a minute earlier at a
//! node that is ahead and up to a minute later at one that is behind. Nothing
//! else depends on a clock: what was redeemed or revoked anywhere is so
//! everywhere, at once.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use nodes::house::{ACCESS_LIFETIME, CODE_LIFETIME, GRACE, House, TestTime};
use nodes::store::{Kind, Store};

nodes::over_every_store!(
    a_code_lives_a_minute_longer_where_the_clock_is_behind_and_shorter_where_it_is_ahead,
    an_access_token_lives_a_minute_longer_where_the_clock_is_behind_and_shorter_where_it_is_ahead,
    a_retry_in_the_grace_is_a_replay_where_the_clock_is_ahead_by_more_than_the_grace,
    no_code_is_redeemed_twice_and_nothing_revoked_revives_whatever_the_clocks_say,
);

const SKEW: i64 = 60;
const USER: &str = "alice";

/// Three nodes over one database, each with a way to it of its own.
struct Nodes {
    time: TestTime,
    right: House,
    ahead: House,
    behind: House,
    _store: Store,
}

impl Nodes {
    async fn start(kind: Kind) -> Self {
        let store = Store::start(kind);
        let time = TestTime::now();
        let right = House::over(store.open().await, &time);
        let ahead = House::ahead_of(store.open().await, &time, SKEW);
        let behind = House::ahead_of(store.open().await, &time, -SKEW);
        Self { time, right, ahead, behind, _store: store }
    }
}

/// A code that the right node makes is good for `CODE_LIFETIME` there, for a
/// minute less at the node ahead, for a minute more at the node behind. Being
/// refused as expired consumes nothing.
async fn a_code_lives_a_minute_longer_where_the_clock_is_behind_and_shorter_where_it_is_ahead(
    kind: Kind,
) {
    let Nodes { time, right, ahead, behind, _store } = Nodes::start(kind).await;
    let lifetime = seconds(CODE_LIFETIME);
    let [early, one, two, late, too_late] = codes(&right).await;

    time.pass(lifetime - SKEW - 1);
    ahead.assert_alive(&ahead.redeem(&early).await.granted()).await;
    time.pass(1);
    assert!(ahead.redeem(&one).await.is_invalid_grant());
    right.assert_alive(&right.redeem(&one).await.granted()).await;
    time.pass(SKEW);
    assert!(right.redeem(&two).await.is_invalid_grant());
    behind.assert_alive(&behind.redeem(&two).await.granted()).await;
    time.pass(SKEW - 1);
    behind.assert_alive(&behind.redeem(&late).await.granted()).await;
    time.pass(1);
    assert!(behind.redeem(&too_late).await.is_invalid_grant());
}

/// An access token that the right node issues is good for `ACCESS_LIFETIME`
/// there, for a minute less at the node ahead, for a minute more at the node
/// behind: at the resource and in introspection alike.
async fn an_access_token_lives_a_minute_longer_where_the_clock_is_behind_and_shorter_where_it_is_ahead(
    kind: Kind,
) {
    let Nodes { time, right, ahead, behind, _store } = Nodes::start(kind).await;
    let lifetime = seconds(ACCESS_LIFETIME);
    let token = right.tokens(USER).await.access;
    let live = async || {
        let mut live = Vec::new();
        for node in [&ahead, &right, &behind] {
            let admitted = node.admits(&token).await;
            assert_eq!(node.introspect(&token).await, admitted);
            live.push(admitted);
        }
        live
    };
    time.pass(lifetime - SKEW - 1);
    assert_eq!(live().await, [true, true, true]);
    time.pass(1);
    assert_eq!(live().await, [false, true, true]);
    time.pass(SKEW);
    assert_eq!(live().await, [false, false, true]);
    time.pass(SKEW - 1);
    assert_eq!(live().await, [false, false, true]);
    time.pass(1);
    assert_eq!(live().await, [false, false, false]);
}

/// The grace begins by the clock of the node that rotated the token. A retry at
/// the node behind may come a minute later than at the right one; at the node
/// ahead even an immediate one is taken for a replay, which ends the grant.
async fn a_retry_in_the_grace_is_a_replay_where_the_clock_is_ahead_by_more_than_the_grace(
    kind: Kind,
) {
    let Nodes { time, right, ahead, behind, _store } = Nodes::start(kind).await;
    let first = right.tokens(USER).await;
    let second = right.refresh(&first.refresh).await.granted();
    assert_eq!(right.refresh(&first.refresh).await.granted().refresh, second.refresh);
    time.pass(seconds(GRACE) + SKEW - 1);
    assert_eq!(behind.refresh(&first.refresh).await.granted().refresh, second.refresh);
    assert!(right.refresh(&first.refresh).await.is_invalid_grant());
    behind.assert_dead(&second).await;

    let first = right.tokens(USER).await;
    let second = right.refresh(&first.refresh).await.granted();
    assert!(ahead.refresh(&first.refresh).await.is_invalid_grant());
    right.assert_dead(&second).await;

    // The other way round, nobody comes too late.
    let first = right.tokens(USER).await;
    let second = ahead.refresh(&first.refresh).await.granted();
    assert_eq!(behind.refresh(&first.refresh).await.granted().refresh, second.refresh);
    right.assert_alive(&second).await;
}

async fn no_code_is_redeemed_twice_and_nothing_revoked_revives_whatever_the_clocks_say(kind: Kind) {
    let Nodes { time: _, right, ahead, behind, _store } = Nodes::start(kind).await;
    let nodes = [&right, &ahead, &behind];
    for (first, second) in [(&right, &ahead), (&ahead, &behind), (&behind, &ahead)] {
        let code = right.code(USER).await.unwrap();
        let tokens = first.redeem(&code).await.granted();
        assert!(second.redeem(&code).await.is_invalid_grant());
        for node in nodes {
            node.assert_dead(&tokens).await;
        }

        let tokens = first.tokens(USER).await;
        let next = second.refresh(&tokens.refresh).await.granted();
        second.revoke(&next.access).await;
        for node in nodes {
            node.assert_dead(&tokens).await;
            node.assert_dead(&next).await;
        }
    }
}

async fn codes<const COUNT: usize>(house: &House) -> [String; COUNT] {
    let mut codes = [const { String::new() }; COUNT];
    for code in &mut codes {
        *code = house.code(USER).await.unwrap();
    }
    codes
}

fn seconds(lifetime: std::time::Duration) -> i64 {
    i64::try_from(lifetime.as_secs()).unwrap()
}
