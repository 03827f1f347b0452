//! People who leave the configuration, and who get their name later.
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

use serde_json::{Value, json};
use support::hearing::Hearing;
use support::openid::openid_client;
use support::program::{Running, config};
use support::{Browser, CALLBACK, SECRET};

#[tokio::test]
async fn whoever_gets_a_removed_users_name_does_not_inherit_what_that_user_allowed() {
    let directory = tempfile::tempdir().unwrap();
    let (_, mut config) = config("http");
    config["clients"] = json!([{
        "client_id": "app", "client_secret": SECRET, "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "reports.read",
    }]);
    let serve = |users: &[&str]| {
        let user = |name: &&str| json!({"username": name, "password": "wonderland"});
        let mut config = config.clone();
        config["users"] = users.iter().map(user).collect::<Value>();
        Running::start(directory.path(), Some(&config))
    };
    let stop = |running: Running| {
        running.signal("TERM");
        running.end();
    };
    let issuer = config["issuer"].as_str().unwrap();

    let running = serve(&["alice"]);
    let tokens = Browser::new(issuer).tokens("app", "").await;
    stop(running);
    let running = serve(&["alice"]);
    assert_eq!(Browser::new(issuer).refresh("app", &tokens.refresh).await.status, 200);
    stop(running);
    stop(serve(&["bob"]));

    let running = serve(&["alice"]);
    let browser = Browser::new(issuer);
    assert_eq!(browser.resource(&tokens.access).await.status, 401);
    assert_eq!(browser.refresh("app", &tokens.refresh).await.status, 400);
    browser.consent_page("app").await;
    stop(running);
}

#[tokio::test]
async fn clients_hear_that_a_user_has_left_whom_they_signed_in() {
    let (directory, hearing) = (tempfile::tempdir().unwrap(), Hearing::start(&[]));
    let (_, mut config) = config("http");
    let uri = Some(hearing.uri.clone());
    let client = server::Client { backchannel_logout_uri: uri, ..openid_client("app") };
    config["clients"] = json!([client]);
    let running = Running::start(directory.path(), Some(&config));
    let browser = Browser::new(config["issuer"].as_str().unwrap());
    let code = browser.code("app", "&scope=openid").await;
    assert_eq!(browser.redeem("app", &code).await.status, 200);
    running.signal("TERM");
    running.end();
    config["users"] = json!([{"username": "bob", "password": "builder"}]);
    let running = Running::start(directory.path(), Some(&config));
    assert_eq!(hearing.next()["sub"], "alice");
    running.signal("TERM");
    running.end();
}
