//! The consent page of an authentication request, and what its answer releases.
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

use server::{Config, Scope};
use support::openid::openid_client;
use support::{Browser, start};

fn server() -> Browser {
    Browser::new(&start(|config| config.clients.push(openid_client("app")), |builder| builder))
}

/// The `claims` parameter with this JSON.
fn asking(claims: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(claims.as_bytes()).collect();
    format!("&scope=openid&claims={encoded}")
}

#[tokio::test]
async fn the_scopes_of_openid_connect_are_said_in_words() {
    let browser = server();
    let page = browser.consent_page_for("app", "&scope=openid+profile+email+address+phone").await;
    for words in ["Know that it is you", "your name", "e-mail address", "postal", "phone number"] {
        assert!(page.body.contains(words), "{words}");
    }
    assert_eq!(page.body.matches("type=\"checkbox\" name=\"scope\"").count(), 5);
    assert!(!page.has("claims"));
}

#[tokio::test]
async fn every_claim_that_is_asked_for_by_its_name_and_offered_has_a_box() {
    let configure = |config: &mut Config| {
        config.clients.push(openid_client("app"));
        let scope = Scope { claims: vec!["http://x/<b>".into()], ..Scope::default() };
        config.scopes.insert("x".into(), scope);
    };
    let browser = Browser::new(&start(configure, |builder| builder));
    let more = r#"{"userinfo":{"email":null,"given_name#ja":null,"http://x/<b>":null,
                               "account, which you lose unless you press Allow":null},
                   "id_token":{"auth_time":{"essential":true},"email":null}}"#;
    let page = browser.consent_page_for("app", &asking(more)).await;
    assert_eq!(page.body.matches("type=\"checkbox\" name=\"claim\"").count(), 3);
    for label in ["e-mail address", "first name", "<code>http://x/&lt;b&gt;</code>"] {
        assert!(page.body.contains(label), "{label}: {}", page.body);
    }
    assert!(!page.body.contains("auth_time"), "it tells nothing of the person");
}

#[tokio::test]
async fn a_claim_that_was_unticked_is_asked_about_again_and_one_that_was_ticked_is_not() {
    let browser = server();
    let (email, both) = (
        asking(r#"{"userinfo":{"email":null}}"#),
        asking(r#"{"userinfo":{"email":null,"phone_number":null}}"#),
    );
    let page = browser.consent_page_for("app", &both).await;
    let fields = [("scope", "openid"), ("claim", "email"), ("decision", "allow")];
    assert!(browser.submit(&page, &fields).await.params().contains_key("code"));
    assert!(browser.authorize("app", &email).await.params().contains_key("code"));
    assert_eq!(browser.authorize("app", &both).await.status, 200, "it was not allowed");
}

#[tokio::test]
async fn an_answer_by_form_post_keeps_the_policy_that_lets_it_go_on_by_itself() {
    let browser = server();
    let consent = browser.consent_page_for("app", "&scope=openid&response_mode=form_post").await;
    let page = browser.submit(&consent, &[("scope", "openid"), ("decision", "allow")]).await;
    let again = browser.authorize("app", "&scope=openid&response_mode=form_post").await;
    for page in [page, again] {
        assert_eq!(page.status, 200);
        assert_eq!(page.action(), support::CALLBACK);
        assert!(!page.field("code").is_empty() && page.field("state") == "s 1");
        let policies: Vec<_> = page.headers.get_all("content-security-policy").iter().collect();
        assert_eq!(policies.len(), 1);
        assert!(page.header("content-security-policy").contains("script-src 'sha256-"));
    }
}
