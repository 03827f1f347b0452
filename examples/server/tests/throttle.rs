//! A client's secret cannot be guessed for long.
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

use reqwest::Method;
use support::{Browser, SECRET, confidential, start};

#[tokio::test]
async fn who_presents_wrong_secrets_has_to_wait_and_nobody_else() {
    let clients = [confidential("guessed"), confidential("other")];
    let issuer = start(|config| config.clients.extend(clients), |builder| builder);
    let browser = Browser::new(&issuer);
    let call = async |client: &str, secret: &str| {
        let form = [("token", "x")];
        let request = browser.request(Method::POST, "/introspect").form(&form);
        browser.send(request.basic_auth(client, Some(secret))).await
    };
    for _ in 0..10 {
        assert_eq!(call("guessed", "wrong").await.status, 401);
    }
    let right = SECRET.replace(' ', "+");
    let refused = call("guessed", &right).await;
    assert_eq!(refused.status, 429, "a guess that is right is not told");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 30);
    assert_eq!(refused.header("cache-control"), "no-store");
    assert!(refused.body.starts_with("{\"error\":\"temporarily_unavailable\""));
    assert_eq!(call("%67uessed", &right).await.status, 429, "another spelling is the same client");

    let fields = [("token", "x"), ("client_id", "guessed"), ("client_secret", SECRET)];
    assert_eq!(browser.post("/introspect", &fields).await.status, 429, "the other way too");
    for _ in 0..20 {
        assert_eq!(call("other", &right).await.status, 200, "who is right is never counted");
    }
}
