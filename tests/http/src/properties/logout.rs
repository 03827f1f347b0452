//! Sign-outs (OpenID Connect RP-Initiated Logout).

use e2e::agent::{Reached, parameter};
use reqwest::Url;

use crate::apps::{DASHBOARD, link};
use crate::target::{Answer, Target};
use crate::user::{ALICE, User};

const SIGNED_OUT: &str = "http://127.0.0.1:8081/";

/// A user who has signed in at the dashboard, and what it got.
async fn signed_in(target: &Target) -> (User, Answer) {
    let alice = User::new(ALICE);
    let code = alice.code(target, &DASHBOARD).await;
    (alice, DASHBOARD.redeem(target, &code).await)
}

async fn is_signed_in(target: &Target, user: &User) -> bool {
    let quiet = DASHBOARD.link_with(target, &[("prompt", Some("none"))]);
    let answer = user.browser.open(&quiet).await.client();
    parameter(&answer, "error").as_deref() != Some("login_required")
}

async fn open(target: &Target, user: &User, fields: &[(&str, &str)]) -> Reached {
    let url: Url = link(target, "/logout", fields);
    user.browser.open(&url).await
}

pub(super) async fn a_client_that_shows_its_id_token_signs_its_user_out(target: Target) {
    let (alice, tokens) = signed_in(&target).await;
    assert!(is_signed_in(&target, &alice).await);
    let hint = tokens.member("id_token");
    let fields =
        [("id_token_hint", &*hint), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "s")];
    let back = open(&target, &alice, &fields).await.client();
    assert_eq!(back.as_str(), format!("{SIGNED_OUT}?state=s"));
    assert!(!is_signed_in(&target, &alice).await);
    let access = tokens.member("access_token");
    assert_eq!(target.with_token("/resource", &access).await.status, 401);
}

pub(super) async fn whoever_is_sent_without_proof_is_asked_first(target: Target) {
    let (alice, tokens) = signed_in(&target).await;
    let question = open(&target, &alice, &[]).await.page();
    assert!(is_signed_in(&target, &alice).await);
    let done = alice.browser.press(&question, "sign-out", &[]).await.page();
    assert!(done.html.contains("id=\"signed-out\""), "{}", done.html);
    assert!(!is_signed_in(&target, &alice).await);
    let refresh = tokens.member("refresh_token");
    DASHBOARD.refresh(&target, &refresh).await.assert_error(400, "invalid_grant");
}

pub(super) async fn nobody_is_led_to_an_address_that_is_not_registered(target: Target) {
    let (alice, tokens) = signed_in(&target).await;
    let hint = tokens.member("id_token");
    let elsewhere = ("post_logout_redirect_uri", "https://attacker.example/");
    for fields in [&[("id_token_hint", &*hint), elsewhere][..], &[elsewhere]] {
        let page = open(&target, &alice, fields).await.page();
        assert_eq!(page.status, 400, "{}", page.html);
        assert!(is_signed_in(&target, &alice).await);
    }
}
