//! PostgreSQL, a server of its own on the loopback interface.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{Client, ClientStore, CodeStore};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use throwaway::postgres::Postgres as Server;
use tokio_postgres::NoTls;

use super::{Candidate, Database, Row};

const CLIENT: &str = "SELECT record FROM clients WHERE id = $1";
const GRANT: &str = "SELECT version, record FROM grants WHERE id = $1";
const INSERT: &str = "INSERT INTO grants (id, version, subject, expires_at, record)
    VALUES ($1, $2, $3, $4, $5)";
const REPLACE: &str = "UPDATE grants SET version = $1, expires_at = $2, record = $3
    WHERE id = $4 AND version = $5";
const FILL: &str = "INSERT INTO grants (id, version, subject, expires_at, record)
    SELECT uuid_send(gen_random_uuid()), $2, 'user-' || (random() * 1000000)::bigint,
        $3 + (random() * 7776000)::bigint, $4
    FROM generate_series(1, $1::bigint)";

/// As many as the adapter opens.
const CONNECTIONS: usize = 16;

pub struct Postgres;

#[async_trait]
impl Database for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    async fn open(&self) -> Arc<dyn Candidate> {
        let server = Server::start();
        let db = stores::Postgres::open(&server.url()).await.unwrap();
        let manager = Manager::from_config(
            server.url().parse().unwrap(),
            NoTls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let pool = Pool::builder(manager).max_size(CONNECTIONS).build().unwrap();
        Arc::new(Loopback { db, pool, _server: server })
    }
}

struct Loopback {
    db: stores::Postgres,
    pool: Pool,
    _server: Server,
}

#[async_trait]
impl Candidate for Loopback {
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
        let connection = self.pool.get().await.unwrap();
        let count = i64::try_from(count).unwrap();
        connection
            .execute(FILL, &[&count, &row.version, &row.expires_at, &&*row.record])
            .await
            .unwrap();
        connection.batch_execute("ANALYZE grants").await.unwrap();
    }

    async fn bare_client(&self, id: &'static str) -> String {
        let connection = self.pool.get().await.unwrap();
        let statement = connection.prepare_cached(CLIENT).await.unwrap();
        connection.query_one(&statement, &[&id]).await.unwrap().get(0)
    }

    async fn bare_insert(&self, row: Row) {
        let connection = self.pool.get().await.unwrap();
        let statement = connection.prepare_cached(INSERT).await.unwrap();
        let Row { id, version, subject, expires_at, record } = row;
        connection
            .execute(&statement, &[&id.as_slice(), &version, &&*subject, &expires_at, &&*record])
            .await
            .unwrap();
    }

    async fn bare_grant(&self, id: [u8; 16]) -> (i64, String) {
        let connection = self.pool.get().await.unwrap();
        let statement = connection.prepare_cached(GRANT).await.unwrap();
        let row = connection.query_one(&statement, &[&id.as_slice()]).await.unwrap();
        (row.get(0), row.get(1))
    }

    async fn bare_replace(&self, row: Row) -> bool {
        let connection = self.pool.get().await.unwrap();
        let statement = connection.prepare_cached(REPLACE).await.unwrap();
        let Row { id, version, expires_at, record, .. } = row;
        let before = version - 1;
        let changed = connection
            .execute(&statement, &[&version, &expires_at, &&*record, &id.as_slice(), &before])
            .await;
        changed.unwrap() == 1
    }
}
