//! The life of tokens: refreshed, introspected, revoked.
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

use server::{Client, Config};
use support::client::Tokens;
use support::{Browser, Page, confidential, public, refreshing, start};

const API: &str = "https://api.example";
const FOR_API: &str = "&resource=https%3A%2F%2Fapi.example";

/// A server with every kind of client.
fn server(change: impl FnOnce(&mut Config)) -> Browser {
    let refreshing = |client: Client| Client {
        grant_types: refreshing(),
        resources: vec![API.into()],
        ..client
    };
    let serving = |id| Client { redirect_uris: Vec::new(), ..confidential(id) };
    let issuer = start(
        |config| {
            config.clients = vec![
                refreshing(confidential("app")),
                refreshing(public()),
                confidential("once"),
                Client { audiences: vec![API.into()], ..serving("api") },
                serving("audit"),
            ];
            config.introspection_clients = vec!["audit".into()];
            change(config);
        },
        |builder| builder,
    );
    Browser::new(&issuer)
}

fn assert_refused(answer: &Page, status: u16, error: &str) {
    assert_eq!((answer.status, &answer.json()["error"]), (status, &error.into()));
}

/// Neither the refresh token nor the access token is worth anything.
async fn assert_ended(browser: &Browser, client: &str, tokens: &Tokens) {
    assert_refused(&browser.refresh(client, &tokens.refresh).await, 400, "invalid_grant");
    assert_eq!(browser.resource(&tokens.access).await.status, 401);
}

#[tokio::test]
async fn a_client_with_a_secret_keeps_its_refresh_token_by_default() {
    let browser = server(|_| {});
    let first = browser.tokens("app", "").await;
    for _ in 0..3 {
        let next = Tokens::of(&browser.refresh("app", &first.refresh).await);
        assert_eq!(next.refresh, first.refresh);
        assert_eq!(browser.resource(&next.access).await.status, 200);
    }
    assert_refused(&browser.refresh("native", &first.refresh).await, 400, "invalid_grant");
    assert_eq!(browser.refresh("app", &first.refresh).await.status, 200, "a mistake ends nothing");
}

#[tokio::test]
async fn a_public_clients_refresh_token_is_replaced_and_a_lost_answer_comes_again() {
    let browser = server(|_| {});
    let first = browser.tokens("native", "").await;
    let second = Tokens::of(&browser.refresh("native", &first.refresh).await);
    assert_ne!(second.refresh, first.refresh);
    let again = Tokens::of(&browser.refresh("native", &first.refresh).await);
    assert_eq!(again.refresh, second.refresh, "within the grace");
    assert_eq!(browser.resource(&again.access).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_of_two_uses_ago_ends_everything() {
    let browser = server(|_| {});
    let first = browser.tokens("native", "").await;
    let second = Tokens::of(&browser.refresh("native", &first.refresh).await);
    let third = Tokens::of(&browser.refresh("native", &second.refresh).await);
    assert_eq!(browser.resource(&third.access).await.status, 200);
    assert_refused(&browser.refresh("native", &first.refresh).await, 400, "invalid_grant");
    assert_ended(&browser, "native", &third).await;
}

#[tokio::test]
async fn without_a_grace_a_second_use_ends_everything() {
    let browser = server(|config| config.policy.refresh_grace = Some(0));
    let first = browser.tokens("native", "").await;
    let second = Tokens::of(&browser.refresh("native", &first.refresh).await);
    assert_refused(&browser.refresh("native", &first.refresh).await, 400, "invalid_grant");
    assert_ended(&browser, "native", &second).await;
}

#[tokio::test]
async fn the_configured_rotation_is_every_clients() {
    for (rotation, replaced) in [("always", true), ("never", false)] {
        let browser = server(|config| config.policy.refresh_rotation = Some(rotation.into()));
        for client in ["app", "native"] {
            let first = browser.tokens(client, "").await;
            let second = Tokens::of(&browser.refresh(client, &first.refresh).await);
            assert_eq!(second.refresh != first.refresh, replaced, "{client} {rotation}");
        }
    }
}

#[tokio::test]
async fn the_configured_lifetimes_bound_what_is_promised() {
    let browser = server(|config| config.policy.refresh_absolute_lifetime = Some(60));
    let tokens = browser.tokens("app", "").await;
    let refreshed = browser.refresh("app", &tokens.refresh).await.json();
    assert!(refreshed["expires_in"].as_u64().unwrap() <= 60, "{refreshed}");
    let browser = server(|config| config.policy.refresh_idle_lifetime = Some(50));
    let code = browser.code("app", "").await;
    let issued = browser.redeem("app", &code).await.json();
    assert!(issued["expires_in"].as_u64().unwrap() <= 50, "{issued}");
}

#[tokio::test]
async fn a_client_without_the_grant_type_gets_no_refresh_token_and_uses_none() {
    let browser = server(|_| {});
    let code = browser.code("once", "").await;
    let answer = browser.redeem("once", &code).await.json();
    assert!(answer["access_token"].is_string() && answer.get("refresh_token").is_none());
    let others = browser.tokens("app", "").await;
    let refused = browser.refresh("once", &others.refresh).await;
    assert_refused(&refused, 400, "unauthorized_client");
}

#[tokio::test]
async fn revoking_either_token_ends_both() {
    let browser = server(|_| {});
    for client in ["app", "native"] {
        for access in [true, false] {
            let tokens = browser.tokens(client, "").await;
            let token = if access { &tokens.access } else { &tokens.refresh };
            let answer = browser.call(client, "/revoke", &[("token", token)]).await;
            assert_eq!((answer.status, &*answer.body), (200, ""));
            assert_ended(&browser, client, &tokens).await;
        }
    }
}

#[tokio::test]
async fn only_the_holder_revokes_and_what_is_unknown_counts_as_revoked() {
    let browser = server(|_| {});
    let tokens = browser.tokens("app", "").await;
    let refused = browser.call("once", "/revoke", &[("token", &*tokens.refresh)]).await;
    assert_refused(&refused, 400, "invalid_grant");
    let nobody = browser.post("/revoke", &[("token", &*tokens.refresh)]).await;
    assert_refused(&nobody, 401, "invalid_client");
    assert_eq!(browser.resource(&tokens.access).await.status, 200);
    let unknown = browser.call("app", "/revoke", &[("token", "unknown")]).await;
    assert_eq!(unknown.status, 200);
    let wrong_method = browser.get("/revoke").await;
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn a_client_sees_its_own_tokens() {
    let browser = server(|_| {});
    let tokens = browser.tokens("app", "").await;
    let seen = browser.introspect("app", &tokens.access).await;
    assert_eq!((seen.status, seen.header("cache-control")), (200, "no-store"));
    let seen = seen.json();
    assert_eq!((&seen["active"], &seen["sub"]), (&true.into(), &"alice".into()));
    assert_eq!((&seen["client_id"], &seen["token_type"]), (&"app".into(), &"Bearer".into()));
    assert!(seen.get("permissions").is_none(), "it serves no resource");
    let refresh = browser.introspect("app", &tokens.refresh).await.json();
    assert_eq!(refresh["token_type"], "refresh_token");
}

#[tokio::test]
async fn a_resource_server_sees_what_is_addressed_to_it_and_an_auditor_everything() {
    let browser = server(|_| {});
    let for_api = browser.tokens("app", FOR_API).await;
    let for_nobody = browser.tokens("native", "").await;
    let seen = browser.introspect("api", &for_api.access).await.json();
    assert_eq!((&seen["active"], &seen["aud"]), (&true.into(), &serde_json::json!([API])));
    assert_eq!(seen["permissions"], serde_json::json!(["reports:read"]));
    for token in [&for_api.access, &for_nobody.access] {
        assert_eq!(browser.introspect("audit", token).await.json()["active"], true);
    }
    let inactive = browser.introspect("api", &for_nobody.access).await;
    assert_eq!(inactive.body, r#"{"active":false}"#);
}

#[tokio::test]
async fn who_may_not_see_a_token_learns_nothing_of_it() {
    let browser = server(|_| {});
    let tokens = browser.tokens("app", FOR_API).await;
    let revoked = browser.tokens("app", FOR_API).await;
    browser.call("app", "/revoke", &[("token", &*revoked.access)]).await;
    for (client, token) in [
        ("once", &*tokens.access),
        ("once", &*tokens.refresh),
        ("api", &*tokens.refresh),
        ("app", &*revoked.access),
        ("app", &*revoked.refresh),
        ("audit", &*revoked.access),
        ("audit", "unknown"),
    ] {
        let answer = browser.introspect(client, token).await;
        assert_eq!((answer.status, &*answer.body), (200, r#"{"active":false}"#), "{client}");
    }
    let public = browser.introspect("native", &tokens.access).await;
    assert_refused(&public, 401, "invalid_client");
    let wrong_method = browser.get("/introspect").await;
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (405, "POST"));
}
