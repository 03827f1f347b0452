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
