//! How the SQLite adapter treats files of other versions.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "other tests need all of it")]
mod flow;

use std::path::Path;
use std::sync::Arc;

use codegrant::{ClientId, ConsentStore, Directory, SessionId, Subject, Timestamp, User};
use flow::Flow;
use rusqlite::Connection;
use stores::{AccountStore, LoginSession, SessionKey, Sqlite};

/// As it was released.
const VERSION_1: &str = include_str!("../src/sqlite/schema_1.sql");

fn version(path: &Path) -> i64 {
    let raw = Connection::open(path).unwrap();
    raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

/// What a program of version 1 left behind, and the access token it issued.
async fn file_of_version_1(path: &Path) -> String {
    let newer = path.with_file_name("newer.db");
    let token = {
        let flow = Flow::over(&Sqlite::open(&newer).unwrap());
        let code = flow.code("alice").await;
        flow.redeem(&code).await.unwrap()
    };
    let old = Connection::open(path).unwrap();
    old.execute_batch(VERSION_1).unwrap();
    old.execute("ATTACH ? AS newer", [newer.to_str().unwrap()]).unwrap();
    old.execute_batch(
        "INSERT INTO grants SELECT * FROM newer.grants;
         INSERT INTO consents (subject, client, scope) VALUES ('alice', 'app', 'a b');
         INSERT INTO accounts VALUES ('alice', 'Alice', '$argon2id$', '[\"analyst\"]', '[\"read\"]');",
    )
    .unwrap();
    let key = SessionKey::of("cookie");
    let session = (key.as_bytes(), "public name", "alice", 1, 2);
    old.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", session).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    token
}

#[tokio::test]
async fn a_file_of_version_1_keeps_its_grants_accounts_and_sessions_and_asks_for_consent_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    let token = file_of_version_1(&path).await;
    let (alice, app) = (Subject::parse("alice").unwrap(), ClientId::parse("app").unwrap());

    let db = Sqlite::open(&path).unwrap();
    assert_eq!(version(&path), 3);
    assert!(Flow::over(&db).opens(&token).await);
    assert_eq!(db.account("Alice").await.unwrap().unwrap().password_hash, "$argon2id$");
    let user = User::new().with_roles(["analyst"]).with_permissions(["read"]);
    assert_eq!(db.user(&alice).await.unwrap(), Some(Arc::new(user)), "of whom nothing is told");
    let session = LoginSession {
        id: SessionId::parse("public name").unwrap(),
        subject: alice.clone(),
        authenticated_at: Timestamp::from_unix(1),
        expires_at: Timestamp::from_unix(2),
    };
    assert_eq!(db.session(SessionKey::of("cookie")).await.unwrap(), Some(session));

    assert!(db.consented(&alice, &app).await.unwrap().is_none());
    Flow::over(&db).code("alice").await;
    assert_eq!(db.consented(&alice, &app).await.unwrap().unwrap().version(), 1);
}

#[tokio::test]
async fn a_migration_that_fails_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    file_of_version_1(&path).await;
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("CREATE TABLE proofs (mine)").unwrap();
    assert!(Sqlite::open(&path).is_err());
    assert_eq!(version(&path), 1);
    let consents: i64 =
        raw.query_row("SELECT count(scope) FROM consents", [], |row| row.get(0)).unwrap();
    assert_eq!(consents, 1);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    drop(Sqlite::open(&path).unwrap());
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 4).unwrap();
    let refusal = Sqlite::open(&path).err().unwrap().to_string();
    assert!(refusal.contains("schema version 4"), "{refusal}");
    assert!(refusal.contains("knows up to 3"), "{refusal}");
    assert_eq!(version(&path), 4);
}
