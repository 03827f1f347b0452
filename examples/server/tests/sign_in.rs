//! The login page of who is signed in already, and what a sign-in is worth.
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
use server::Client;
use support::openid::{claims, openid_client};
use support::{Browser, Page, start};

const ACR: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";

fn server() -> Browser {
    let lately = Client { default_max_age: Some(0), ..openid_client("lately") };
    let clients = [openid_client("app"), lately];
    Browser::new(&start(|config| config.clients.extend(clients), |builder| builder))
}

/// The login page that a request with `more` gets.
async fn login_page(browser: &Browser, client: &str, more: &str) -> Page {
    let redirect = browser.authorize(client, &format!("&scope=openid{more}")).await;
    assert!(redirect.location().starts_with("/login?ticket="), "{}", redirect.location());
    browser.get(redirect.location()).await
}

#[tokio::test]
async fn a_page_for_nobody_in_particular_says_who_asks_and_nothing_else() {
    let browser = server();
    for more in ["", "&prompt=login", "&prompt=select_account", "&max_age=1"] {
        let page = login_page(&browser, "app", more).await;
        assert!(!page.has("login-reason") && !page.has("signed-in-as"), "{more}");
        assert_eq!(page.field("username"), "");
    }
}

/// Other applications of the host, or of a domain above it, set cookies too.
#[tokio::test]
async fn whatever_others_put_into_their_cookies_nobody_is_kept_out() {
    let browser = server();
    browser.set_cookie("name", "Jos\u{e9}");
    let first = browser.code("app", "&scope=openid").await;
    assert_eq!(browser.redeem("app", &first).await.status, 200);
    let silently = browser.authorize("app", "&scope=openid&prompt=none").await;
    assert!(silently.params().contains_key("code"), "still signed in: {:?}", silently.params());
}

#[tokio::test]
async fn who_is_signed_in_reads_why_they_are_asked_again() {
    let browser = server();
    let first = browser.code("app", "&scope=openid").await;
    let token = browser.redeem("app", &first).await.json();
    let sub = claims(&token["id_token"])["sub"].as_str().unwrap().to_owned();
    assert_eq!(sub, "alice");
    for (client, more, words, username) in [
        ("app", "&prompt=login", "wants to be sure that it is you", "alice"),
        ("app", "&max_age=0", "needs a more recent sign-in", "alice"),
        ("lately", "", "needs a more recent sign-in", "alice"),
        ("app", "&prompt=select_account", "lets you choose", ""),
        (
            "app",
            "&claims=%7B%22id_token%22%3A%7B%22sub%22%3A%7B%22value%22%3A%22bob%22%7D%7D%7D",
            "expects somebody else",
            "",
        ),
    ] {
        let page = login_page(&browser, client, more).await;
        assert_eq!(page.text("signed-in-as"), "alice", "{more}");
        let reason = page.body.split("id=\"login-reason\"").nth(1).unwrap();
        let reason = reason.split("</p>").next().unwrap();
        assert!(reason.contains(words), "{more}: {reason}");
        assert_eq!(page.field("username"), username, "{more}");
    }
}

#[tokio::test]
async fn the_form_begins_with_whom_the_client_expects_as_text() {
    let browser = server();
    let hint = "&login_hint=b%22ob%3Cb%3E&ui_locales=de+x-klingon&display=touch";
    for signed_in in [false, true] {
        let page = login_page(&browser, "app", &format!("{hint}&prompt=login")).await;
        assert!(page.body.contains("value=\"b&quot;ob&lt;b&gt;\""), "{}", page.body);
        let wrong = browser.sign_in(&page, "alice", "no").await;
        assert_eq!((wrong.status, &*wrong.field("username")), (401, "alice"), "as it was typed");
        assert_eq!(page.has("signed-in-as"), signed_in);
        browser.sign_in(&page, "alice", "wonderland").await;
    }
}

#[tokio::test]
async fn a_password_entered_again_satisfies_a_client_that_asks_for_it() {
    let browser = server();
    browser.code("app", "&scope=openid").await;
    for more in ["&prompt=login", "&prompt=select_account", "&max_age=0"] {
        let before = browser.authorize("app", "&scope=openid").await;
        assert!(before.params().contains_key("code"));
        let page = login_page(&browser, "app", more).await;
        let signed_in = browser.sign_in(&page, "alice", "wonderland").await;
        let answer = browser.follow(&signed_in).await;
        assert!(answer.params().contains_key("code"), "{more}");
    }
}

#[tokio::test]
async fn an_id_token_says_that_it_was_a_password_and_that_is_the_only_way_there_is() {
    let browser = server();
    let metadata = browser.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["acr_values_supported"], json!([ACR]));
    let code = browser.code("app", "&scope=openid&nonce=n").await;
    let claims = claims(&browser.redeem("app", &code).await.json()["id_token"]);
    assert_eq!(claims["acr"], ACR);
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims["nonce"], "n");
    let gold = "&scope=openid&acr_values=urn%3Agold";
    let voluntary = browser.authorize("app", gold).await;
    assert!(voluntary.params().contains_key("code"), "nobody can do better");
    let essential = "{\"id_token\":{\"acr\":{\"essential\":true,\"value\":\"urn:gold\"}}}";
    let essential: String = form_urlencoded::byte_serialize(essential.as_bytes()).collect();
    let refused = browser.authorize("app", &format!("&scope=openid&claims={essential}")).await;
    assert_eq!(refused.params()["error"], "unmet_authentication_requirements");
}
