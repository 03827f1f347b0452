//! Every store does what any store must do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use codegrant::conformance::{Violation, client_store, code_store, consent_store, replay_cache};
use codegrant::{Client, ClientStore, CodeStore, ConsentStore, ReplayCache};
use stores::{Postgres, Redis, Sqlite};

fn registered() -> Client {
    let client = Client::builder("conforming").name("Conforming \"client\" %");
    let client = client.redirect_uri("https://app.example/cb?a=b").scope("a b");
    client.refresh_token().resource("https://api.example").build().unwrap()
}

/// Everything, on one store that other nodes write to as well.
async fn check<S>(store: &S) -> Result<(), Violation>
where
    S: CodeStore + ConsentStore + ClientStore + ReplayCache,
{
    code_store(store).await?;
    consent_store(store).await?;
    client_store(store, &registered()).await?;
    replay_cache(store).await
}

fn kept(promise: Result<(), Violation>) {
    assert!(promise.is_ok(), "{}", promise.unwrap_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_every_promise() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("test.db")).unwrap();
    store.put_client(&registered()).await.unwrap();
    kept(check(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_in_memory_keeps_every_promise() {
    let store = Sqlite::in_memory().unwrap();
    store.put_client(&registered()).await.unwrap();
    kept(check(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_every_promise() {
    let server = throwaway::postgres::Postgres::start();
    let store = Postgres::open(&server.url()).await.unwrap();
    store.put_client(&registered()).await.unwrap();
    kept(check(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_every_promise() {
    let server = throwaway::redis::Redis::start().unwrap();
    let store = Redis::open(&server.url()).await.unwrap();
    store.put_client(&registered()).await.unwrap();
    kept(check(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_cluster_keeps_every_promise() {
    let cluster = throwaway::redis::Cluster::start().unwrap();
    let [first, ..] = cluster.nodes();
    let store = Redis::open(&format!("{}?cluster=", first.url())).await.unwrap();
    store.put_client(&registered()).await.unwrap();
    kept(check(&store).await);
}
