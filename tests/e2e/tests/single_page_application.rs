//! `oidc-client-ts` in a real browser, in a page of another origin than the
//! provider's: what it may do there, and what not.

#![allow(clippy::panic, reason = "a test that cannot go on has failed")]

use e2e::application::Application;
use e2e::browser::Browser;
use e2e::identity::Identity;
use e2e::provider::{AccessTokens, Provider, SUBJECT};
use serde_json::{Value, json};

/// A page in a browser, its origin, and the provider.
struct Desk {
    browser: Browser,
    _application: Application,
    _provider: Provider,
}

impl Desk {
    async fn new() -> Self {
        let identity = Identity::default();
        let application = Application::start(&identity);
        let provider = Provider::start_as(identity, AccessTokens::Opaque, &application.origin);
        let browser = Browser::start().await;
        browser.open(&format!("{}/?issuer={}", application.origin, provider.server.issuer)).await;
        let desk = Self { browser, _application: application, _provider: provider };
        desk.see("ready").await;
        desk
    }

    /// What the page shows when it has got this far.
    async fn see(&self, step: &str) -> Value {
        let selector = format!("#outcome[data-step='{step}'], #outcome[data-step$='-failed']");
        let shown = self.browser.text(&selector).await;
        serde_json::from_str(&shown).unwrap_or_else(|_| panic!("{step}: {shown}"))
    }

    /// What comes of pressing this button of the page.
    async fn press(&self, button: &str) -> Value {
        self.browser.click(&format!("#{button}")).await;
        self.see(button).await
    }

    /// Through the login page and the consent page, and back.
    async fn sign_in(&self) -> Value {
        self.browser.click("#sign-in").await;
        self.browser.sign_in("alice", "wonderland").await;
        self.browser.click("#allow").await;
        self.see("signed-in").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_signs_its_user_in_refreshes_and_signs_out() {
    let desk = Desk::new().await;
    let profile = desk.sign_in().await;
    assert_eq!(profile["sub"], SUBJECT);
    assert_eq!(profile["email"], "alice@wonderland.example", "from the userinfo endpoint");
    assert_eq!(desk.press("verify").await["sub"], SUBJECT);
    let refreshed = json!({"another": true, "status": 200, "sub": SUBJECT});
    assert_eq!(desk.press("refresh").await, refreshed);

    desk.browser.click("#sign-out").await;
    let signed_out = json!({"userState": "the way back", "user": null});
    assert_eq!(desk.see("signed-out").await, signed_out);
    desk.browser.click("#sign-in").await;
    desk.browser.see("input[name=username]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_gives_its_tokens_back_and_is_told_that_they_are_dead() {
    let desk = Desk::new().await;
    desk.sign_in().await;
    assert_eq!(desk.press("revoke").await, json!({"before": 200, "after": 401}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_cannot_read_the_authorization_endpoint() {
    let desk = Desk::new().await;
    let read = desk.press("probe").await;
    assert_eq!(read, json!({"plain": "TypeError", "withHeader": "TypeError", "unread": "opaque"}));
}
