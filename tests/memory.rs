//! The embedded stores keep the contract of their seams.

use std::sync::Arc;

use codegrant::memory::Replays;
use codegrant::{ClientId, ClientStore, Clock, CodeStore, Grant, ReplayCache, Timestamp};

use crate::support::House;
use crate::support::apps::{NOTES, SPA, TWO};

async fn sweep(house: &House) -> u64 {
    house.codes.sweep(house.clock.now()).await.unwrap()
}

#[tokio::test]
async fn a_sweep_takes_what_expired_and_nothing_else() {
    let house = House::new();
    house.code(&SPA).await;
    let token = house.access_token(&SPA).await;
    house.pass(59);
    assert_eq!(sweep(&house).await, 0);
    assert!(!house.codes.is_empty());
    house.pass(1);
    assert_eq!(sweep(&house).await, 1, "the code that nobody redeemed");
    assert_eq!(house.grants("alice").await.len(), 1);
    assert!(house.check(&token).await.is_ok());
    house.pass(539);
    assert_eq!(sweep(&house).await, 0);
    house.pass(1);
    assert_eq!(sweep(&house).await, 1, "the grant whose token expired");
    assert!(house.codes.is_empty());
    assert!(house.grants("alice").await.is_empty());
    assert_eq!(sweep(&house).await, 0);
}

#[tokio::test]
async fn a_sweep_that_lets_others_in_between_takes_all_the_same() {
    let house = House::new();
    for _ in 0..1_100 {
        house.code(&SPA).await;
    }
    house.pass(60);
    assert_eq!(sweep(&house).await, 1_100);
    assert!(house.codes.is_empty());
}

#[tokio::test]
async fn whichever_grant_of_a_user_is_forgotten_the_others_are_found() {
    let house = House::new();
    let held = async |count| {
        sweep(&house).await;
        house.grants("alice").await.len() == count
    };
    // The first one expires last but one, and each of the others once before it.
    house.access_token(&SPA).await;
    house.code(&SPA).await;
    house.code(&SPA).await;
    assert!(held(3).await);
    house.pass(60);
    assert!(held(1).await);
    house.access_token(&SPA).await;
    house.pass(540);
    assert!(held(1).await);
    house.pass(60);
    assert!(held(0).await);
}

#[tokio::test]
async fn nothing_points_at_what_was_swept() {
    for count in [1, 2] {
        let house = House::new();
        for _ in 0..count {
            house.code(&SPA).await;
        }
        let grants = house.grants("alice").await;
        house.pass(60);
        assert_eq!(sweep(&house).await, count);
        let kept = format!("{:?}", house.codes);
        assert!(grants.iter().all(|grant| !kept.contains(&grant.id().to_string())), "{kept}");
    }
}

#[tokio::test]
async fn a_users_grants_are_all_found_and_nobody_elses() {
    let house = House::new();
    for _ in 0..3 {
        house.access_token(&SPA).await;
    }
    house.sign_in("bob");
    house.access_token(&SPA).await;
    assert_eq!(house.grants("alice").await.len(), 3);
    assert_eq!(house.grants("bob").await.len(), 1);
    assert!(house.grants("carol").await.is_empty());
    assert_eq!(house.codes.len(), 4);
}

#[tokio::test]
async fn replacing_over_another_version_writes_nothing() {
    let house = House::new();
    house.access_token(&SPA).await;
    let grant = house.grants("alice").await.remove(0);
    let before = house.records().await;
    let at = |version| Arc::new(Grant::from_record(&grant.to_record().unwrap(), version).unwrap());
    for stale in [1, grant.version(), grant.version() + 2] {
        assert!(!house.codes.replace(at(stale)).await.unwrap(), "{stale}");
        assert_eq!(house.records().await, before);
    }
    assert!(house.codes.replace(at(grant.version() + 1)).await.unwrap());
    assert!(!house.codes.replace(at(grant.version() + 1)).await.unwrap());
}

#[tokio::test]
async fn an_unknown_grant_is_none_cannot_be_replaced_and_a_known_id_not_inserted() {
    let (house, empty) = (House::new(), House::new());
    house.access_token(&SPA).await;
    let grant = house.grants("alice").await.remove(0);
    assert!(empty.codes.grant(grant.id()).await.unwrap().is_none());
    assert!(!empty.codes.replace(grant.clone()).await.unwrap());
    assert!(house.codes.insert(grant).await.is_err());
}

/// A public client can refresh all day: what is kept of a grant must not grow.
#[tokio::test]
async fn refreshing_a_grant_leaves_no_traces_in_the_store() {
    let house = House::new();
    let mut tokens = house.tokens(&NOTES).await;
    let id = house.grants("alice").await[0].id().to_string();
    for n in 0..50 {
        house.pass(n % 2);
        tokens = house.refreshed(&NOTES, &tokens.refresh).await;
    }
    let places = format!("{:?}", house.codes).matches(&id).count();
    assert!(places <= 4, "the grant stands in {places} places");
}

#[tokio::test]
async fn a_client_that_was_removed_is_found_no_more_and_every_other_is() {
    let house = House::new();
    let [gone, stays] = [SPA, TWO].map(|app| ClientId::parse(app.id).unwrap());
    house.clients.remove(&gone);
    assert!(house.clients.client(&gone).await.unwrap().is_none());
    assert!(house.clients.client(&stays).await.unwrap().is_some());
}

#[tokio::test]
async fn a_proof_is_forgotten_when_it_expires_and_counted() {
    let cache = Replays::default();
    let [ten, eleven] = [10, 11].map(Timestamp::from_unix);
    for (proof, expires_at) in [([1; 32], ten), ([2; 32], eleven)] {
        assert!(cache.is_first_use(&proof, expires_at).await.unwrap());
        assert!(!cache.is_first_use(&proof, expires_at).await.unwrap());
    }
    assert_eq!(cache.forget_proofs(Timestamp::from_unix(9)).await.unwrap(), 0);
    assert_eq!(cache.forget_proofs(ten).await.unwrap(), 1);
    assert!(!cache.is_first_use(&[2; 32], eleven).await.unwrap());
    assert!(cache.is_first_use(&[1; 32], ten).await.unwrap());
    assert_eq!(cache.forget_proofs(eleven).await.unwrap(), 2);
}
