//! What pages of other origins may call, and what they may not.
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
use support::{Browser, Page, start};

const ORIGIN: &str = "https://spa.example";

async fn ask(browser: &Browser, method: Method, path: &str) -> Page {
    let request = browser.request(method, path).header("origin", ORIGIN);
    browser.send(request.header("access-control-request-method", "POST")).await
}

#[tokio::test]
async fn a_page_of_another_origin_may_call_what_reads_no_cookie() {
    let browser = Browser::new(&start(|_| {}, |builder| builder));
    for (path, method) in [
        ("/token", Method::POST),
        ("/revoke", Method::POST),
        ("/userinfo", Method::GET),
        ("/jwks", Method::GET),
        ("/.well-known/openid-configuration", Method::GET),
        ("/.well-known/oauth-authorization-server", Method::GET),
    ] {
        let preflight = ask(&browser, Method::OPTIONS, path).await;
        assert_eq!(preflight.status, 204, "{path}");
        assert!(preflight.header("access-control-allow-methods").contains(method.as_str()));
        assert!(preflight.header("access-control-allow-headers").contains("Authorization"));
        let answer = ask(&browser, method, path).await;
        for page in [preflight, answer] {
            assert_eq!(page.header("access-control-allow-origin"), "*", "{path}");
            assert!(!page.headers.contains_key("access-control-allow-credentials"), "{path}");
        }
    }
}

#[tokio::test]
async fn no_page_of_another_origin_reads_what_a_cookie_opens() {
    let browser = Browser::new(&start(|_| {}, |builder| builder));
    for path in ["/authorize", "/login", "/consent", "/logout", "/logout/confirm", "/account"] {
        for method in [Method::OPTIONS, Method::GET, Method::POST] {
            let answer = ask(&browser, method, path).await;
            let names = answer.headers.keys().map(reqwest::header::HeaderName::as_str);
            let told: Vec<_> = names.filter(|name| name.starts_with("access-control")).collect();
            assert_eq!(told, [""; 0], "{path}");
        }
    }
}
