//! The pauses: login and consent tickets, decisions, and what is remembered.

use codegrant::{Authentication, Decision, Granted, SessionId, Subject, Timestamp};

use crate::support::answers::{assert_code, assert_error_redirect, assert_page, json};
use crate::support::apps::{BILLING, CLI, DASHBOARD, SPA, STRICT, VERIFIER};
use crate::support::call::Form;
use crate::support::world::START;
use crate::support::{House, scope};

const EVERYTHING: Decision = Decision::Allow(Granted::everything());

fn only(text: &str) -> Decision {
    Decision::Allow(Granted::only(scope(text)))
}

async fn assert_nothing_issued(house: &House) {
    assert!(house.grants("alice").await.is_empty() && house.grants("bob").await.is_empty());
}

#[tokio::test]
async fn a_consent_ticket_of_anybody_elses_making_decides_nothing() {
    let house = House::new();
    house.sign_out();
    let login = house.login(&DASHBOARD.asks()).await.ticket().to_owned();
    house.sign_in("alice");
    let code = house.code(&BILLING).await;
    let token = house.access_token(&SPA).await;
    let genuine = house.consent(&DASHBOARD.asks()).await.ticket().to_owned();
    let mut foreign = house.foreign_tickets(&genuine).await;
    foreign.extend([login, code, token]);
    let before = house.records().await;
    for ticket in &foreign {
        for decision in [EVERYTHING, Decision::Deny] {
            assert_page(&house.decide(ticket, decision).await.unwrap_err(), 400, "invalid_request");
        }
    }
    assert_eq!(house.records().await, before);
    assert_code(&house.allow(&genuine).await, &DASHBOARD);
}

#[tokio::test]
async fn pages_that_stood_open_too_long_lead_nowhere() {
    let house = House::new();
    let consent = house.consent(&DASHBOARD.asks()).await;
    let late_consent = house.consent(&BILLING.asks()).await;
    let session =
        house.authentication("alice").with_session(SessionId::parse("session of alice").unwrap());
    house.sign_out();
    let login = house.login(&DASHBOARD.asks()).await;
    house.browser.set(Some(session));
    house.pass(599);
    assert!(house.server.resume(login.ticket()).is_ok());
    assert_code(&house.allow(consent.ticket()).await, &DASHBOARD);
    let before = house.records().await;
    for seconds in [1, 100_000] {
        house.pass(seconds);
        assert_page(&house.server.resume(login.ticket()).unwrap_err(), 400, "invalid_request");
        let cancelled = house.server.cancel(login.ticket()).await;
        assert_page(&cancelled.unwrap_err(), 400, "invalid_request");
        let decided = house.decide(late_consent.ticket(), EVERYTHING).await;
        assert_page(&decided.unwrap_err(), 400, "invalid_request");
        let shown = house.consent_again(late_consent.ticket()).await;
        assert_page(&shown.unwrap_err(), 400, "invalid_request");
    }
    assert_eq!(house.records().await, before);
}

/// An attacker who is signed in as themselves sends their own consent page's
/// ticket through the victim's browser, or the other way round.
#[tokio::test]
async fn a_consent_page_serves_only_whom_it_was_made_for() {
    let house = House::new();
    let alice =
        |at| Authentication::new(Subject::parse("alice").unwrap(), Timestamp::from_unix(at));
    let session = |name: &str| SessionId::parse(name).unwrap();
    let asked = alice(START).with_session(session("one"));
    house.browser.set(Some(asked.clone()));
    let consent = house.consent(&DASHBOARD.asks()).await;
    let bob = Authentication::new(Subject::parse("bob").unwrap(), Timestamp::from_unix(START));
    for other in [
        None,
        Some(bob.with_session(session("one"))),
        Some(alice(START).with_session(session("two"))),
        Some(alice(START)),
        Some(alice(START + 1).with_session(session("one"))),
        Some(alice(START - 1).with_session(session("one"))),
    ] {
        house.browser.set(other);
        let refused = house.consent_again(consent.ticket()).await.unwrap_err();
        assert_page(&refused, 400, "invalid_request");
        for decision in [EVERYTHING, Decision::Deny] {
            let refused = house.decide(consent.ticket(), decision).await.unwrap_err();
            assert_page(&refused, 400, "invalid_request");
        }
    }
    assert_nothing_issued(&house).await;
    house.browser.set(Some(asked));
    assert_code(&house.allow(consent.ticket()).await, &DASHBOARD);
}

#[tokio::test]
async fn a_client_that_was_withdrawn_while_people_thought_gets_nothing() {
    let house = House::new();
    let consent = house.consent(&DASHBOARD.asks()).await;
    house.sign_out();
    let login = house.login(&DASHBOARD.asks()).await;
    house.sign_in("alice");
    house.clients.remove(consent.asker().client().id());
    let refused = house.consent_again(consent.ticket()).await.unwrap_err();
    assert_page(&refused, 400, "invalid_client");
    for decision in [EVERYTHING, Decision::Deny] {
        let refused = house.decide(consent.ticket(), decision).await.unwrap_err();
        assert_page(&refused, 400, "invalid_client");
    }
    let refused = house.server.cancel(login.ticket()).await.unwrap_err();
    assert_page(&refused, 400, "invalid_client");
    assert_nothing_issued(&house).await;
}

#[tokio::test]
async fn a_redirect_uri_that_was_withdrawn_while_people_thought_gets_nothing() {
    let house = House::new();
    let consent = house.consent(&SPA.asks()).await;
    house.sign_out();
    let login = house.login(&SPA.asks()).await;
    house.sign_in("alice");
    let moved = codegrant::Client::builder(SPA.id).redirect_uri("https://spa.example/elsewhere");
    house.clients.put(moved.scope(crate::support::apps::ALL).build().unwrap());
    for decision in [EVERYTHING, Decision::Deny] {
        let refused = house.decide(consent.ticket(), decision).await.unwrap_err();
        assert_page(&refused, 400, "invalid_request");
    }
    let refused = house.server.cancel(login.ticket()).await.unwrap_err();
    assert_page(&refused, 400, "invalid_request");
    assert_nothing_issued(&house).await;
}

#[tokio::test]
async fn rules_that_changed_while_people_thought_hold_for_the_decision() {
    let house = House::new();
    let (asks, bare) = (SPA.asks(), DASHBOARD.asks().without_pkce());
    let narrowed = house.consent(&asks).await;
    let hardened = house.consent(&bare).await;
    let client = codegrant::Client::builder(SPA.id).redirect_uri(SPA.redirect_uri);
    house.clients.put(client.scope("profile").build().unwrap());
    house.clients.put(DASHBOARD.builder().require_pkce().build().unwrap());
    let response = house.decide(narrowed.ticket(), EVERYTHING).await.unwrap();
    assert_error_redirect(&response, &SPA, "invalid_scope");
    let response = house.decide(hardened.ticket(), EVERYTHING).await.unwrap();
    assert_error_redirect(&response, &DASHBOARD, "invalid_request");
    assert_nothing_issued(&house).await;
}

#[tokio::test]
async fn a_denial_ends_the_flow_and_is_not_remembered() {
    let house = House::new();
    for _ in 0..2 {
        for app in [DASHBOARD, SPA, CLI, STRICT] {
            let consent = house.consent(&app.asks()).await;
            assert!(consent.allowed_before().is_empty());
            let response = house.decide(consent.ticket(), Decision::Deny).await.unwrap();
            assert_error_redirect(&response, &app, "access_denied");
        }
    }
    assert_nothing_issued(&house).await;
}

#[tokio::test]
async fn a_user_gives_what_was_asked_or_less_and_never_more() {
    for (decision, granted) in [
        (EVERYTHING, "reports.read reports.write"),
        (only("reports.read reports.write"), "reports.read reports.write"),
        (only("reports.write"), "reports.write"),
        (only("profile reports.write admin"), "reports.write"),
    ] {
        let house = House::new();
        let consent = house.consent(&DASHBOARD.asks()).await;
        let response = house.decide(consent.ticket(), decision).await.unwrap();
        let code = assert_code(&response, &DASHBOARD);
        let tokens = house.redeem(&DASHBOARD, &code).await;
        assert_eq!(json(&tokens)["scope"], granted);
        let token = json(&tokens)["access_token"].as_str().unwrap().to_owned();
        assert_eq!(house.check(&token).await.unwrap().scope(), &scope(granted));
    }
}

#[tokio::test]
async fn nothing_of_something_is_a_denial() {
    for decision in [only(""), only("profile"), only("admin")] {
        let house = House::new();
        let consent = house.consent(&DASHBOARD.asks()).await;
        let response = house.decide(consent.ticket(), decision).await.unwrap();
        assert_error_redirect(&response, &DASHBOARD, "access_denied");
        assert_nothing_issued(&house).await;
        assert!(house.consent(&DASHBOARD.asks()).await.allowed_before().is_empty());
    }
}

/// Two tabs, or the back button after consent: every answer is a whole one,
/// with a code of its own that serves once.
#[tokio::test]
async fn deciding_twice_gives_two_codes_that_are_strangers_to_each_other() {
    let house = House::new();
    let (one, two) = (house.consent(&SPA.asks()).await, house.consent(&SPA.asks()).await);
    let tickets = [one.ticket(), two.ticket(), one.ticket()];
    let mut codes = Vec::new();
    for ticket in tickets {
        codes.push(assert_code(&house.allow(ticket).await, &SPA));
    }
    let denied = house.decide(two.ticket(), Decision::Deny).await.unwrap();
    assert_error_redirect(&denied, &SPA, "access_denied");
    assert_eq!(house.grants("alice").await.len(), 3);
    let mut tokens = Vec::new();
    for code in &codes {
        let response = house.redeem(&SPA, code).await;
        tokens.push(json(&response)["access_token"].as_str().unwrap().to_owned());
    }
    house.redeem(&SPA, &codes[0]).await;
    assert!(house.check(&tokens[0]).await.is_err());
    assert!(house.check(&tokens[1]).await.is_ok() && house.check(&tokens[2]).await.is_ok());
}

#[tokio::test]
async fn the_code_answers_the_request_that_the_page_showed() {
    let house = House::new();
    let consent = house.consent(&SPA.asks()).await;
    let other = "o".repeat(43);
    let attackers = SPA.asks().with("code_challenge", &crate::support::apps::challenge(&other));
    house.consent(&attackers.with("state", "attacker")).await;
    let code = assert_code(&house.allow(consent.ticket()).await, &SPA);
    let claim: Form = SPA.claim(&code);
    assert_eq!(claim.value("code_verifier"), VERIFIER);
    house.assert_redeems(&SPA, &code, "another page").await;
}
