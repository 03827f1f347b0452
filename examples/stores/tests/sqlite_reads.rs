//! What reads owe each other, although they share connections.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use codegrant::HostError;
use rusqlite::Connection;
use stores::Sqlite;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};

/// So many that every connection gets some.
const MANY: usize = 64;

/// A database with a counter at zero.
async fn database(directory: &Path) -> Sqlite {
    let db = Sqlite::open(directory.join("test.db")).unwrap();
    let table = "CREATE TABLE counter (value INTEGER); INSERT INTO counter VALUES (0)";
    db.write(move |db| Ok(db.execute_batch(table)?)).await.unwrap();
    db
}

fn value(db: &Connection) -> Result<i64, HostError> {
    Ok(db.query_row("SELECT value FROM counter", [], |row| row.get(0))?)
}

/// All at once, so that no connection is left out.
async fn many(db: &Sqlite, work: fn(&Connection) -> Result<i64, HostError>) -> Vec<String> {
    let read = |db: Sqlite| async move { db.read(work).await };
    let reads: Vec<_> = (0..MANY).map(|_| tokio::spawn(read(db.clone()))).collect();
    let mut outcomes = Vec::new();
    for outcome in reads {
        let outcome = outcome.await.unwrap();
        outcomes.push(outcome.map_or_else(|error| error.to_string(), |value| value.to_string()));
    }
    outcomes
}

/// A read at a standstill, until its sender is dropped.
async fn hold(db: &Sqlite) -> (JoinHandle<Result<(), HostError>>, mpsc::Sender<()>) {
    let (db, (go, gone), (begin, began)) = (db.clone(), mpsc::channel::<()>(), oneshot::channel());
    let held = tokio::spawn(async move {
        let stand_still = move |_: &Connection| {
            let _ = begin.send(());
            let _ = gone.recv();
            Ok(())
        };
        db.read(stand_still).await
    });
    began.await.unwrap();
    (held, go)
}

#[tokio::test]
async fn a_panic_is_its_own_callers_error_only() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let panicked = many(&db, |_| panic!("as planned")).await;
    assert!(panicked.iter().all(|error| error.contains("panicked")), "{panicked:?}");
    assert_eq!(many(&db, value).await, ["0"; MANY]);
}

#[tokio::test]
async fn a_transaction_left_open_shows_nobody_the_past() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let leave_it_open = |db: &Connection| {
        db.execute_batch("BEGIN")?;
        value(db)
    };
    assert_eq!(many(&db, leave_it_open).await, ["0"; MANY]);
    db.write(|db| Ok(db.execute_batch("UPDATE counter SET value = 1")?)).await.unwrap();
    assert_eq!(many(&db, value).await, ["1"; MANY]);
}

#[tokio::test]
async fn one_that_takes_long_holds_up_none_of_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let (held, go) = hold(&db).await;
    assert_eq!(many(&db, value).await, ["0"; MANY]);
    assert!(!held.is_finished());
    drop(go);
    held.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let db = database(directory.path()).await;
    let mut held = Vec::new();
    // As many as read at a time: whatever comes now waits.
    for _ in 0..4 {
        held.push(hold(&db).await);
    }
    let done = Arc::new(AtomicUsize::new(0));
    let read = |db: Sqlite, done: Arc<AtomicUsize>| async move {
        db.read(move |_| Ok(done.fetch_add(1, Ordering::Relaxed))).await
    };
    let abandoned = tokio::spawn(read(db.clone(), done.clone()));
    let behind = tokio::spawn(read(db.clone(), done.clone()));
    yield_now().await;
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    for (held, go) in held {
        drop(go);
        held.await.unwrap().unwrap();
    }
    assert_eq!(behind.await.unwrap().unwrap(), 0);
    assert_eq!(done.load(Ordering::Relaxed), 1);
}

#[test]
fn a_database_outlives_the_runtime_that_opened_it() {
    let directory = tempfile::tempdir().unwrap();
    let first = Runtime::new().unwrap();
    let db = first.block_on(database(directory.path()));
    first.spawn({
        let db = db.clone();
        async move { db.read(value).await }
    });
    first.shutdown_background();
    assert_eq!(Runtime::new().unwrap().block_on(many(&db, value)), ["0"; MANY]);
}
