//! The database is away for a while: the nodes say so, and serve again by
//! themselves when it is back.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use nodes::answer::Answer;
use nodes::app::App;
use nodes::browser::Browser;
use nodes::cluster::Cluster;
use nodes::store::{Kind, Store};
use rusqlite::Connection;

const NODES: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_answer_503_while_postgresql_is_stopped_and_serve_again_when_it_is_back() {
    nodes_wait_for_their_database(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_answer_503_while_redis_is_stopped_and_serve_again_when_it_is_back() {
    nodes_wait_for_their_database(Kind::Redis).await;
}

async fn nodes_wait_for_their_database(kind: Kind) {
    let mut store = Store::start_alone(kind);
    let cluster = Cluster::start(store.url(), NODES).await;
    let app = App::default();
    let browser = Browser::sign_in(cluster.node(0)).await;
    let code = browser.code(cluster.node(0)).await.unwrap();
    let tokens = {
        let code = browser.code(cluster.node(1)).await.unwrap();
        app.redeem(cluster.node(0), &code).await.granted()
    };
    let processes: Vec<_> = cluster.nodes.iter().map(|node| node.process()).collect();

    store.stop();
    for node in cluster.urls() {
        assert_eq!(app.health(&node).await, Answer::Unavailable);
        assert_eq!(app.redeem(&node, &code).await, Answer::Unavailable);
        assert_eq!(app.refresh(&node, &tokens.refresh).await, Answer::Unavailable);
        assert_eq!(app.revoke(&node, &tokens.access).await, Answer::Unavailable);
        assert_eq!(app.introspect(&node, &tokens.access).await, Answer::Unavailable);
        assert_eq!(app.resource(&node, &tokens.access).await, Answer::Unavailable);
        assert_eq!(browser.code(&node).await, None);
    }

    store.restart();
    cluster.wait_until_healthy(&app).await;
    for node in cluster.urls() {
        app.assert_valid(&node, &tokens.access).await;
        assert!(browser.code(&node).await.is_some());
    }
    let next = app.refresh(cluster.node(1), &tokens.refresh).await.granted();
    app.assert_valid(cluster.node(0), &next.access).await;
    let late = app.redeem(cluster.node(0), &code).await.granted();
    app.assert_valid(cluster.node(1), &late.access).await;
    let after: Vec<_> = cluster.nodes.iter().map(|node| node.process()).collect();
    assert_eq!(processes, after, "no node was started anew");
}

/// A file does not stop; what comes nearest is another program that writes and
/// does not end. Readers go on, so the nodes are healthy, and writers hear 503
/// when their patience ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_answer_503_while_another_program_keeps_sqlite_and_succeed_when_it_lets_go() {
    let store = Store::start_alone(Kind::Sqlite);
    let cluster = Cluster::start(store.url(), NODES).await;
    let app = App::default();
    let browser = Browser::sign_in(cluster.node(0)).await;
    let code = browser.code(cluster.node(0)).await.unwrap();
    let tokens = {
        let code = browser.code(cluster.node(1)).await.unwrap();
        app.redeem(cluster.node(0), &code).await.granted()
    };

    let other = Connection::open(store.file().unwrap()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (here, there) = (cluster.node(0), cluster.node(1));
    let (redeemed, refreshed) =
        tokio::join!(app.redeem(here, &code), app.refresh(there, &tokens.refresh));
    assert_eq!((redeemed, refreshed), (Answer::Unavailable, Answer::Unavailable));
    for node in cluster.urls() {
        assert!(matches!(app.health(&node).await, Answer::Done(_)));
        app.assert_valid(&node, &tokens.access).await;
    }

    other.execute_batch("ROLLBACK").unwrap();
    let next = app.refresh(there, &tokens.refresh).await.granted();
    app.assert_valid(here, &next.access).await;
    let late = app.redeem(there, &code).await.granted();
    app.assert_valid(here, &late.access).await;
}
