//! What writes owe each other and those who wait for them, although they share
//! a transaction.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::mpsc;

use codegrant::HostError;
use stores::Sqlite;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};

/// A database with a table of names, and one of references to them.
async fn database(directory: &Path) -> Sqlite {
    let db = Sqlite::open(directory.join("test.db")).unwrap();
    let tables = "CREATE TABLE names (name TEXT UNIQUE);
                  CREATE TABLE references_ (name REFERENCES names (name) DEFERRABLE)";
    db.write(move |db| Ok(db.execute_batch(tables)?)).await.unwrap();
    db
}

/// Starts a write and lets it reach the queue.
async fn queue(db: &Sqlite, sql: &'static str) -> JoinHandle<Result<(), HostError>> {
    let db = db.clone();
    let queued = tokio::spawn(async move { db.write(move |db| Ok(db.execute_batch(sql)?)).await });
    yield_now().await;
    queued
}

/// The writer at a standstill, until it is let go.
struct Held {
    writer: JoinHandle<Result<(), HostError>>,
    go: mpsc::Sender<()>,
    began: oneshot::Receiver<()>,
}

impl Held {
    /// Queues a write that stands still once it has begun.
    async fn queue(db: &Sqlite) -> Self {
        let (db, (go, gone), (begin, began)) = (db.clone(), mpsc::channel(), oneshot::channel());
        let writer = tokio::spawn(async move {
            let stand_still = move |_: &_| {
                let _ = begin.send(());
                Ok(gone.recv()?)
            };
            db.write(stand_still).await
        });
        yield_now().await;
        Self { writer, go, began }
    }

    fn let_go(self) -> JoinHandle<Result<(), HostError>> {
        self.go.send(()).unwrap();
        self.writer
    }
}

/// A write that the writer is at: what is queued now shares its transaction.
async fn hold(db: &Sqlite) -> Held {
    let mut held = Held::queue(db).await;
    (&mut held.began).await.unwrap();
    held
}

async fn names(db: &Sqlite) -> Vec<String> {
    db.read(|db| {
        let mut statement = db.prepare("SELECT name FROM names ORDER BY rowid")?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_failing_write_leaves_no_trace_and_its_neighbours_alone() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let held = hold(&db).await;
    let before = queue(&db, "INSERT INTO names VALUES ('before')").await;
    let failing =
        queue(&db, "INSERT INTO names VALUES ('half'); INSERT INTO names VALUES ('before')").await;
    let after = queue(&db, "INSERT INTO names VALUES ('after')").await;
    held.let_go().await.unwrap().unwrap();
    assert!(before.await.unwrap().is_ok());
    assert!(failing.await.unwrap().is_err());
    assert!(after.await.unwrap().is_ok());
    assert_eq!(names(&db).await, ["before", "after"]);
}

#[tokio::test]
async fn a_panic_undoes_its_own_write_and_stops_nobody_elses() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let panicking = db.write(|db| -> Result<(), HostError> {
        db.execute_batch("INSERT INTO names VALUES ('half')")?;
        panic!("as planned")
    });
    assert!(panicking.await.unwrap_err().to_string().contains("panicked"));
    queue(&db, "INSERT INTO names VALUES ('next')").await.await.unwrap().unwrap();
    assert_eq!(names(&db).await, ["next"]);
}

#[tokio::test]
async fn if_the_commit_fails_all_who_share_it_are_told_and_the_next_one_succeeds() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let held = hold(&db).await;
    let first = queue(&db, "INSERT INTO names VALUES ('first')").await;
    let deferred = "PRAGMA defer_foreign_keys = ON; INSERT INTO references_ VALUES ('nobody')";
    let failing = queue(&db, deferred).await;
    let last = queue(&db, "INSERT INTO names VALUES ('last')").await;
    for shared in [held.let_go(), first, failing, last] {
        let error = shared.await.unwrap().unwrap_err().to_string();
        assert!(error.contains("FOREIGN KEY"), "{error}");
    }
    assert!(names(&db).await.is_empty());
    queue(&db, "INSERT INTO names VALUES ('next')").await.await.unwrap().unwrap();
    assert_eq!(names(&db).await, ["next"]);
}

#[tokio::test]
async fn a_full_disk_keeps_nothing_of_what_it_was_told_to_refuse() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let pages = |db: &rusqlite::Connection, most: u32| {
        Ok(db.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?)
    };
    db.write(move |db| pages(db, 1)).await.unwrap();
    let held = hold(&db).await;
    let small = "INSERT INTO names VALUES ('small')";
    let large = "INSERT INTO names VALUES (hex(zeroblob(100000)))";
    let queued = [queue(&db, small).await, queue(&db, large).await, queue(&db, small).await];
    held.let_go();
    for full in queued {
        assert!(full.await.unwrap().is_err());
    }
    assert!(names(&db).await.is_empty());
    db.write(move |db| pages(db, 1_000_000)).await.unwrap();
    queue(&db, large).await.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_write_is_answered_and_seen_only_when_its_whole_transaction_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let held = hold(&db).await;
    let performed = queue(&db, "INSERT INTO names VALUES ('performed')").await;
    let mut behind = Held::queue(&db).await;
    let held = held.let_go();
    (&mut behind.began).await.unwrap();
    // A read does not wait for the writer either.
    assert!(names(&db).await.is_empty());
    assert!(!held.is_finished() && !performed.is_finished());
    behind.let_go().await.unwrap().unwrap();
    held.await.unwrap().unwrap();
    performed.await.unwrap().unwrap();
    assert_eq!(names(&db).await, ["performed"]);
}

#[tokio::test]
async fn writes_keep_their_order_over_many_transactions() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let held = hold(&db).await;
    let expected: Vec<_> = (0..1_000).map(|number| number.to_string()).collect();
    let mut queued = Vec::new();
    for name in expected.clone() {
        let db = db.clone();
        queued.push(tokio::spawn(async move {
            db.write(move |db| Ok(db.execute("INSERT INTO names VALUES (?)", [name])?)).await
        }));
    }
    yield_now().await;
    held.let_go().await.unwrap().unwrap();
    for write in queued {
        write.await.unwrap().unwrap();
    }
    assert_eq!(names(&db).await, expected);
}

#[tokio::test]
async fn a_write_whose_caller_went_away_is_finished() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let held = hold(&db).await;
    let abandoned = queue(&db, "INSERT INTO names VALUES ('abandoned')").await;
    let behind = queue(&db, "INSERT INTO names VALUES ('behind')").await;
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    held.let_go().await.unwrap().unwrap();
    behind.await.unwrap().unwrap();
    assert_eq!(names(&db).await, ["abandoned", "behind"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_was_answered_finds_what_they_wrote() {
    let directory = tempfile::tempdir().unwrap();
    for db in [database(directory.path()).await, Sqlite::in_memory().unwrap()] {
        let make = "CREATE TABLE IF NOT EXISTS numbers (number INTEGER PRIMARY KEY)";
        db.write(move |db| Ok(db.execute_batch(make)?)).await.unwrap();
        let clients: Vec<_> = (0..16)
            .map(|client| (db.clone(), client * 100..(client + 1) * 100))
            .map(|(db, numbers)| tokio::spawn(write_and_read(db, numbers)))
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    }
}

async fn write_and_read(db: Sqlite, numbers: std::ops::Range<i64>) {
    for number in numbers {
        let insert = "INSERT INTO numbers VALUES (?)";
        db.write(move |db| Ok(db.execute(insert, [number])?)).await.unwrap();
        let found = db.read(move |db| {
            let sql = "SELECT number FROM numbers WHERE number = ?";
            Ok(db.query_row(sql, [number], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(found.await.unwrap(), number);
    }
}
