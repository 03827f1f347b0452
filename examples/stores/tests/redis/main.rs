//! What the Redis adapter promises, on real servers, with grants that a real
//! authorization server made.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod cluster;
mod faults;
#[path = "../flow/mod.rs"]
mod flow;
mod reads;
mod support;

use std::sync::Arc;

use codegrant::{
    Client, ClientId, ClientStore, CodeStore, ConsentStore, Directory, ReplayCache, Timestamp,
};
use flow::Flow;
use stores::{Account, AccountStore, LoginSession, Redis, SessionKey};
use support::{Keys, a_life, account, assert_same, at, fresh_grant, session, start, subject};
use throwaway::redis::Redis as Server;

#[tokio::test]
async fn a_grant_makes_the_round_trip_from_its_code_to_its_token_to_its_replay() {
    let (_server, db) = start().await;
    let flow = Flow::over(&db);

    let code = flow.code("alice").await;
    let coded = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    assert_eq!((coded.version(), coded.scope().as_str()), (1, "a b"));
    assert_same(&db.grant(coded.id()).await.unwrap().unwrap(), &coded);

    let token = flow.redeem(&code).await.unwrap();
    assert_eq!(db.grant(coded.id()).await.unwrap().unwrap().version(), 2);
    assert!(flow.opens(&token).await);

    assert_eq!(flow.redeem(&code).await, Err(400));
    assert!(db.grant(coded.id()).await.unwrap().unwrap().is_ended());
    assert!(!flow.opens(&token).await);
}

#[tokio::test]
async fn a_grant_is_inserted_once_and_replaced_only_over_the_version_it_was_made_from() {
    let (server, elsewhere) = start().await;
    let [first, second, third] = a_life(&elsewhere).await;
    let db = Redis::open(&format!("{}?prefix=race", server.url())).await.unwrap();
    for unknown in [&first, &second] {
        assert!(!db.replace(unknown.clone()).await.unwrap());
        assert!(db.grant(unknown.id()).await.unwrap().is_none());
    }
    db.insert(first.clone()).await.unwrap();
    assert!(db.insert(first.clone()).await.is_err());
    for wrong in [&first, &third] {
        assert!(!db.replace(wrong.clone()).await.unwrap());
        assert_same(&db.grant(first.id()).await.unwrap().unwrap(), &first);
    }
    assert!(db.replace(second.clone()).await.unwrap());
    assert!(!db.replace(second.clone()).await.unwrap());
    assert_same(&db.grant(first.id()).await.unwrap().unwrap(), &second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_replacements_one_wins_on_any_connection() {
    let (server, elsewhere) = start().await;
    let [first, second, _] = a_life(&elsewhere).await;
    let race = format!("{}?prefix=race", server.url());
    Redis::open(&race).await.unwrap().insert(first).await.unwrap();
    let mut racers = Vec::new();
    for _ in 0..8 {
        let (connection, second) = (Redis::open(&race).await.unwrap(), second.clone());
        racers.push(tokio::spawn(async move { connection.replace(second).await.unwrap() }));
    }
    let mut winners = 0;
    for racer in racers {
        winners += u32::from(racer.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn a_grant_is_kept_five_minutes_beyond_its_last_versions_expiry() {
    let (server, db) = start().await;
    let keys = Keys::of(&server);
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    let grant = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    assert_eq!(grant.expires_at(), at(60));
    assert_eq!(keys.expiry(&grant), flow::START + 60 + 300);
    flow.redeem(&code).await.unwrap();
    assert_eq!(db.grant(grant.id()).await.unwrap().unwrap().expires_at(), at(600));
    assert_eq!(keys.expiry(&grant), flow::START + 600 + 300);
}

#[tokio::test]
async fn a_grant_that_expired_by_the_servers_clock_is_kept_five_minutes_all_the_same() {
    let (server, db) = start().await;
    let flow = Flow::over(&db);
    flow.set_time(-1_000_000_000);
    let code = flow.code("alice").await;
    let grant = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    let keys = Keys::of(&server);
    assert!((295..=300).contains(&keys.seconds_left(&grant)), "{}", keys.seconds_left(&grant));
    let token = flow.redeem(&code).await.unwrap();
    assert!(flow.opens(&token).await);
    assert!((295..=300).contains(&keys.seconds_left(&grant)), "{}", keys.seconds_left(&grant));
    assert!(keys.index_seconds_left("alice") > keys.seconds_left(&grant));
}

#[tokio::test]
async fn the_index_of_a_user_outlives_the_longest_of_their_grants() {
    let (server, db) = start().await;
    let keys = Keys::of(&server);
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    let long = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    assert!(keys.index_expiry("alice") > keys.expiry(&long));
    flow.redeem(&code).await.unwrap();
    let longest = keys.index_expiry("alice");
    assert!(longest > keys.expiry(&long));
    let short = fresh_grant(&db, &flow, "alice").await;
    assert!(keys.expiry(&short) < keys.expiry(&long));
    assert_eq!(keys.index_expiry("alice"), longest, "a shorter grant takes nothing from it");
}

#[tokio::test]
async fn an_index_that_was_lost_is_made_anew_by_the_grants_next_version() {
    let (server, db) = start().await;
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    server.command(&["DEL", "codegrant:grants:alice"]).unwrap();
    assert!(db.granted_by(&subject("alice")).await.unwrap().is_empty());
    flow.redeem(&code).await.unwrap();
    assert_eq!(db.granted_by(&subject("alice")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn granted_by_skips_what_is_gone_and_what_is_anothers() {
    let (server, db) = start().await;
    let flow = Flow::over(&db);
    let kept = fresh_grant(&db, &flow, "alice").await;
    let gone = fresh_grant(&db, &flow, "alice").await;
    let of_bob = fresh_grant(&db, &flow, "bob").await;
    let keys = Keys::of(&server);
    server.command(&["DEL", &keys.grant(&gone)]).unwrap();
    let index = "codegrant:grants:alice";
    server.command(&["ZADD", index, "9e9", &of_bob.id().to_string()]).unwrap();
    let found = db.granted_by(&subject("alice")).await.unwrap();
    assert_eq!(found.iter().map(|grant| grant.id()).collect::<Vec<_>>(), [kept.id()]);
    assert!(db.granted_by(&subject("carol")).await.unwrap().is_empty());
}

#[tokio::test]
async fn entries_whose_grants_are_forgotten_leave_the_index_with_the_next_grant() {
    let (server, db) = start().await;
    let flow = Flow::over(&db);
    fresh_grant(&db, &flow, "alice").await;
    let index = "codegrant:grants:alice";
    server.command(&["ZADD", index, "1", "forgotten"]).unwrap();
    fresh_grant(&db, &flow, "alice").await;
    assert_eq!(server.command(&["ZCARD", index]).unwrap(), ":2");
}

#[tokio::test]
async fn consent_is_swapped_by_version_and_kept_by_user_and_client_whatever_their_names() {
    let (_server, db) = start().await;
    let (alice, app) = (subject("alice"), ClientId::parse("app").unwrap());
    assert!(db.consented(&alice, &app).await.unwrap().is_none());
    Flow::over(&db).code("alice").await;
    let first = db.consented(&alice, &app).await.unwrap().unwrap();
    assert_eq!((first.version(), first.scope().unwrap().as_str()), (1, "a b"));
    assert!(!db.remember(first.clone()).await.unwrap());
    assert!(db.consented(&subject("bob"), &app).await.unwrap().is_none());

    Flow::over(&db).code("x:3:y").await;
    let other = ClientId::parse("y:app").unwrap();
    assert!(db.consented(&subject("x:3"), &other).await.unwrap().is_none());
    assert!(db.consented(&subject("x:3:y"), &app).await.unwrap().is_some());
}

#[tokio::test]
async fn a_client_is_found_as_it_was_last_put_until_it_is_removed() {
    let (_server, db) = start().await;
    let id = ClientId::parse("app").unwrap();
    assert!(db.client(&id).await.unwrap().is_none());
    for name in ["One", "Two"] {
        let client = Client::builder("app").name(name).redirect_uri("https://app.example/cb");
        db.put_client(&client.build().unwrap()).await.unwrap();
        assert_eq!(db.client(&id).await.unwrap().unwrap().name(), name);
    }
    db.remove_client(&id).await.unwrap();
    assert!(db.client(&id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_bring_the_same_proof_one_is_the_first() {
    let (_server, db) = start().await;
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { db.is_first_use(&[7; 32], at(60)).await.unwrap() })
        })
        .collect();
    let mut firsts = 0;
    for racer in racers {
        firsts += u32::from(racer.await.unwrap());
    }
    assert_eq!(firsts, 1);
    assert!(db.is_first_use(&[8; 32], at(60)).await.unwrap());
    let long_ago = Timestamp::from_unix(1);
    assert!(db.is_first_use(&[9; 32], long_ago).await.unwrap());
    assert!(!db.is_first_use(&[9; 32], long_ago).await.unwrap());
}

#[tokio::test]
async fn accounts_are_found_by_their_username_and_known_to_the_directory_by_their_subject() {
    let (_server, db) = start().await;
    db.put_account(account("s1", "alice \"ü\" 1")).await.unwrap();
    let found = db.account("alice \"ü\" 1").await.unwrap().unwrap();
    assert_eq!((found.subject, found.password_hash.as_str()), (subject("s1"), "$argon2id$..."));
    assert_eq!(found.username, "alice \"ü\" 1");
    let known = account("s1", "alice").user;
    assert_eq!(
        (&found.user, db.user(&subject("s1")).await.unwrap()),
        (&known, Some(known.clone()))
    );
    assert!(db.account("s1").await.unwrap().is_none());
    assert!(db.user(&subject("alice")).await.unwrap().is_none());

    db.put_account(Account { user: Arc::default(), ..account("s1", "alice2") }).await.unwrap();
    assert!(db.account("alice \"ü\" 1").await.unwrap().is_none());
    assert_eq!(db.user(&subject("s1")).await.unwrap(), Some(Arc::default()));
    assert!(db.put_account(account("s2", "alice2")).await.is_err(), "the name is taken");
    assert!(db.user(&subject("s2")).await.unwrap().is_none());
    assert_eq!(db.subjects().await.unwrap(), [subject("s1")]);

    db.put_account(account("s2", "alice \"ü\" 1")).await.unwrap();
    db.remove_account(&subject("s1")).await.unwrap();
    db.put_account(account("s2", "alice2")).await.unwrap();
    assert_eq!(db.account("alice2").await.unwrap().unwrap().subject, subject("s2"));
}

#[tokio::test]
async fn a_session_lasts_until_it_is_ended_or_its_account_removed_for_good() {
    let (_server, db) = start().await;
    let keys = ["one", "two"].map(SessionKey::of);
    assert!(db.begin_session(keys[0], session(9)).await.is_err(), "there is no such account");
    db.put_account(account("s1", "alice")).await.unwrap();
    for key in keys {
        db.begin_session(key, session(9)).await.unwrap();
    }
    assert!(db.begin_session(keys[1], session(12)).await.is_err(), "the key is taken");
    db.end_session(keys[0]).await.unwrap();
    assert_eq!(db.session(keys[0]).await.unwrap(), None);
    db.put_account(account("s1", "alice2")).await.unwrap();
    assert_eq!(db.session(keys[1]).await.unwrap(), Some(session(9)));
    db.remove_account(&subject("s1")).await.unwrap();
    assert_eq!(db.session(keys[1]).await.unwrap(), None);
    db.put_account(account("s1", "alice")).await.unwrap();
    assert_eq!(db.session(keys[1]).await.unwrap(), None, "that was another account");
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_of_one_account_which_can_sign_in_again() {
    let (_server, db) = start().await;
    let [one, two, other, again] = ["one", "two", "other", "again"].map(SessionKey::of);
    let of_other = LoginSession { subject: subject("s2"), ..session(9) };
    db.put_account(account("s1", "alice")).await.unwrap();
    db.put_account(account("s2", "bob")).await.unwrap();
    for key in [one, two] {
        db.begin_session(key, session(9)).await.unwrap();
    }
    db.begin_session(other, of_other.clone()).await.unwrap();

    db.end_sessions(&subject("s1")).await.unwrap();
    assert_eq!(db.session(one).await.unwrap(), None);
    assert_eq!(db.session(two).await.unwrap(), None);
    assert_eq!(db.session(other).await.unwrap(), Some(of_other));

    let found = db.account("alice").await.unwrap().unwrap();
    assert_eq!((found.subject, found.user.roles()), (subject("s1"), &["analyst".to_owned()][..]));
    db.begin_session(again, session(9)).await.unwrap();
    assert_eq!(db.session(again).await.unwrap(), Some(session(9)));
    assert_eq!(db.session(one).await.unwrap(), None);
    db.end_sessions(&subject("nobody")).await.unwrap();
    assert!(db.user(&subject("nobody")).await.unwrap().is_none());
}

#[tokio::test]
async fn servers_with_different_prefixes_do_not_see_each_other() {
    let (server, db) = start().await;
    let other = Redis::open(&format!("{}?prefix=other", server.url())).await.unwrap();
    let grant = fresh_grant(&db, &Flow::over(&db), "alice").await;
    db.put_account(account("s1", "alice")).await.unwrap();
    db.begin_session(SessionKey::of("one"), session(9)).await.unwrap();
    assert!(db.is_first_use(&[1; 32], at(60)).await.unwrap());

    assert!(other.grant(grant.id()).await.unwrap().is_none());
    assert!(other.granted_by(&subject("alice")).await.unwrap().is_empty());
    let app = ClientId::parse("app").unwrap();
    assert!(other.consented(&subject("alice"), &app).await.unwrap().is_none());
    other.put_account(account("s2", "alice")).await.unwrap();
    assert!(other.user(&subject("s1")).await.unwrap().is_none());
    assert_eq!(other.session(SessionKey::of("one")).await.unwrap(), None);
    assert!(other.is_first_use(&[1; 32], at(60)).await.unwrap());
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let (server, _db) = start().await;
    assert_eq!(server.command(&["GET", "codegrant:layout"]).unwrap(), "1");
    server.command(&["SET", "codegrant:layout", "2"]).unwrap();
    let refusal = Redis::open(&server.url()).await.err().unwrap().to_string();
    assert!(refusal.contains("layout 2") && refusal.contains("up to 1"), "{refusal}");
    assert_eq!(server.command(&["GET", "codegrant:layout"]).unwrap(), "2");
}

#[tokio::test]
async fn a_replica_is_refused() {
    let (primary, replica) = (Server::start().unwrap(), Server::start().unwrap());
    let address = primary.address();
    let (host, port) = address.split_once(':').unwrap();
    replica.command(&["REPLICAOF", host, port]).unwrap();
    let refusal = Redis::open(&replica.url()).await.err().unwrap().to_string();
    assert!(refusal.to_lowercase().contains("replica"), "{refusal}");
}

#[tokio::test]
async fn a_url_that_cannot_be_meant_is_refused_with_the_reason() {
    for (url, reason) in [
        ("sqlite:file.db", "redis://host"),
        ("redis://127.0.0.1:1/?prefx=a", "prefx"),
        ("redis://127.0.0.1:1/?prefix=a:b", "prefix"),
        ("redis://127.0.0.1:1/?prefix={a}", "prefix"),
        ("redis://127.0.0.1:1/?cluster=nowhere", "nowhere"),
        ("redis://127.0.0.1:1/", "refused"),
    ] {
        let refusal = Redis::open(url).await.err().unwrap().to_string();
        assert!(refusal.contains(reason), "{url}: {refusal}");
    }
}
