//! What is measured: stores, each beside the bare statements that it runs.

pub mod postgres;
pub mod redis;
pub mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{Client, ClientStore, CodeStore};

/// Every database there is an adapter for.
pub const DATABASES: [&dyn Database; 3] = [&sqlite::Sqlite, &postgres::Postgres, &redis::Redis];

/// One of the databases.
#[async_trait]
pub trait Database: Sync {
    fn name(&self) -> &'static str;

    /// A new store, empty but for its schema.
    async fn open(&self) -> Arc<dyn Candidate>;
}

/// An adapter, and its statements on the same driver and the same connections,
/// with nothing around them.
#[async_trait]
pub trait Candidate: Send + Sync {
    fn clients(&self) -> Arc<dyn ClientStore>;

    fn codes(&self) -> Arc<dyn CodeStore>;

    async fn register(&self, client: &Client);

    /// Adds `count` grants like `row`, each with an id, a user and an expiry of
    /// its own, in the fastest way.
    async fn fill(&self, row: &Row, count: usize);

    async fn bare_client(&self, id: &'static str) -> String;

    async fn bare_insert(&self, row: Row);

    async fn bare_grant(&self, id: [u8; 16]) -> (i64, String);

    /// Over the version before `row`'s.
    async fn bare_replace(&self, row: Row) -> bool;
}

/// A grant as a table has it.
#[derive(Clone)]
pub struct Row {
    pub id: [u8; 16],
    pub version: i64,
    pub subject: Arc<str>,
    pub expires_at: i64,
    pub record: Arc<str>,
}
