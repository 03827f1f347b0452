//! Remembered consent: whom nobody needs to ask twice, and who is asked every time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{Authorize, Client, Decision, Granted};
use serde_json::json;

use crate::support::answers::{assert_code, assert_error_redirect, location};
use crate::support::apps::{ALL, App, BILLING, CLI, DASHBOARD, MOBILE, SPA, TRUSTED};
use crate::support::call::Form;
use crate::support::openid::{SCOPES, provider};
use crate::support::{House, scope};

#[tokio::test]
async fn nobody_is_asked_the_same_twice() {
    for app in [DASHBOARD, SPA] {
        let house = House::new();
        let consent = house.consent(&app.asks()).await;
        assert!(!consent.asker().can_be_impersonated());
        house.allow(consent.ticket()).await;
        assert_code(&house.redirect(&app.asks()).await, &app);
        let less = app.asks().with("scope", "reports.write");
        assert_code(&house.redirect(&less).await, &app);
        assert_eq!(house.grants("alice").await.len(), 3);
    }
}

#[tokio::test]
async fn asking_for_more_asks_again_and_shows_what_was_allowed() {
    let house = House::new();
    let allowed = Decision::Allow(Granted::only(scope("reports.write")));
    let consent = house.consent(&DASHBOARD.asks()).await;
    house.decide(consent.ticket(), allowed).await.unwrap();
    let consent = house.consent(&DASHBOARD.asks().with("scope", ALL)).await;
    assert_eq!(consent.allowed_before(), &scope("reports.write"));
    assert_eq!(consent.scope(), &scope(ALL));
    house.allow(consent.ticket()).await;
    assert_code(&house.redirect(&DASHBOARD.asks()).await, &DASHBOARD);
}

#[tokio::test]
async fn a_page_can_be_shown_again_and_shows_what_was_allowed_meanwhile() {
    let house = House::new();
    let first = house.consent(&DASHBOARD.asks().with("scope", ALL)).await;
    let meanwhile = house.consent(&DASHBOARD.asks().with("scope", "reports.write")).await;
    house.allow(meanwhile.ticket()).await;
    let again = house.consent_again(first.ticket()).await.unwrap();
    assert_eq!(again.ticket(), first.ticket(), "it stays as old as it is");
    assert_eq!((again.scope(), again.user()), (&scope(ALL), first.user()));
    assert_eq!(again.asker().client().id(), first.asker().client().id());
    assert!(first.allowed_before().is_empty());
    assert_eq!(again.allowed_before(), &scope("reports.write"));
    assert_code(&house.allow(again.ticket()).await, &DASHBOARD);
}

#[tokio::test]
async fn a_page_is_not_shown_again_for_what_nobody_may_ask_any_more() {
    let house = House::new();
    let consent = house.consent(&DASHBOARD.asks().with("scope", ALL)).await;
    house.clients.put(DASHBOARD.builder().scope("reports.read").build().unwrap());
    let refused = house.consent_again(consent.ticket()).await.unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code().as_str()), (400, "invalid_scope"));
    let decided = house.decide(consent.ticket(), Decision::Deny).await.unwrap();
    assert_error_redirect(&decided, &DASHBOARD, "invalid_scope");
}

/// A ticket goes through the address bar, into histories and logs.
#[tokio::test]
async fn a_pages_ticket_does_not_tell_who_was_asked() {
    let house = House::new();
    let consent = house.consent(&DASHBOARD.asks()).await;
    let sealed = URL_SAFE_NO_PAD.decode(consent.ticket()).unwrap();
    let readable = String::from_utf8_lossy(&sealed);
    assert!(readable.contains("reports.read"), "the request can be read");
    assert!(!readable.contains("alice"), "{readable}");
}

/// Who unticks a scope on a page that shows it takes it back, whatever they
/// allowed before; what the page did not show stays as it was.
#[tokio::test]
async fn what_a_user_unticks_is_asked_again_and_what_was_not_asked_stays_allowed() {
    let house = House::new();
    house
        .allow(
            house.consent(&SPA.asks().with("scope", "reports.read reports.write")).await.ticket(),
        )
        .await;
    let consent = house.consent(&SPA.asks().with("scope", "reports.read profile")).await;
    let profile = Decision::Allow(Granted::only(scope("profile")));
    house.decide(consent.ticket(), profile).await.unwrap();
    let stays = SPA.asks().with("scope", "reports.write profile");
    assert_code(&house.redirect(&stays).await, &SPA);
    house.consent(&SPA.asks().with("scope", "reports.read")).await;
}

#[tokio::test]
async fn a_denial_takes_nothing_back_that_was_allowed_before() {
    let house = House::new();
    house.allow(house.consent(&SPA.asks()).await.ticket()).await;
    let consent = house.consent(&SPA.asks().with("scope", ALL)).await;
    let denied = house.decide(consent.ticket(), Decision::Deny).await.unwrap();
    assert_error_redirect(&denied, &SPA, "access_denied");
    assert_code(&house.redirect(&SPA.asks()).await, &SPA);
    house.consent(&SPA.asks().with("scope", ALL)).await;
}

#[tokio::test]
async fn consent_is_one_users_to_one_client() {
    let house = House::new();
    house.allow(house.consent(&DASHBOARD.asks()).await.ticket()).await;
    assert!(house.consent(&BILLING.asks()).await.allowed_before().is_empty());
    house.sign_in("bob");
    assert!(house.consent(&DASHBOARD.asks()).await.allowed_before().is_empty());
}

#[tokio::test]
async fn a_trusted_client_is_never_asked_about() {
    let house = House::new();
    assert_code(&house.redirect(&TRUSTED.asks()).await, &TRUSTED);
    assert_code(&house.redirect(&TRUSTED.asks().with("scope", ALL)).await, &TRUSTED);
    let beyond = house.redirect(&TRUSTED.asks().with("scope", "admin")).await;
    assert_error_redirect(&beyond, &TRUSTED, "invalid_scope");
    house.sign_out();
    house.login(&TRUSTED.asks()).await;
}

/// RFC 8252 section 8.6: any program on the machine can pose as an installed
/// one, so a user who is not asked might be answering somebody else.
#[tokio::test]
async fn a_client_that_anybody_can_impersonate_is_asked_about_every_time() {
    for app in [CLI, MOBILE] {
        let house = House::new();
        for _ in 0..3 {
            let consent = house.consent(&app.asks()).await;
            assert!(consent.asker().can_be_impersonated(), "the page can say so");
            assert!(consent.allowed_before().is_empty());
            assert_code(&house.allow(consent.ticket()).await, &app);
        }
    }
}

#[tokio::test]
async fn trust_does_not_help_a_client_that_anybody_can_impersonate() {
    let house = House::new();
    house.clients.put(CLI.builder().trusted().build().unwrap());
    house.clients.put(MOBILE.builder().native().trusted().build().unwrap());
    for app in [CLI, MOBILE] {
        house.consent(&app.asks()).await;
    }
}

/// What was allowed to a client at its own web address says nothing about who
/// listens on the user's machine.
#[tokio::test]
async fn consent_for_the_web_address_does_not_serve_the_loopback_address() {
    for trusted in [false, true] {
        let house = House::new();
        let both = SPA.builder().redirect_uri(CLI.redirect_uri);
        let both = if trusted { both.trusted() } else { both };
        house.clients.put(both.build().unwrap());
        house.code(&SPA).await;
        assert_code(&house.redirect(&SPA.asks()).await, &SPA);
        let local = SPA.asks().with("redirect_uri", "http://127.0.0.1:5000/callback");
        assert!(house.consent(&local).await.allowed_before().is_empty());
    }
}

#[tokio::test]
async fn consent_to_a_client_ends_when_it_becomes_impersonable() {
    let house = House::new();
    house.code(&DASHBOARD).await;
    let public = Client::builder(DASHBOARD.id).redirect_uri("http://127.0.0.1/callback").scope(ALL);
    house.clients.put(public.build().unwrap());
    let local = DASHBOARD.asks().with("redirect_uri", "http://127.0.0.1/callback");
    house.consent(&local).await;
}

#[tokio::test]
async fn a_client_that_asks_for_nothing_in_particular_is_asked_about_too() {
    let house = House::new();
    let client = Client::builder(SPA.id).redirect_uri(SPA.redirect_uri);
    house.clients.put(client.build().unwrap());
    let consent = house.consent(&SPA.asks().without("scope")).await;
    assert!(consent.scope().is_empty());
    let response = house.allow(consent.ticket()).await;
    assert_code(&response, &SPA);
    assert!(matches!(house.authorize(&SPA.asks().without("scope")).await, Authorize::Redirect(_)));
}

/// Requests that one sign-in meets and another does not: by halves of a list or of
/// an age, twenty that nobody sees find one user of a million, or the second of
/// their login.
fn about_the_sign_in(app: &App) -> impl Iterator<Item = Form> {
    let asks = app.asks().with("scope", "openid").with("prompt", "none");
    let claims = [
        json!({"sub": {"values": ["alice", "carol"]}}),
        json!({"sub": {"values": ["bob", "carol"]}}),
        json!({"acr": {"essential": true, "value": "gold"}}),
    ];
    let wishes = [("max_age", "3599"), ("max_age", "3600"), ("acr_values", "gold")];
    let by_wish = wishes.map(|(name, value)| asks.clone().with(name, value));
    let by_claim =
        claims.map(|of| asks.clone().with("claims", &json!({"id_token": of}).to_string()));
    by_wish.into_iter().chain(by_claim)
}

#[tokio::test]
async fn a_client_that_was_allowed_nothing_does_not_learn_who_is_signed_in_and_since_when() {
    let house = provider();
    house.clients.put(CLI.builder().scope(SCOPES).build().unwrap());
    house.pass(3600);
    for (app, error) in [(DASHBOARD, "consent_required"), (CLI, "interaction_required")] {
        for form in about_the_sign_in(&app) {
            assert_error_redirect(&house.redirect(&form).await, &app, error);
        }
    }
}

/// What it learns is no more than it was allowed to know.
#[tokio::test]
async fn a_client_that_was_allowed_what_it_asks_hears_whether_the_sign_in_will_do() {
    let house = provider();
    house.code_for(&DASHBOARD.asks().with("scope", "openid")).await;
    house.pass(3600);
    let mut errors = Vec::new();
    for form in about_the_sign_in(&DASHBOARD) {
        errors.push(location(&house.redirect(&form).await).all("error").concat());
    }
    let unmet = "unmet_authentication_requirements";
    assert_eq!(errors, ["login_required", "", "", "", "login_required", unmet]);
}
