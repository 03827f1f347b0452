//! The same server on each kind of database, and while the database is away.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on has failed"
)]

#[allow(dead_code, reason = "every test file needs other parts of it")]
mod support;

use std::fs;

use server::{Client, Secret};
use support::client::Tokens;
use support::{Browser, confidential, refreshing, start};
use throwaway::postgres::Postgres;
use throwaway::redis::Redis;

/// A browser at a server whose database is at `url`.
fn at_server_on(url: String) -> Browser {
    let change = |config: &mut server::Config| {
        config.store = url;
        config.clients.push(Client { grant_types: refreshing(), ..confidential("app") });
        config.policy.refresh_rotation = Some("always".into());
        // A database that others may share has no secret made for it.
        let Secret::File(secret) = &config.secret else { panic!("a variable") };
        fs::write(secret, "a".repeat(42) + "A").unwrap();
    };
    Browser::new(&start(change, |builder| builder))
}

/// Alice signs in and allows; the application gets tokens, and then the next ones.
async fn whole_flow(browser: &Browser) -> Tokens {
    let first = browser.tokens("app", "").await;
    assert_eq!(browser.resource(&first.access).await.status, 200);
    let next = Tokens::of(&browser.refresh("app", &first.refresh).await);
    assert_eq!(browser.resource(&next.access).await.status, 200);
    assert_eq!(browser.get("/healthz").await.status, 200);
    next
}

/// What a server at `url` does while its database is away, and after.
async fn outage<D>(url: String, mut database: D, stop: fn(&mut D), restart: fn(&mut D)) {
    let browser = at_server_on(url);
    let tokens = whole_flow(&browser).await;

    stop(&mut database);
    assert_eq!(browser.get("/healthz").await.status, 503);
    assert_eq!(browser.resource(&tokens.access).await.status, 503);
    assert_eq!(browser.refresh("app", &tokens.refresh).await.status, 503);
    assert_eq!(browser.authorize("app", "").await.status, 503);
    assert_eq!(browser.get("/account").await.status, 503);

    restart(&mut database);
    assert_eq!(browser.get("/healthz").await.status, 200);
    assert_eq!(browser.resource(&tokens.access).await.status, 200);
    Tokens::of(&browser.refresh("app", &tokens.refresh).await);
    let again = browser.authorize("app", "").await;
    assert!(again.params().contains_key("code"), "sign-in and consent are still there");
    whole_flow(&Browser::new(browser.issuer())).await;
}

#[tokio::test]
async fn the_whole_flow_runs_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let browser = at_server_on(format!("sqlite:{}", directory.path().join("test.db").display()));
    whole_flow(&browser).await;
}

#[tokio::test]
async fn the_whole_flow_runs_on_postgresql_and_outlives_its_outage_without_a_restart() {
    let database = Postgres::start();
    outage(database.url(), database, Postgres::stop, Postgres::restart).await;
}

#[tokio::test]
async fn the_whole_flow_runs_on_redis_and_outlives_its_outage_without_a_restart() {
    let database = Redis::start().unwrap();
    let (stop, restart) =
        (|it: &mut Redis| it.stop().unwrap(), |it: &mut Redis| it.restart().unwrap());
    outage(database.url(), database, stop, restart).await;
}
