//! From the link to the resource.

use e2e::agent::parameter;

use crate::apps::{DASHBOARD, STATE, TERMINAL, VERIFIER};
use crate::target::Target;
use crate::user::{ALICE, BOB, User};

pub(super) async fn a_link_leads_to_the_resource_over_login_consent_and_code(target: Target) {
    let alice = User::new(ALICE);
    // Another test may have allowed it before; this one asks to be asked.
    let link = DASHBOARD.link_with(&target, &[("prompt", Some("consent"))]);
    let login = alice.browser.open(&link).await.page();
    assert!(login.html.contains("Reports Dashboard"), "{}", login.html);
    let consent = alice.sign_in(&login).await.page();
    for told in ["Reports Dashboard", "127.0.0.1", "reports.read"] {
        assert!(consent.html.contains(told), "no {told}: {}", consent.html);
    }
    let answer = alice.browser.press(&consent, "allow", &[]).await.client();
    let code = parameter(&answer, "code").unwrap();
    let tokens = DASHBOARD.redeem(&target, &code).await;
    assert_eq!(tokens.member("token_type"), "Bearer");
    assert_eq!(tokens.json()["expires_in"], 600);
    assert_eq!(tokens.member("scope"), "openid profile reports.read");
    let token = tokens.member("access_token");
    let report = target.with_token("/resource", &token).await;
    assert_eq!(report.member("client_id"), "dashboard");
    assert_eq!(report.member("sub"), target.with_token("/userinfo", &token).await.member("sub"));
}

pub(super) async fn what_is_no_token_or_covers_another_scope_opens_nothing(target: Target) {
    let nothing = target.get("/resource").await;
    assert_eq!(nothing.status, 401, "{nothing:?}");
    assert!(!nothing.header("www-authenticate").contains("error="), "{nothing:?}");
    let forged = target.with_token("/resource", "forged").await;
    assert_eq!(forged.status, 401, "{forged:?}");
    assert!(forged.header("www-authenticate").contains("error=\"invalid_token\""));
    let link = DASHBOARD.link_with(&target, &[("scope", Some("openid"))]);
    let code = User::new(BOB).code_for(&target, &DASHBOARD, &link).await;
    let token = DASHBOARD.redeem(&target, &code).await.member("access_token");
    let refused = target.with_token("/resource", &token).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.header("www-authenticate").contains("error=\"insufficient_scope\""));
}

pub(super) async fn who_is_signed_in_and_has_allowed_is_asked_no_more(target: Target) {
    let alice = User::new(ALICE);
    let quiet = DASHBOARD.link_with(&target, &[("prompt", Some("none"))]);
    let error = async || parameter(&alice.browser.open(&quiet).await.client(), "error");
    assert_eq!(error().await.as_deref(), Some("login_required"));
    let asking = DASHBOARD.link_with(&target, &[("prompt", Some("consent"))]);
    alice.code_for(&target, &DASHBOARD, &asking).await;
    assert_eq!(error().await, None);
}

pub(super) async fn a_client_that_anybody_can_impersonate_is_asked_about_every_time(
    target: Target,
) {
    let alice = User::new(ALICE);
    alice.code(&target, &TERMINAL).await;
    let again = alice.browser.open(&TERMINAL.link(&target)).await.page();
    assert!(again.html.contains("id=\"allow\""), "{}", again.html);
}

pub(super) async fn a_denial_and_a_cancelled_login_are_told_to_the_client(target: Target) {
    let alice = User::new(ALICE);
    let login = alice.browser.open(&TERMINAL.link(&target)).await.page();
    let cancelled = alice.browser.press(&login, "cancel", &[]).await.client();
    let consent = alice.sign_in(&login).await.page();
    let denied = alice.browser.press(&consent, "deny", &[]).await.client();
    for answer in [cancelled, denied] {
        assert!(answer.as_str().starts_with(TERMINAL.redirect_uri), "{answer}");
        assert_eq!(parameter(&answer, "error").as_deref(), Some("access_denied"));
        assert_eq!(parameter(&answer, "state").as_deref(), Some(STATE));
        assert_eq!(parameter(&answer, "iss").as_deref(), Some(target.issuer()));
        assert_eq!(parameter(&answer, "code"), None);
    }
}

pub(super) async fn a_failed_redemption_leaves_the_code_as_it_was(target: Target) {
    let code = User::new(ALICE).code(&target, &DASHBOARD).await;
    let elsewhere = [("redirect_uri", "http://127.0.0.1:8081/other")];
    let fields = [&DASHBOARD.redeems(&code)[..2], &elsewhere, &[("code_verifier", VERIFIER)]];
    target.token(&DASHBOARD, &fields.concat()).await.assert_error(400, "invalid_grant");
    target.token(&TERMINAL, &DASHBOARD.redeems(&code)).await.assert_error(400, "invalid_grant");
    assert_eq!(DASHBOARD.redeem(&target, &code).await.status, 200);
}

pub(super) async fn a_code_redeemed_twice_ends_its_tokens(target: Target) {
    let code = User::new(ALICE).code(&target, &DASHBOARD).await;
    let tokens = DASHBOARD.redeem(&target, &code).await;
    let (access, refresh) = (tokens.member("access_token"), tokens.member("refresh_token"));
    assert_eq!(target.with_token("/resource", &access).await.status, 200);
    DASHBOARD.redeem(&target, &code).await.assert_error(400, "invalid_grant");
    assert_eq!(target.with_token("/resource", &access).await.status, 401);
    DASHBOARD.refresh(&target, &refresh).await.assert_error(400, "invalid_grant");
}
