//! Grants, alone and in races.

use super::*;

#[tokio::test]
async fn a_grant_makes_the_round_trip_from_its_code_to_its_token_to_its_replay() {
    let House { db, url, _server } = House::new().await;
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    let coded = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    assert_eq!((coded.version(), coded.scope().as_str()), (1, "a b"));

    let token = flow.redeem(&code).await.unwrap();
    let other = open(&url).await;
    assert_eq!(other.grant(coded.id()).await.unwrap().unwrap().version(), 2);
    assert!(Flow::over(&other).opens(&token).await);

    flow.set_time(1);
    assert_eq!(flow.redeem(&code).await, Err(400));
    assert!(other.grant(coded.id()).await.unwrap().unwrap().is_ended());
    assert!(!flow.opens(&token).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_redeemed_by_many_at_once_gives_one_token_which_the_replays_end() {
    let House { db, url, _server } = House::new().await;
    let code = Flow::over(&db).code("alice").await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        let (flow, code) = (Flow::over(&open(&url).await), code.clone());
        clients.push(tokio::spawn(async move { flow.redeem(&code).await.ok() }));
    }
    let mut tokens = Vec::new();
    for client in clients {
        tokens.extend(client.await.unwrap());
    }
    assert_eq!(tokens.len(), 1);
    assert!(!Flow::over(&db).opens(&tokens[0]).await);
}

#[tokio::test]
async fn a_grant_is_inserted_once_and_replaced_only_over_the_version_it_was_made_from() {
    let life = Life::new().await;
    let House { db, url: _, _server } = House::new().await;
    assert!(!db.replace(life.second.clone()).await.unwrap());
    assert!(db.grant(life.first.id()).await.unwrap().is_none());

    db.insert(life.first.clone()).await.unwrap();
    assert!(db.insert(life.first.clone()).await.is_err());
    assert!(!db.replace(life.first.clone()).await.unwrap());
    assert_same(&db.grant(life.first.id()).await.unwrap().unwrap(), &life.first);

    assert!(db.replace(life.second.clone()).await.unwrap());
    assert!(!db.replace(life.second.clone()).await.unwrap());
    assert_same(&db.grant(life.first.id()).await.unwrap().unwrap(), &life.second);
    assert_eq!(db.granted_by(&subject("alice")).await.unwrap().len(), 1);
    assert!(db.granted_by(&subject("bob")).await.unwrap().is_empty());
}

/// A server that may only take turns undoes those who come too late, and says
/// so as an error: each of them is to learn that somebody was first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_writes_one_wins_and_none_fails_under_any_isolation() {
    let life = Life::new().await;
    for isolation in ["read\\%20committed", "repeatable\\%20read", "serializable"] {
        let options = format!("?options=-c%20default_transaction_isolation%3D{isolation}");
        let House { db, url: _, _server } = House::with(&options).await;
        for round in 0..20 {
            let life = life.with_id(&id(round));
            db.insert(life.first).await.unwrap();
            let racers: Vec<_> = (0..8)
                .map(|_| {
                    let (db, second) = (db.clone(), life.second.clone());
                    tokio::spawn(async move { db.replace(second).await.unwrap() })
                })
                .collect();
            let mut winners = 0;
            for racer in racers {
                winners += u32::from(racer.await.unwrap());
            }
            assert_eq!(winners, 1, "{isolation}");
        }
    }
}

#[tokio::test]
async fn the_sweep_takes_what_expired_by_the_last_version_and_nothing_else() {
    let House { db, url: _, _server } = House::new().await;
    let life = Life::new().await;
    let renewed = life.with_id(&id(2));
    db.insert(life.first.clone()).await.unwrap();
    db.insert(renewed.first.clone()).await.unwrap();
    assert!(db.replace(renewed.second.clone()).await.unwrap());
    assert_eq!((life.first.expires_at(), renewed.second.expires_at()), (at(60), at(600)));

    assert_eq!(db.sweep(at(59)).await.unwrap(), 0);
    assert_eq!(db.sweep(at(60)).await.unwrap(), 1);
    assert!(db.grant(life.first.id()).await.unwrap().is_none());
    assert!(db.grant(renewed.first.id()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_sweep_takes_more_than_fits_into_one_of_its_batches() {
    let house = House::new().await;
    let admin = house.admin().await;
    let many = "INSERT INTO grants (id, version, subject, expires_at, record)
                SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), 1, 'alice', n, ''
                FROM generate_series(1, 2000) AS n";
    admin.execute(many, &[]).await.unwrap();
    assert_eq!(house.db.sweep(Timestamp::from_unix(1999)).await.unwrap(), 1999);
    assert_eq!(number(&admin, "SELECT expires_at FROM grants").await, 2000);
}

/// Nodes' clocks differ: one may sweep what another just renews.
#[tokio::test]
async fn a_grant_that_is_renewed_while_the_sweep_waits_for_it_lives_on() {
    let house = House::new().await;
    let life = Life::new().await;
    house.db.insert(life.first.clone()).await.unwrap();
    let (mut admin, observer) = (house.admin().await, house.admin().await);
    let renewal = admin.transaction().await.unwrap();
    renewal.execute("UPDATE grants SET expires_at = expires_at + 600", &[]).await.unwrap();
    let db = house.db.clone();
    let sweep = tokio::spawn(async move { db.sweep(at(60)).await });
    let waits = "SELECT count(*) FROM pg_stat_activity
                 WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while number(&observer, waits).await == 0 {}
    renewal.commit().await.unwrap();
    assert_eq!(sweep.await.unwrap().unwrap(), 0);
    assert!(house.db.grant(life.first.id()).await.unwrap().is_some());
}
