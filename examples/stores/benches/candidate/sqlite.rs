//! SQLite, on a file.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{Client, ClientStore, CodeStore};
use rusqlite::{Connection, params};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::{Candidate, Database, Row};

const CLIENT: &str = "SELECT record FROM clients WHERE id = ?";
const GRANT: &str = "SELECT version, record FROM grants WHERE id = ?";
const INSERT: &str =
    "INSERT INTO grants (id, version, subject, expires_at, record) VALUES (?, ?, ?, ?, ?)";
const REPLACE: &str =
    "UPDATE grants SET version = ?, expires_at = ?, record = ? WHERE id = ? AND version = ?";
const FILL: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    INSERT INTO grants (id, version, subject, expires_at, record)
    SELECT randomblob(16), ?2, 'user-' || abs(random() % 1000000), ?3 + abs(random() % 7776000), ?4
    FROM n";

pub struct Sqlite;

#[async_trait]
impl Database for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    async fn open(&self) -> Arc<dyn Candidate> {
        let directory = tempfile::tempdir().unwrap();
        let db = stores::Sqlite::open(directory.path().join("bench.db")).unwrap();
        Arc::new(File { db, directory })
    }
}

struct File {
    db: stores::Sqlite,
    directory: TempDir,
}

#[async_trait]
impl Candidate for File {
    fn clients(&self) -> Arc<dyn ClientStore> {
        Arc::new(self.db.clone())
    }

    fn codes(&self) -> Arc<dyn CodeStore> {
        Arc::new(self.db.clone())
    }

    async fn register(&self, client: &Client) {
        self.db.put_client(client).await.unwrap();
    }

    async fn fill(&self, row: &Row, count: usize) {
        let filler = Connection::open(self.directory.path().join("bench.db")).unwrap();
        filler.pragma_update(None, "synchronous", "OFF").unwrap();
        filler.pragma_update(None, "cache_size", -500_000).unwrap();
        let count = i64::try_from(count).unwrap();
        let values = params![count, row.version, row.expires_at, row.record];
        filler.execute(FILL, values).unwrap();
    }

    async fn bare_client(&self, id: &'static str) -> String {
        let client = self.db.read(move |db| {
            Ok(db.prepare_cached(CLIENT)?.query_row([id], |row| row.get::<_, String>(0))?)
        });
        client.await.unwrap()
    }

    async fn bare_insert(&self, row: Row) {
        self.db.write(move |db| Ok(insert(db, &row)?)).await.unwrap();
    }

    async fn bare_grant(&self, id: [u8; 16]) -> (i64, String) {
        let grant = self.db.read(move |db| {
            let mut statement = db.prepare_cached(GRANT)?;
            Ok(statement.query_row([id], |row| row.try_into())?)
        });
        grant.await.unwrap()
    }

    async fn bare_replace(&self, row: Row) -> bool {
        let replaced = self.db.write(move |db| {
            let Row { id, version, expires_at, record, .. } = row;
            let values = params![version, expires_at, record, id, version - 1];
            Ok(db.prepare_cached(REPLACE)?.execute(values)? == 1)
        });
        replaced.await.unwrap()
    }
}

fn insert(db: &Connection, row: &Row) -> rusqlite::Result<()> {
    let values = params![row.id, row.version, row.subject, row.expires_at, row.record];
    db.prepare_cached(INSERT)?.execute(values).map(drop)
}

/// The same file, the same promise, and a wait for the disk at every write.
pub struct OneByOne {
    connection: Arc<Mutex<Connection>>,
    _directory: TempDir,
}

impl OneByOne {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bench.db");
        drop(stores::Sqlite::open(&path).unwrap());
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "synchronous", "FULL").unwrap();
        Self { connection: Arc::new(Mutex::new(connection)), _directory: directory }
    }

    pub async fn insert(&self, row: Row) {
        let connection = self.connection.clone().lock_owned().await;
        spawn_blocking(move || insert(&connection, &row).unwrap()).await.unwrap();
    }
}
