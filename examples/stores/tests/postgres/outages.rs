//! Servers that are stopped, killed, cut off or held up.

use tokio::time::sleep;

use super::*;
use crate::wire::Wire;

/// After this long without an answer, a write asks first whether anybody listens.
const REST: Duration = Duration::from_millis(120);

/// Every way that the seams ask, and that they write.
async fn ask_and_write(db: &Postgres, life: &Life) -> [Result<(), HostError>; 2] {
    let asked = soon(db.grant(life.first.id())).await.map(drop);
    [asked, soon(db.insert(life.first.clone())).await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_stopped_is_an_error_in_seconds_and_serves_by_itself_when_it_is_back() {
    let life = Life::new().await;
    let mut server = Server::start();
    let db = open(&server.url()).await;
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
    let db = open(&server.url()).await;
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
        sleep(REST).await;
        db.insert(life.first.clone()).await.unwrap();
        assert!(number(&admin, end_all).await > 0);
        assert_same(&db.grant(life.first.id()).await.unwrap().unwrap(), &life.first);
        assert!(number(&admin, end_all).await > 0);
        sleep(REST).await;
        assert!(db.replace(life.second.clone()).await.unwrap());
    }
}

/// A taken username is an everyday answer, and no reason to connect anew.
#[tokio::test]
async fn a_write_that_the_server_refuses_keeps_its_connection() {
    let house = House::new().await;
    let (db, admin) = (&house.db, house.admin().await);
    let connection = "SELECT pid::bigint FROM pg_stat_activity
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
    db.put_account(account("s1", "alice")).await.unwrap();
    let before = number(&admin, connection).await;
    assert!(db.put_account(account("s2", "alice")).await.is_err());
    db.put_account(account("s2", "bob")).await.unwrap();
    assert_eq!(number(&admin, connection).await, before);
}

/// As a newer program does to a database that older ones still serve.
#[tokio::test]
async fn a_table_that_is_altered_under_prepared_statements_is_read_all_the_same() {
    let house = House::new().await;
    let (db, admin, life) = (&house.db, house.admin().await, Life::new().await);
    db.insert(life.first.clone()).await.unwrap();
    assert!(db.grant(life.first.id()).await.unwrap().is_some());
    admin.batch_execute("ALTER TABLE grants ALTER record TYPE VARCHAR").await.unwrap();
    assert_same(&db.grant(life.first.id()).await.unwrap().unwrap(), &life.first);
}

/// A firewall that forgets idle connections says nothing to either end.
#[tokio::test]
async fn connections_that_went_deaf_between_two_calls_are_replaced_unseen() {
    let (server, life) = (Server::shared(), Life::new().await);
    let url = server.new_database();
    let (login, place) = url.split_once('@').unwrap();
    let (place, database) = place.split_once('/').unwrap();
    let wire = Wire::to(place.to_owned()).await;
    let db = open(&format!("{login}@{}/{database}", wire.address())).await;
    let open_some = || async {
        let ask = || db.grant(life.first.id());
        let (one, other, third) = tokio::join!(ask(), ask(), ask());
        one.and(other).and(third).unwrap();
    };
    open_some().await;
    wire.cut();
    sleep(REST).await;
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
