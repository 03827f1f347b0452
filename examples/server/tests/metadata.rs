//! What the server says of itself and of its resource, and what resource
//! indicators do.
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

use serde_json::json;
use server::{Client, Config};
use support::client::ALLOW;
use support::{Browser, Page, confidential, start};

const OTHER: &str = "https://other.example/api";
const FOR_OTHER: &str = "&resource=https%3A%2F%2Fother.example%2Fapi";

fn server(change: impl FnOnce(&mut Config)) -> Browser {
    Browser::new(&start(change, |builder| builder))
}

/// A server whose resource has an identifier, and `app`, which may ask for
/// tokens for it and for another one.
fn server_with_audience() -> (Browser, String) {
    let mut audience = String::new();
    let browser = server(|config| {
        audience = format!("{}/resource", config.issuer);
        config.resource.audience = Some(audience.clone());
        let resources = vec![audience.clone(), OTHER.into(), "urn:example:more".into()];
        config.clients.push(Client { resources, ..confidential("app") });
    });
    (browser, audience)
}

fn encoded(uri: &str) -> String {
    form_urlencoded::byte_serialize(uri.as_bytes()).collect()
}

async fn access_token(browser: &Browser, more: &str, narrowed: &[(&str, &str)]) -> String {
    let code = browser.code("app", more).await;
    let answer = browser.redeem_for("app", &code, narrowed).await;
    answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
}

fn assert_challenged(answer: &Page, audience: &str) {
    assert_eq!(answer.status, 401, "{}", answer.body);
    let challenge = answer.header("www-authenticate");
    let place = audience.replace("/resource", "/.well-known/oauth-protected-resource/resource");
    assert!(challenge.contains("scope=\"reports.read\""), "{challenge}");
    assert!(challenge.contains(&format!("resource_metadata=\"{place}\"")), "{challenge}");
}

#[tokio::test]
async fn metadata_are_found_wherever_clients_look_and_name_the_issuer_byte_for_byte() {
    for path in ["", "/", "/:tenant", "/a/b/"] {
        let mut issuer = String::new();
        let browser = server(|config| {
            config.issuer.push_str(path);
            issuer.clone_from(&config.issuer);
        });
        let path = path.trim_end_matches('/');
        let mut bodies = Vec::new();
        for place in [
            format!("/.well-known/oauth-authorization-server{path}"),
            format!("/.well-known/openid-configuration{path}"),
            format!("{path}/.well-known/openid-configuration"),
        ] {
            let page = browser.get(&place).await;
            assert_eq!((page.status, page.header("content-type")), (200, "application/json"));
            assert_eq!(page.json()["issuer"], issuer, "{place}");
            bodies.push(page.body);
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]));
    }
}

#[tokio::test]
async fn metadata_are_of_one_issuer_only() {
    let browser = server(|config| config.issuer.push_str("/tenant"));
    for place in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/other",
        "/tenant/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
    ] {
        assert_eq!(browser.get(place).await.status, 404, "{place}");
    }
}

#[tokio::test]
async fn every_endpoint_that_the_metadata_name_is_there_and_no_other_is_named() {
    let browser = server(|config| config.issuer.push_str("/tenant"));
    let metadata = browser.get("/.well-known/oauth-authorization-server/tenant").await.json();
    let mut named: Vec<&str> = Vec::new();
    for (name, value) in metadata.as_object().unwrap() {
        if let Some(endpoint) = name.strip_suffix("_endpoint") {
            let answer = browser.get(value.as_str().unwrap()).await;
            assert_ne!(answer.status, 404, "{name}");
            named.push(endpoint);
        }
    }
    named.sort_unstable();
    assert_eq!(
        named,
        ["authorization", "end_session", "introspection", "revocation", "token", "userinfo"]
    );
    let built_in = ["openid", "profile", "email", "address", "phone", "offline_access"];
    let all = [&built_in[..], &["reports.comment", "reports.read", "roles"]].concat();
    assert_eq!(metadata["scopes_supported"], json!(all));
}

#[tokio::test]
async fn the_resource_says_where_its_metadata_are_and_they_say_whom_to_ask() {
    let (browser, audience) = server_with_audience();
    let refused = browser.get("/resource").await;
    assert_challenged(&refused, &audience);
    assert!(!refused.header("www-authenticate").contains("error="), "it brought no token");
    let metadata = browser.get("/.well-known/oauth-protected-resource/resource").await;
    assert_eq!(metadata.status, 200);
    let metadata = metadata.json();
    let issuer = audience.trim_end_matches("/resource");
    assert_eq!(metadata["resource"], audience);
    assert_eq!(metadata["authorization_servers"], json!([issuer]));
    assert_eq!(metadata["scopes_supported"], json!(["reports.read"]));
}

#[tokio::test]
async fn the_metadata_of_a_resource_on_another_host_are_not_served_here() {
    for elsewhere in ["https://api.example/resource", "urn:example:resource"] {
        let browser = server(|config| config.resource.audience = Some(elsewhere.into()));
        let place = "/.well-known/oauth-protected-resource/resource";
        assert_eq!(browser.get(place).await.status, 404, "{elsewhere}");
    }
    let browser = server(|config| {
        config.resource.audience = Some(format!("{}/../../healthz", config.issuer));
    });
    assert_eq!(browser.get("/healthz").await.body, "ok\n");
}

#[tokio::test]
async fn a_token_opens_the_resource_only_if_it_is_addressed_to_it() {
    let (browser, audience) = server_with_audience();
    let ours = format!("&resource={}", encoded(&audience));
    let both = format!("{ours}{FOR_OTHER}");
    let token = access_token(&browser, &ours, &[]).await;
    assert_eq!(browser.resource(&token).await.status, 200);
    let token = access_token(&browser, &both, &[("resource", &audience)]).await;
    assert_eq!(browser.resource(&token).await.status, 200);
    for (asked, narrowed) in [(FOR_OTHER, &[][..]), (&both, &[("resource", OTHER)]), ("", &[])] {
        let token = access_token(&browser, asked, narrowed).await;
        let refused = browser.resource(&token).await;
        assert_challenged(&refused, &audience);
        assert_eq!(refused.json()["error"], "invalid_token");
    }
}

#[tokio::test]
async fn a_resource_that_the_client_or_the_user_did_not_name_is_an_invalid_target() {
    let (browser, audience) = server_with_audience();
    let consent = browser.consent_page("app").await;
    browser.submit(&consent, &ALLOW).await;
    for unfit in
        ["https%3A%2F%2Fnobody.example", "not-a-uri", "https%3A%2F%2Fother.example%2Fapi%23x"]
    {
        let answer = browser.authorize("app", &format!("&resource={unfit}")).await;
        assert_eq!(answer.params()["error"], "invalid_target", "{unfit}");
    }
    let code = browser.code("app", FOR_OTHER).await;
    let refused = browser.redeem_for("app", &code, &[("resource", &audience)]).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &"invalid_target".into()));
    assert_eq!(browser.redeem("app", &code).await.status, 200, "a refusal consumed nothing");
}

#[tokio::test]
async fn the_consent_page_says_where_a_token_may_be_used() {
    let (browser, audience) = server_with_audience();
    let plain = browser.consent_page("app").await;
    assert!(!plain.has("resources"));
    let both = format!("&resource={}{FOR_OTHER}", encoded(&audience));
    let page = browser.authorize("app", &both).await;
    assert!(page.has("resources"));
    for resource in [&*audience, OTHER] {
        assert!(page.body.contains(&format!("<code>{resource}</code>")), "{resource}");
    }
}
