//! What the PostgreSQL adapter promises, on real servers that are stopped,
//! killed and cut off, with grants that a real authorization server made.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod flow;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use codegrant::{
    Client, ClientId, ClientStore, CodeStore, ConsentStore, Consented, Directory, Grant, GrantId,
    HostError, ReplayCache, SessionId, Subject, Timestamp, User,
};
use flow::Flow;
use stores::{Account, AccountStore, LoginSession, Postgres, SessionKey, Sqlite};
use throwaway::postgres::Postgres as Server;
use tokio_postgres::NoTls;
use wire::Wire;

/// "Within seconds": what the slowest way to an error may take.
const SECONDS: Duration = Duration::from_secs(15);

/// A database of the test's own on the server that all tests share.
struct House {
    db: Postgres,
    url: String,
    _server: Arc<Server>,
}

impl House {
    async fn new() -> Self {
        Self::with("").await
    }

    async fn with(options: &str) -> Self {
        let server = Server::shared();
        let url = format!("{}{options}", server.new_database());
        Self { db: connect(&url).await, url, _server: server }
    }

    async fn admin(&self) -> tokio_postgres::Client {
        admin(&self.url).await
    }
}

async fn connect(url: &str) -> Postgres {
    Postgres::connect(url).await.unwrap()
}

/// A second way into the database, past the adapter.
async fn admin(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn number(admin: &tokio_postgres::Client, sql: &str) -> i64 {
    admin.query_one(sql, &[]).await.unwrap().get(0)
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(SECONDS, work).await.unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(flow::START + seconds)
}

fn subject(name: &str) -> Subject {
    Subject::parse(name).unwrap()
}

fn id(number: u64) -> GrantId {
    GrantId::from_bytes(u128::from(number).to_be_bytes())
}

/// A grant's first two versions, kept nowhere yet.
struct Life {
    first: Arc<Grant>,
    second: Arc<Grant>,
}

impl Life {
    async fn new() -> Self {
        let elsewhere = Sqlite::in_memory().unwrap();
        let flow = Flow::over(&elsewhere);
        let code = flow.code("alice").await;
        let first = elsewhere.granted_by(&subject("alice")).await.unwrap().remove(0);
        flow.redeem(&code).await.unwrap();
        let second = elsewhere.grant(first.id()).await.unwrap().unwrap();
        Self { first, second }
    }

    /// The same under another id.
    fn with_id(&self, id: &GrantId) -> Self {
        let renamed = |grant: &Grant| {
            let record = grant.to_record().unwrap();
            let record = record.replace(&grant.id().to_string(), &id.to_string());
            Arc::new(Grant::from_record(&record, grant.version()).unwrap())
        };
        Self { first: renamed(&self.first), second: renamed(&self.second) }
    }
}

fn assert_same(left: &Grant, right: &Grant) {
    assert_eq!(left.version(), right.version());
    assert_eq!(left.to_record().unwrap(), right.to_record().unwrap());
}

#[tokio::test]
async fn a_grant_makes_the_round_trip_from_its_code_to_its_token_to_its_replay() {
    let House { db, url, _server } = House::new().await;
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    let coded = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    assert_eq!((coded.version(), coded.scope().as_str()), (1, "a b"));

    let token = flow.redeem(&code).await.unwrap();
    let other = connect(&url).await;
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
        let (flow, code) = (Flow::over(&connect(&url).await), code.clone());
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

#[tokio::test]
async fn consent_is_kept_by_user_and_client_and_replaced_by_its_next_version_only() {
    let House { db, url: _, _server } = House::new().await;
    let (alice, app) = (subject("alice"), ClientId::parse("app").unwrap());
    assert_eq!(db.consented(&alice, &app).await.unwrap(), None);
    Flow::over(&db).code("alice").await;
    let kept = db.consented(&alice, &app).await.unwrap().unwrap();
    assert_eq!((kept.version(), kept.scope().unwrap().as_str()), (1, "a b"));
    assert_eq!(db.consented(&subject("bob"), &app).await.unwrap(), None);
    assert_eq!(db.consented(&alice, &ClientId::parse("other").unwrap()).await.unwrap(), None);

    let version = |number| {
        let record = kept.to_record().unwrap().replace("a b", &format!("v{number}"));
        Arc::new(Consented::from_record(&record, number).unwrap())
    };
    for (next, is_first) in [(1, false), (3, false), (2, true), (2, false), (3, true)] {
        assert_eq!(db.remember(version(next)).await.unwrap(), is_first, "{next}");
    }
    assert_eq!(db.consented(&alice, &app).await.unwrap(), Some(version(3)));
}

#[tokio::test]
async fn a_client_is_what_was_last_put_until_it_is_removed() {
    let House { db, url, _server } = House::new().await;
    let id = ClientId::parse("app").unwrap();
    let registered = |name| {
        let builder = Client::builder("app").redirect_uri("https://app.example/cb");
        builder.name(name).build().unwrap()
    };
    db.remove_client(&id).await.unwrap();
    assert!(db.client(&id).await.unwrap().is_none());
    for name in ["App", "Application"] {
        db.put_client(&registered(name)).await.unwrap();
        let other = connect(&url).await;
        let kept = other.client(&id).await.unwrap().unwrap();
        assert_eq!(kept.to_record().unwrap(), registered(name).to_record().unwrap());
    }
    db.remove_client(&id).await.unwrap();
    assert!(db.client(&id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_proof_is_new_to_one_of_all_who_bring_it_until_it_is_forgotten() {
    let House { db, url, _server } = House::new().await;
    let mut thieves = Vec::new();
    for _ in 0..8 {
        let db = connect(&url).await;
        thieves.push(tokio::spawn(async move { db.is_first_use(&[1; 32], at(9)).await.unwrap() }));
    }
    let mut believed = 0;
    for thief in thieves {
        believed += u32::from(thief.await.unwrap());
    }
    assert_eq!(believed, 1);
    assert!(db.is_first_use(&[2; 32], at(10)).await.unwrap());
    assert_eq!(db.forget_proofs(at(8)).await.unwrap(), 0);
    assert_eq!(db.forget_proofs(at(9)).await.unwrap(), 1);
    assert!(db.is_first_use(&[1; 32], at(10)).await.unwrap());
    assert!(!db.is_first_use(&[2; 32], at(10)).await.unwrap());
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
    let House { db, url: _, _server } = House::new().await;
    db.put_account(account("s1", "alice")).await.unwrap();
    let found = db.account("alice").await.unwrap().unwrap();
    assert_eq!((found.subject, found.password_hash.as_str()), (subject("s1"), "$argon2id$..."));
    assert_eq!(found.user.roles(), ["analyst"]);
    assert!(db.user(&subject("s1")).await.unwrap().unwrap().may("reports:read"));
    assert!(db.account("s1").await.unwrap().is_none());
    assert!(db.account("alice\0").await.unwrap().is_none());
    assert!(db.user(&subject("alice")).await.unwrap().is_none());

    db.put_account(Account { user: Arc::default(), ..account("s1", "alice2") }).await.unwrap();
    assert!(db.account("alice").await.unwrap().is_none());
    assert!(!db.user(&subject("s1")).await.unwrap().unwrap().may("reports:read"));
    let taken = db.put_account(account("s2", "alice2")).await.unwrap_err().to_string();
    assert!(taken.contains("accounts_username_key") && !taken.contains("alice2"), "{taken}");
    assert_eq!(db.subjects().await.unwrap(), [subject("s1")]);
}

#[tokio::test]
async fn a_session_lasts_until_it_is_ended_swept_or_its_account_removed() {
    let House { db, url: _, _server } = House::new().await;
    let keys = ["one", "two", "three"].map(SessionKey::of);
    assert!(db.begin_session(keys[0], session(9)).await.is_err(), "there is no such account");
    db.put_account(account("s1", "alice")).await.unwrap();
    for (key, expires_at) in keys.into_iter().zip([9, 10, 11]) {
        db.begin_session(key, session(expires_at)).await.unwrap();
    }
    assert_eq!(db.session(keys[1]).await.unwrap(), Some(session(10)));
    assert!(db.begin_session(keys[1], session(12)).await.is_err(), "the key is taken");

    db.end_session(keys[0]).await.unwrap();
    assert_eq!(db.session(keys[0]).await.unwrap(), None);
    assert_eq!(db.sweep_sessions(at(10)).await.unwrap(), 1);
    assert_eq!(db.session(keys[1]).await.unwrap(), None);
    db.put_account(account("s1", "alice")).await.unwrap();
    assert_eq!(db.session(keys[2]).await.unwrap(), Some(session(11)));
    db.remove_account(&subject("s1")).await.unwrap();
    assert_eq!(db.session(keys[2]).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_find_one_schema_that_somebody_made() {
    let server = Server::shared();
    for _ in 0..3 {
        let url = server.new_database();
        let starts: Vec<_> = (0..8)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { Postgres::connect(&url).await })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap().put_account(account("s1", "alice")).await.unwrap();
        }
        assert_eq!(number(&admin(&url).await, "SELECT version FROM schema_version").await, 1);
    }
}

/// As a program leaves it that ends in the middle of its migration, where the
/// database makes each table on its own.
#[tokio::test]
async fn a_half_made_schema_is_completed() {
    let house = House::new().await;
    let admin = house.admin().await;
    admin.batch_execute("DROP TABLE sessions; DELETE FROM schema_version").await.unwrap();
    let db = connect(&house.url).await;
    db.put_account(account("s1", "alice")).await.unwrap();
    db.begin_session(SessionKey::of("cookie"), session(9)).await.unwrap();
    assert_eq!(number(&admin, "SELECT version FROM schema_version").await, 1);
}

#[tokio::test]
async fn a_program_that_may_not_create_tables_serves_a_schema_that_is_there() {
    let house = House::new().await;
    let admin = house.admin().await;
    let rights = "CREATE ROLE clerk LOGIN PASSWORD 'clerk';
                  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk";
    admin.batch_execute(rights).await.unwrap();
    let place = house.url.split_once('@').unwrap().1;
    let db = connect(&format!("postgres://clerk:clerk@{place}")).await;
    Flow::over(&db).code("alice").await;
    assert!(admin.batch_execute("DROP OWNED BY clerk; DROP ROLE clerk").await.is_ok());
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_refused_and_left_alone() {
    let house = House::new().await;
    let admin = house.admin().await;
    admin.execute("UPDATE schema_version SET version = 2", &[]).await.unwrap();
    let refusal = Postgres::connect(&house.url).await.err().unwrap().to_string();
    assert!(refusal.contains("schema version 2"), "{refusal}");
    assert!(refusal.contains("knows up to 1"), "{refusal}");
    assert_eq!(number(&admin, "SELECT version FROM schema_version").await, 2);
}

#[tokio::test]
async fn a_url_that_cannot_be_honoured_is_refused_without_its_password() {
    for (url, named) in [
        ("postgres://clerk:swordfish@127.0.0.1/db?sslmode=require", "sslmode=require"),
        ("postgres://clerk:swordfish@127.0.0.1/db?colour=red", "colour"),
        ("postgres://clerk:swordfish@127.0.0.1:1/db", "no connection"),
    ] {
        let refusal = soon(Postgres::connect(url)).await.err().unwrap();
        assert!(refusal.to_string().contains(named), "{refusal}");
        assert!(!format!("{refusal} {refusal:?}").contains("swordfish"), "{refusal:?}");
    }
}

/// Every way that the seams ask, and that they write.
async fn ask_and_write(db: &Postgres, life: &Life) -> [Result<(), HostError>; 2] {
    let asked = soon(db.grant(life.first.id())).await.map(drop);
    [asked, soon(db.insert(life.first.clone())).await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_stopped_is_an_error_in_seconds_and_serves_by_itself_when_it_is_back() {
    let life = Life::new().await;
    let mut server = Server::start();
    let db = connect(&server.url()).await;
    for round in 0..2 {
        let life = life.with_id(&id(round));
        server.stop();
        assert!(ask_and_write(&db, &life).await.iter().all(Result::is_err));
        server.restart();
        assert!(ask_and_write(&db, &life).await.iter().all(Result::is_ok));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_that_was_acknowledged_is_lost_when_the_server_is_killed() {
    let life = Life::new().await;
    let mut server = Server::start();
    let db = connect(&server.url()).await;
    let (acknowledge, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
    for writer in 0..8_u64 {
        let (db, acknowledge) = (db.clone(), acknowledge.clone());
        let mut lives: Vec<_> = (0..2000).map(|n| life.with_id(&id(writer * 10_000 + n))).collect();
        tokio::spawn(async move {
            while let Some(Life { first, second }) = lives.pop() {
                let Ok(()) = db.insert(first.clone()).await else { break };
                acknowledge.send(first).unwrap();
                let Ok(true) = db.replace(second.clone()).await else { break };
                acknowledge.send(second).unwrap();
            }
        });
    }
    drop(acknowledge);
    let mut kept = Vec::new();
    for _ in 0..400 {
        kept.push(acknowledged.recv().await.unwrap());
    }
    server.kill();
    while let Some(grant) = acknowledged.recv().await {
        kept.push(grant);
    }
    server.restart();
    for grant in kept {
        let found = db.grant(grant.id()).await.unwrap().unwrap();
        assert!(found.version() >= grant.version(), "{}", grant.id());
    }
}

#[tokio::test]
async fn connections_that_end_between_two_calls_are_replaced_unseen() {
    let house = House::new().await;
    let (db, admin, life) = (&house.db, house.admin().await, Life::new().await);
    let end_all = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
    db.insert(life.first.clone()).await.unwrap();
    for round in 0..20 {
        let life = life.with_id(&id(round));
        assert!(number(&admin, end_all).await > 0);
        db.insert(life.first.clone()).await.unwrap();
        assert!(number(&admin, end_all).await > 0);
        assert_same(&db.grant(life.first.id()).await.unwrap().unwrap(), &life.first);
        assert!(number(&admin, end_all).await > 0);
        assert!(db.replace(life.second.clone()).await.unwrap());
    }
}

/// A firewall that forgets idle connections says nothing to either end.
#[tokio::test]
async fn connections_that_went_deaf_between_two_calls_are_replaced_unseen() {
    let (server, life) = (Server::shared(), Life::new().await);
    let url = server.new_database();
    let (login, place) = url.split_once('@').unwrap();
    let (place, database) = place.split_once('/').unwrap();
    let wire = Wire::to(place.to_owned()).await;
    let db = connect(&format!("{login}@{}/{database}", wire.address())).await;
    let open_some = || async {
        let ask = || db.grant(life.first.id());
        let (one, other, third) = tokio::join!(ask(), ask(), ask());
        one.and(other).and(third).unwrap();
    };
    open_some().await;
    wire.cut();
    soon(db.insert(life.first.clone())).await.unwrap();
    open_some().await;
    wire.cut();
    assert_same(&soon(db.grant(life.first.id())).await.unwrap().unwrap(), &life.first);
}

/// Sequences count what is undone, too.
#[tokio::test]
async fn a_write_that_ends_its_connection_is_an_error_and_is_not_sent_again() {
    let house = House::new().await;
    let (db, admin, life) = (&house.db, house.admin().await, Life::new().await);
    let trap = "CREATE SEQUENCE tries;
                CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    PERFORM nextval('tries');
                    PERFORM pg_terminate_backend(pg_backend_pid());
                    RETURN NEW;
                END $$;
                CREATE TRIGGER trap BEFORE UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION trap()";
    db.insert(life.first.clone()).await.unwrap();
    admin.batch_execute(trap).await.unwrap();
    assert!(db.replace(life.second.clone()).await.is_err());
    assert_eq!(number(&admin, "SELECT last_value FROM tries").await, 1);
    admin.batch_execute("DROP TRIGGER trap ON grants").await.unwrap();
    assert!(db.replace(life.second.clone()).await.unwrap());
}

#[tokio::test]
async fn a_lock_that_nobody_releases_is_an_error_in_seconds() {
    let house = House::new().await;
    let (db, mut admin, life) = (&house.db, house.admin().await, Life::new().await);
    db.insert(life.first.clone()).await.unwrap();
    let transaction = admin.transaction().await.unwrap();
    transaction.execute("SELECT id FROM grants FOR UPDATE", &[]).await.unwrap();
    let error = soon(db.replace(life.second.clone())).await.unwrap_err().to_string();
    assert!(error.contains("statement timeout (57014)"), "{error}");
    transaction.rollback().await.unwrap();
    assert!(db.replace(life.second.clone()).await.unwrap());
}
