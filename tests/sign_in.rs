//! What a client may want of the sign-in, with and without OpenID Connect: that
//! it is asked for once, by whom it is met, and that nothing else meets it.

use std::time::Duration;

use codegrant::{Acr, Amr, Authentication, Authorize, Display, Login, LoginReason, SessionId};
use http::Method;

use crate::support::House;
use crate::support::answers::{assert_code, assert_error_redirect, assert_page, location};
use crate::support::apps::{App, CLI, DASHBOARD, MOBILE, SPA, TRUSTED};
use crate::support::call::{Call, Form};
use crate::support::world::ISSUER;

/// What a host's login page leads to: the request once more, by whoever is signed
/// in now.
async fn resume(house: &House, login: &Login) -> Authorize {
    let back = location(&house.server.resume(login.ticket()).unwrap());
    assert!(back.leads_to(&format!("{ISSUER}/authorize")), "{}", back.url);
    house.authorize_by(&Call::to(Method::GET, &back.url)).await
}

/// The note that a login page's ticket leads back with.
fn note(house: &House, login: &Login) -> String {
    location(&house.server.resume(login.ticket()).unwrap()).one("login_note")
}

fn assert_login(authorize: Authorize, reason: LoginReason) -> Login {
    match authorize {
        Authorize::Login(login) => {
            assert_eq!(login.reason(), reason);
            login
        }
        other => panic!("not a login page: {other:?}"),
    }
}

fn assert_answered(authorize: Authorize, app: &App) {
    match authorize {
        Authorize::Redirect(response) => assert_code(&response, app),
        other => panic!("not an answer: {other:?}"),
    };
}

fn assert_refused(authorize: Authorize, app: &App, error: &str) {
    match authorize {
        Authorize::Redirect(response) => assert_error_redirect(&response, app, error),
        other => panic!("not an answer: {other:?}"),
    }
}

fn with_acr(house: &House, acr: &str) -> Authentication {
    house.authentication("alice").with_acr(Acr::parse(acr).unwrap())
}

#[tokio::test]
async fn prompt_none_is_answered_at_once_and_before_any_login() {
    let house = House::new();
    house.sign_out();
    for app in [SPA, CLI, TRUSTED, DASHBOARD] {
        let none = app.asks().with("prompt", "none");
        assert_error_redirect(&house.redirect(&none).await, &app, "login_required");
        let faulty = none.with("scope", "admin");
        assert_error_redirect(&house.redirect(&faulty).await, &app, "invalid_scope");
    }
    assert!(house.grants("alice").await.is_empty());
}

#[tokio::test]
async fn a_contradictory_prompt_is_not_prompt_none() {
    let house = House::new();
    house.sign_out();
    for prompt in ["none login", "none consent", "select_account none", "none create"] {
        house.login(&SPA.asks().with("prompt", prompt)).await;
    }
    house.login(&SPA.asks().with("prompt", "none").and("prompt", "none")).await;
}

/// Without its session cookie, a POST from another site does not show who is
/// signed in.
#[tokio::test]
async fn prompt_none_by_post_is_asked_again_by_get_first() {
    let house = House::new();
    house.sign_out();
    let post = Call::post("/authorize", &TRUSTED.asks().with("prompt", "none"));
    let Authorize::Redirect(response) = house.authorize_by(&post).await else {
        panic!("not a redirect")
    };
    let again = location(&response);
    assert!(again.leads_to(&format!("{ISSUER}/authorize")), "{}", again.url);
    house.sign_in("alice");
    assert_answered(house.authorize_by(&Call::to(Method::GET, &again.url)).await, &TRUSTED);
}

#[tokio::test]
async fn prompt_none_gives_what_was_allowed_before_and_never_asks() {
    let house = House::new();
    for app in [SPA, DASHBOARD] {
        let none = app.asks().with("prompt", "none");
        assert_error_redirect(&house.redirect(&none).await, &app, "consent_required");
        house.code(&app).await;
        assert_code(&house.redirect(&none).await, &app);
        let more = none.with("scope", "profile");
        assert_error_redirect(&house.redirect(&more).await, &app, "consent_required");
    }
    assert_code(&house.redirect(&TRUSTED.asks().with("prompt", "none")).await, &TRUSTED);
}

/// However often it was allowed: anybody could have sent the request.
#[tokio::test]
async fn prompt_none_never_serves_a_client_that_anybody_can_impersonate() {
    let house = House::new();
    for app in [CLI, MOBILE] {
        house.code(&app).await;
        let none = app.asks().with("prompt", "none");
        assert_error_redirect(&house.redirect(&none).await, &app, "interaction_required");
    }
}

#[tokio::test]
async fn prompt_none_is_refused_where_another_login_would_be_needed() {
    let house = House::with(|builder| builder.acr_values_supported([Acr::parse("gold").unwrap()]));
    house.pass(10);
    for (name, value, error) in
        [("max_age", "9", "login_required"), ("max_age", "0", "login_required")]
    {
        let form = TRUSTED.asks().with("prompt", "none").with(name, value);
        assert_error_redirect(&house.redirect(&form).await, &TRUSTED, error);
    }
    // What is voluntary is done without.
    let voluntary = TRUSTED.asks().with("prompt", "none").with("acr_values", "gold");
    assert_code(&house.redirect(&voluntary).await, &TRUSTED);
}

#[tokio::test]
async fn prompt_login_asks_who_is_signed_in_and_ends_with_a_new_login() {
    for (prompt, reason) in [
        ("login", LoginReason::Prompt),
        ("select_account", LoginReason::SelectAccount),
        ("login select_account", LoginReason::SelectAccount),
    ] {
        let house = House::new();
        let form = TRUSTED.asks().with("prompt", prompt);
        let login = assert_login(house.authorize(&form).await, reason);
        house.pass(5);
        // The same login as before: whatever way round, the page comes again.
        let again = assert_login(resume(&house, &login).await, reason);
        assert_login(resume(&house, &again).await, reason);
        house.sign_in("bob");
        assert_answered(resume(&house, &again).await, &TRUSTED);
        // And the next request asks anew.
        assert_login(house.authorize(&form).await, reason);
    }
}

#[tokio::test]
async fn a_login_that_was_needed_anyway_meets_prompt_login() {
    let house = House::new();
    house.sign_out();
    let form = TRUSTED.asks().with("prompt", "login").with("max_age", "0");
    let login = assert_login(house.authorize(&form).await, LoginReason::SignedOut);
    house.pass(300);
    house.sign_in("alice");
    house.pass(200);
    assert_answered(resume(&house, &login).await, &TRUSTED);
}

#[tokio::test]
async fn a_new_session_of_the_same_second_is_a_new_login() {
    let house = House::new();
    let login = house.login(&TRUSTED.asks().with("prompt", "login")).await;
    let session = SessionId::parse("another").unwrap();
    house.browser.set(Some(house.authentication("alice").with_session(session)));
    assert_answered(resume(&house, &login).await, &TRUSTED);
}

/// Each way in which a note might be made to say more than it does.
#[tokio::test]
async fn no_other_note_meets_prompt_login() {
    let house = House::new();
    let form = TRUSTED.asks().with("prompt", "login");
    let login = house.login(&form).await;
    let genuine = note(&house, &login);
    let others = [
        TRUSTED.asks().with("prompt", "login").with("state", "other"),
        TRUSTED.asks().with("prompt", "login").with("scope", "reports.read"),
        TRUSTED.asks().with("prompt", "login").with("login_hint", "bob"),
        TRUSTED.asks().with("prompt", "login").with("acr_values", "gold"),
        SPA.asks().with("prompt", "login"),
    ];
    let fits_a_query = |note: &String| note.len() < 10_000 && !note.contains('\0');
    let mut notes = vec![login.ticket().to_owned(), house.code(&SPA).await];
    for other in &others {
        notes.push(note(&house, &house.login(other).await));
    }
    notes.extend(house.foreign_tickets(&genuine).await.into_iter().filter(fits_a_query));
    house.pass(5);
    house.sign_in("alice");
    for foreign in notes {
        let form = form.clone().and("login_note", &foreign);
        assert_login(house.authorize(&form).await, LoginReason::Prompt);
    }
    let twice = form.clone().and("login_note", &genuine).and("login_note", &genuine);
    assert_login(house.authorize(&twice).await, LoginReason::Prompt);
    assert_answered(house.authorize(&form.and("login_note", &genuine)).await, &TRUSTED);
}

#[tokio::test]
async fn a_note_lives_as_long_as_a_page_may_stay_open() {
    let house = House::new();
    let form = TRUSTED.asks().with("prompt", "login");
    let note = note(&house, &house.login(&form).await);
    let noted = form.and("login_note", &note);
    house.pass(1);
    house.sign_in("alice");
    house.pass(598);
    assert_answered(house.authorize(&noted).await, &TRUSTED);
    house.pass(1);
    assert_login(house.authorize(&noted).await, LoginReason::Prompt);
}

/// Somebody who makes a note in their own browser, signed out there, and sends it
/// to a user who signed in long ago.
#[tokio::test]
async fn a_strangers_note_does_not_pass_off_an_old_login_as_new() {
    let house = House::new();
    house.sign_out();
    house.pass(-61);
    house.sign_in("alice");
    let alice = house.authentication("alice");
    house.sign_out();
    house.pass(61);
    let login = house.login(&TRUSTED.asks().with("prompt", "login")).await;
    house.browser.set(Some(alice));
    assert_login(resume(&house, &login).await, LoginReason::Prompt);
}

#[tokio::test]
async fn prompt_consent_asks_whatever_was_allowed_before() {
    let house = House::new();
    for app in [SPA, DASHBOARD, TRUSTED] {
        house.code(&app).await;
        let consent = house.consent(&app.asks().with("prompt", "consent")).await;
        assert_code(&house.allow(consent.ticket()).await, &app);
    }
}

#[tokio::test]
async fn prompt_login_consent_asks_for_both_and_each_once() {
    let house = House::new();
    let login = house.login(&TRUSTED.asks().with("prompt", "login consent")).await;
    house.pass(1);
    house.sign_in("alice");
    let Authorize::Consent(consent) = resume(&house, &login).await else {
        panic!("not a consent page")
    };
    house.pass(300);
    assert_code(&house.allow(consent.ticket()).await, &TRUSTED);
}

#[tokio::test]
async fn max_age_counts_the_seconds_since_the_login() {
    for (max_age, elapsed, suits) in [
        ("0", 0, false),
        ("0", 1, false),
        ("1", 0, true),
        ("1", 1, true),
        ("1", 2, false),
        ("3600", 3600, true),
        ("3600", 3601, false),
        ("18446744073709551615", 1_000_000_000, true),
        // The host's clock goes ahead of ours.
        ("1", -30, true),
    ] {
        let house = House::new();
        house.pass(elapsed);
        let form = TRUSTED.asks().with("max_age", max_age);
        match (house.authorize(&form).await, suits) {
            (Authorize::Redirect(response), true) => {
                assert_code(&response, &TRUSTED);
            }
            (Authorize::Login(login), false) => {
                assert_eq!(login.reason(), LoginReason::MaxAge);
                // Slower than max_age itself, and no loop for all that.
                house.pass(100);
                house.sign_in("alice");
                house.pass(100);
                assert_answered(resume(&house, &login).await, &TRUSTED);
            }
            (other, _) => panic!("max_age {max_age} after {elapsed} led to {other:?}"),
        }
    }
}

/// Thinking about consent does not make a login too old for what was asked.
#[tokio::test]
async fn max_age_is_judged_before_the_consent_page_and_not_after() {
    let house = House::new();
    let consent = house.consent(&SPA.asks().with("max_age", "1")).await;
    house.pass(500);
    assert_code(&house.allow(consent.ticket()).await, &SPA);
}

#[tokio::test]
async fn a_registrations_default_max_age_holds_where_the_request_names_none() {
    let house = House::new();
    let minute = TRUSTED.builder().trusted().default_max_age(Duration::from_secs(60));
    house.clients.put(minute.build().unwrap());
    house.pass(61);
    assert_login(house.authorize(&TRUSTED.asks()).await, LoginReason::MaxAge);
    assert_code(&house.redirect(&TRUSTED.asks().with("max_age", "61")).await, &TRUSTED);
}

#[tokio::test]
async fn a_wanted_acr_is_asked_for_once_and_done_without_if_it_is_not_reached() {
    let acrs = ["gold", "silver"].map(|acr| Acr::parse(acr).unwrap());
    let house = House::with(|builder| builder.acr_values_supported(acrs));
    let form = TRUSTED.asks().with("acr_values", "gold platinum");
    let login = assert_login(house.authorize(&form).await, LoginReason::Acr);
    let wanted: Vec<_> = login.acr_values().iter().map(Acr::as_str).collect();
    assert_eq!(wanted, ["gold", "platinum"]);
    house.pass(1);
    house.browser.set(Some(with_acr(&house, "silver")));
    assert_answered(resume(&house, &login).await, &TRUSTED);
    house.browser.set(Some(with_acr(&house, "gold")));
    assert_answered(house.authorize(&form).await, &TRUSTED);
    // No page of this host reaches it, so none is shown.
    house.sign_in("alice");
    assert_answered(house.authorize(&form.with("acr_values", "platinum")).await, &TRUSTED);
}

#[tokio::test]
async fn a_registrations_default_acr_holds_where_the_request_names_none() {
    let acrs = ["gold", "silver"].map(|acr| Acr::parse(acr).unwrap());
    let house = House::with(|builder| builder.acr_values_supported(acrs));
    house.clients.put(TRUSTED.builder().trusted().default_acr_value("gold").build().unwrap());
    assert_login(house.authorize(&TRUSTED.asks()).await, LoginReason::Acr);
    house.browser.set(Some(with_acr(&house, "silver")));
    assert_answered(house.authorize(&TRUSTED.asks().with("acr_values", "silver")).await, &TRUSTED);
}

#[tokio::test]
async fn who_leaves_the_choice_of_an_account_has_chosen_none() {
    let house = House::new();
    for (prompt, error) in
        [("select_account", "account_selection_required"), ("login", "access_denied")]
    {
        let login = house.login(&SPA.asks().with("prompt", prompt)).await;
        let response = house.server.cancel(login.ticket()).await.unwrap();
        assert_error_redirect(&response, &SPA, error);
    }
}

#[tokio::test]
async fn the_login_page_learns_what_the_client_would_like_and_learns_it_again() {
    let house = House::new();
    house.sign_out();
    let form = SPA
        .asks()
        .with("login_hint", "alice@example.com <b>")
        .with("ui_locales", "de-CH de_DE <script> de tlh")
        .with("display", "popup");
    let first = house.login(&form).await;
    let second = house.server.login(first.ticket()).await.unwrap();
    for login in [first, second] {
        assert_eq!(login.login_hint(), Some("alice@example.com <b>"));
        assert_eq!(login.ui_locales().iter().collect::<Vec<_>>(), ["de-CH", "de", "tlh"]);
        assert_eq!(login.display(), Some(Display::Popup));
        assert_eq!(login.reason(), LoginReason::SignedOut);
        assert!(login.subjects().is_empty() && login.acr_values().is_empty());
    }
}

/// Each parameter, malformed: told to the client, and to nobody before a login.
#[tokio::test]
async fn malformed_wishes_are_an_error_after_the_login() {
    let long = "h".repeat(4097);
    for (name, value, error) in [
        ("prompt", "none login", "invalid_request"),
        ("prompt", "consent none", "invalid_request"),
        ("prompt", "none select_account", "invalid_request"),
        ("prompt", "Login", "invalid_request"),
        ("prompt", "create", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        ("max_age", "1.5", "invalid_request"),
        ("max_age", "18446744073709551616", "invalid_request"),
        ("display", "hologram", "invalid_request"),
        ("login_hint", "a\r\nb", "invalid_request"),
        ("login_hint", &long, "invalid_request"),
        ("acr_values", "gøld", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("response_mode", "query.jwt", "invalid_request"),
        ("response_mode", "Form_post", "invalid_request"),
        ("request", "e30.e30.", "request_not_supported"),
        ("request_uri", "https://spa.example/request", "request_uri_not_supported"),
    ] {
        let house = House::new();
        let form = SPA.asks().with(name, value);
        assert_refused(house.authorize(&form).await, &SPA, error);
        house.sign_out();
        house.login(&form).await;
        assert!(house.grants("alice").await.is_empty());
    }
}

#[tokio::test]
async fn repeated_wishes_are_an_error_and_empty_ones_are_none() {
    let house = House::new();
    for (name, value) in [
        ("prompt", "login"),
        ("max_age", "1"),
        ("display", "page"),
        ("ui_locales", "de"),
        ("login_hint", "alice"),
        ("acr_values", "gold"),
        ("response_mode", "query"),
        ("request", "e30"),
        ("request_uri", "urn:x"),
    ] {
        let twice = SPA.asks().and(name, value).and(name, value);
        assert_error_redirect(&house.redirect(&twice).await, &SPA, "invalid_request");
        let empty = SPA.asks().and(name, "");
        house.consent(&empty).await;
    }
}

/// A request that a page carries keeps every wish, and the whole of it is bound.
#[tokio::test]
async fn every_wish_survives_the_login_page() {
    let house = House::new();
    house.sign_out();
    let form = SPA
        .asks()
        .with("prompt", "login consent")
        .with("max_age", "7")
        .with("display", "touch")
        .with("ui_locales", "fr")
        .with("login_hint", "a b&c")
        .with("acr_values", "x y")
        .with("response_mode", "query")
        .with("nonce", "n")
        .with("claims", "{}")
        .with("claims_locales", "fr")
        .with("id_token_hint", "e30")
        .with("registration", "{}");
    let login = house.login(&form).await;
    let back = location(&house.server.resume(login.ticket()).unwrap());
    for name in form.names() {
        assert_eq!(back.one(&name), form.value(&name));
    }
}

#[tokio::test]
async fn a_session_whose_end_moves_while_the_user_thinks_is_still_theirs() {
    let house = House::new();
    let end = |seconds: u64| {
        let at = house.authentication("alice").authenticated_at();
        let amr = Amr::parse("pwd").unwrap();
        house
            .authentication("alice")
            .with_amr([amr])
            .with_session_end(at.plus(Duration::from_secs(seconds)))
    };
    house.browser.set(Some(end(600)));
    let consent = house.consent(&SPA.asks()).await;
    house.browser.set(Some(end(900)));
    assert_code(&house.allow(consent.ticket()).await, &SPA);
    let consent = house.consent(&CLI.asks()).await;
    house.browser.set(Some(end(900).with_acr(Acr::parse("gold").unwrap())));
    let refused = house.decide(consent.ticket(), codegrant::Decision::Deny).await.unwrap_err();
    assert_page(&refused, 400, "invalid_request");
}

/// A note is ours alone: whoever sends one with an ordinary request changes nothing.
#[tokio::test]
async fn a_note_without_a_wish_changes_nothing() {
    let house = House::new();
    let form: Form = TRUSTED.asks().and("login_note", "rubbish");
    assert_code(&house.redirect(&form).await, &TRUSTED);
}
