//! What the Redis adapter promises, on real servers, with grants that a real
//! authorization server made.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod flow;
mod redis_support;

use std::sync::Arc;
use std::time::Duration;

use codegrant::{
    Client, ClientId, ClientStore, CodeStore, ConsentStore, Directory, Grant, GrantId, ReplayCache,
    SessionId, Subject, Timestamp, User,
};
use flow::Flow;
use redis_support::{Keys, LosesAnswers};
use stores::{Account, AccountStore, LoginSession, Redis, SessionKey};
use throwaway::redis::{Cluster, Redis as Server};
use tokio::time::timeout;

/// How long the store may take to say that there is no Redis.
const SECONDS: Duration = Duration::from_secs(6);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(flow::START + seconds)
}

fn subject(name: &str) -> Subject {
    Subject::parse(name).unwrap()
}

fn assert_same(left: &Grant, right: &Grant) {
    assert_eq!(left.version(), right.version());
    assert_eq!(left.to_record().unwrap(), right.to_record().unwrap());
}

async fn start() -> (Server, Redis) {
    let server = Server::start().unwrap();
    let db = Redis::open(&server.url()).await.unwrap();
    (server, db)
}

/// A grant that `user` has just allowed, straight from the database.
async fn fresh_grant(db: &Redis, flow: &Flow, user: &str) -> Arc<Grant> {
    let before: Vec<GrantId> =
        db.granted_by(&subject(user)).await.unwrap().iter().map(|grant| *grant.id()).collect();
    flow.code(user).await;
    let mut grants = db.granted_by(&subject(user)).await.unwrap();
    grants.retain(|grant| !before.contains(grant.id()));
    assert_eq!(grants.len(), 1);
    grants.remove(0)
}

/// The three versions of a grant's life, as they were in another database.
async fn a_life(elsewhere: &Redis) -> [Arc<Grant>; 3] {
    let flow = Flow::over(elsewhere);
    let code = flow.code("alice").await;
    let first = elsewhere.granted_by(&subject("alice")).await.unwrap().remove(0);
    flow.redeem(&code).await.unwrap();
    let second = elsewhere.grant(first.id()).await.unwrap().unwrap();
    assert_eq!(flow.redeem(&code).await, Err(400));
    let third = elsewhere.grant(first.id()).await.unwrap().unwrap();
    [first, second, third]
}

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

fn account(subject_name: &str, username: &str) -> Account {
    Account {
        subject: subject(subject_name),
        username: username.into(),
        password_hash: "$argon2id$...".into(),
        user: Arc::new(User::new().with_roles(["analyst"]).with_permissions(["reports:read"])),
    }
}

fn session(expires_at: i64) -> LoginSession {
    LoginSession {
        id: SessionId::parse("public name").unwrap(),
        subject: subject("s1"),
        authenticated_at: at(0),
        expires_at: at(expires_at),
    }
}

#[tokio::test]
async fn accounts_are_found_by_their_username_and_known_to_the_directory_by_their_subject() {
    let (_server, db) = start().await;
    db.put_account(account("s1", "alice \"ü\" 1")).await.unwrap();
    let found = db.account("alice \"ü\" 1").await.unwrap().unwrap();
    assert_eq!((found.subject, found.password_hash.as_str()), (subject("s1"), "$argon2id$..."));
    assert_eq!(found.username, "alice \"ü\" 1");
    assert!(db.user(&subject("s1")).await.unwrap().unwrap().may("reports:read"));
    assert!(db.account("s1").await.unwrap().is_none());
    assert!(db.user(&subject("alice")).await.unwrap().is_none());

    db.put_account(Account { user: Arc::default(), ..account("s1", "alice2") }).await.unwrap();
    assert!(db.account("alice \"ü\" 1").await.unwrap().is_none());
    assert!(!db.user(&subject("s1")).await.unwrap().unwrap().may("reports:read"));
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
async fn while_redis_is_down_everything_is_an_error_within_seconds_and_then_it_works_again() {
    let (mut server, db) = start().await;
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    let grant = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    server.stop().unwrap();
    for _ in 0..2 {
        assert!(timeout(SECONDS, db.grant(grant.id())).await.unwrap().is_err());
        assert!(timeout(SECONDS, db.replace(grant.clone())).await.unwrap().is_err());
        assert_eq!(timeout(SECONDS, flow.redeem(&code)).await.unwrap(), Err(503));
    }
    server.restart().unwrap();
    let token = flow.redeem(&code).await.unwrap();
    assert!(flow.opens(&token).await);
}

#[tokio::test]
async fn a_redis_that_is_silent_is_an_error_within_seconds_and_then_it_works_again() {
    let (server, db) = start().await;
    let grant = fresh_grant(&db, &Flow::over(&db), "alice").await;
    server.pause().unwrap();
    for _ in 0..2 {
        let many = (0..8).map(|_| {
            let (db, id) = (db.clone(), *grant.id());
            tokio::spawn(async move { timeout(SECONDS, db.grant(&id)).await })
        });
        for answer in many.collect::<Vec<_>>() {
            assert!(answer.await.unwrap().unwrap().is_err());
        }
    }
    assert!(timeout(SECONDS, Redis::open(&server.url())).await.unwrap().is_err());
    server.resume().unwrap();
    assert_same(&db.grant(grant.id()).await.unwrap().unwrap(), &grant);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_was_idle_costs_a_reader_nothing() {
    let (server, db) = start().await;
    let grant = fresh_grant(&db, &Flow::over(&db), "alice").await;
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    assert_same(&db.grant(grant.id()).await.unwrap().unwrap(), &grant);
}

#[tokio::test]
async fn a_script_that_redis_forgot_is_loaded_again() {
    let (server, db) = start().await;
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    server.command(&["SCRIPT", "FLUSH"]).unwrap();
    assert!(flow.redeem(&code).await.is_ok());
}

#[tokio::test]
async fn a_write_whose_answer_got_lost_is_an_error_and_is_not_sent_again() {
    let (server, elsewhere) = start().await;
    let [first, second, _] = a_life(&elsewhere).await;
    let direct = Redis::open(&format!("{}?prefix=lost", server.url())).await.unwrap();
    direct.insert(first.clone()).await.unwrap();
    let lossy = LosesAnswers::before(&server).await;
    let db = Redis::open(&format!("{}?prefix=lost", lossy.url())).await.unwrap();

    server.command(&["CONFIG", "RESETSTAT"]).unwrap();
    assert!(db.replace(second.clone()).await.is_err());
    assert_same(&direct.grant(first.id()).await.unwrap().unwrap(), &second);
    let statistics = server.command(&["INFO", "commandstats"]).unwrap();
    assert!(statistics.contains("cmdstat_evalsha:calls=2,"), "index and grant: {statistics}");
}

#[tokio::test]
async fn a_client_whose_redemption_was_written_without_an_answer_gets_its_token() {
    let (server, direct) = start().await;
    let code = Flow::over(&direct).code("alice").await;
    let lossy = LosesAnswers::before(&server).await;
    let flow = Flow::over(&Redis::open(&lossy.url()).await.unwrap());
    let token = flow.redeem(&code).await.unwrap();
    assert!(flow.opens(&token).await);
    assert_eq!(direct.granted_by(&subject("alice")).await.unwrap()[0].version(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_appendfsync_always_a_crash_loses_nothing_that_was_acknowledged() {
    let (mut server, db) = start().await;
    let (acknowledged, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let writers: Vec<_> = (0..4)
        .map(|number| {
            let (db, acknowledged) = (db.clone(), acknowledged.clone());
            tokio::spawn(async move {
                for round in 0.. {
                    let name = format!("s{number}-{round}");
                    if db.put_account(account(&name, &name)).await.is_err() {
                        break;
                    }
                    acknowledged.send(name).unwrap();
                }
            })
        })
        .collect();
    let mut kept = Vec::new();
    while kept.len() < 100 {
        kept.push(seen.recv().await.unwrap());
    }
    server.kill().unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    drop(acknowledged);
    while let Some(name) = seen.recv().await {
        kept.push(name);
    }
    server.restart().unwrap();
    for name in kept {
        assert!(db.user(&subject(&name)).await.unwrap().is_some(), "{name} is lost");
    }
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

#[tokio::test]
async fn everything_works_on_a_cluster_wherever_its_keys_are() {
    let cluster = Cluster::start().unwrap();
    let [first, second, third] = cluster.nodes();
    let url = format!("{}?cluster={},{}", first.url(), second.address(), third.address());
    let db = Redis::open(&url).await.unwrap();
    let flow = Flow::over(&db);
    for user in ["alice", "bob", "{carol}", "d{a}v{e}"] {
        let codes = [flow.code(user).await, flow.code(user).await, flow.code(user).await];
        for code in &codes {
            let token = flow.redeem(code).await.unwrap();
            assert!(flow.opens(&token).await);
        }
        assert_eq!(flow.redeem(&codes[0]).await, Err(400));
        let grants = db.granted_by(&subject(user)).await.unwrap();
        assert_eq!(grants.len(), 3);
        assert_eq!(grants.iter().filter(|grant| grant.is_ended()).count(), 1);
    }
    for number in 0..8 {
        let name = format!("s{number}");
        db.put_account(account(&name, &name)).await.unwrap();
        assert!(db.put_account(account("another", &name)).await.is_err());
        let key = SessionKey::of(&name);
        let session = LoginSession { subject: subject(&name), ..session(9) };
        db.begin_session(key, session.clone()).await.unwrap();
        assert_eq!(db.session(key).await.unwrap(), Some(session));
        db.end_session(key).await.unwrap();
        assert_eq!(db.session(key).await.unwrap(), None);
        assert_eq!(db.account(&name).await.unwrap().unwrap().subject, subject(&name));
        assert!(db.is_first_use(&[number; 32], at(60)).await.unwrap());
        assert!(!db.is_first_use(&[number; 32], at(60)).await.unwrap());
        let client = Client::builder(name.as_str()).redirect_uri("https://app.example/cb");
        db.put_client(&client.build().unwrap()).await.unwrap();
        assert!(db.client(&ClientId::parse(name).unwrap()).await.unwrap().is_some());
    }
    assert_eq!(db.subjects().await.unwrap().len(), 8);
    db.remove_account(&subject("s0")).await.unwrap();
    assert!(db.account("s0").await.unwrap().is_none());
    for node in cluster.nodes() {
        assert_ne!(node.command(&["DBSIZE"]).unwrap(), ":0", "every node has its share");
    }
}

#[tokio::test]
async fn a_slot_that_moved_to_another_node_is_found_there() {
    let cluster = Cluster::start().unwrap();
    let [first, second, _] = cluster.nodes();
    let db = Redis::open(&format!("{}?cluster", first.url())).await.unwrap();
    let slot = first.command(&["CLUSTER", "KEYSLOT", "codegrant:client:app"]).unwrap();
    let slot = slot.trim_start_matches(':');
    let id = ClientId::parse("app").unwrap();
    assert!(db.client(&id).await.unwrap().is_none());

    let names = cluster.nodes().each_ref().map(|node| node.command(&["CLUSTER", "MYID"]).unwrap());
    let of_first = slot.parse::<u16>().unwrap() <= 5460;
    let new_home = if of_first { &names[1] } else { &names[0] };
    for node in cluster.nodes() {
        node.command(&["CLUSTER", "SETSLOT", slot, "NODE", new_home]).unwrap();
    }
    let client = Client::builder("app").redirect_uri("https://app.example/cb").build().unwrap();
    assert!(db.put_client(&client).await.is_err(), "nothing is sent twice");
    db.put_client(&client).await.unwrap();
    assert!(db.client(&id).await.unwrap().is_some());
    let holder = if of_first { second } else { first };
    assert_eq!(holder.command(&["EXISTS", "codegrant:client:app"]).unwrap(), ":1");
}
