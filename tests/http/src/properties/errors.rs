//! The tables of errors (RFC 6749 sections 4.1.2.1 and 5.2).

use e2e::agent::{Agent, parameter};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use crate::apps::{DASHBOARD, REPORTS, STATE, TERMINAL, link, posted};
use crate::target::{Answer, Target};
use crate::user::{ALICE, User};

pub(super) async fn the_token_endpoint_says_what_is_wrong(target: Target) {
    let code = ("grant_type", "authorization_code");
    let refresh = ("grant_type", "refresh_token");
    for (fields, error) in [
        (&[][..], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[code], "invalid_request"),
        (&[code, code, ("code", "x")], "invalid_request"),
        (&[code, ("code", "forged")], "invalid_grant"),
        (&[refresh], "invalid_request"),
        (&[refresh, ("refresh_token", "forged")], "invalid_grant"),
    ] {
        target.token(&TERMINAL, fields).await.assert_error(400, error);
        target.token(&DASHBOARD, fields).await.assert_error(400, error);
    }
    let in_query = target.request(Method::POST, "/token?grant_type=refresh_token");
    let in_query = Answer::to(TERMINAL.authenticated(in_query, &[refresh])).await;
    in_query.assert_error(400, "invalid_request");
    let json = target.request(Method::POST, "/token").header(CONTENT_TYPE, "application/json");
    Answer::to(json.body("{}")).await.assert_error(400, "invalid_request");
}

pub(super) async fn a_client_that_cannot_prove_itself_is_challenged(target: Target) {
    let fields = DASHBOARD.redeems("x");
    for app in [DASHBOARD.knowing("wrong"), DASHBOARD.named("unknown"), TERMINAL.knowing("any")] {
        let refused = target.token(&app, &fields).await;
        refused.assert_error(401, "invalid_client");
        assert!(refused.header("www-authenticate").starts_with("Basic "), "{refused:?}");
    }
    let silent = Answer::to(posted(target.request(Method::POST, "/token"), &fields)).await;
    assert!(silent.text.contains("\"error\":\"invalid_"), "{silent:?}");
    assert_eq!(silent.header("www-authenticate"), "");
    let anonymous = target.call(&TERMINAL, "/introspect", &[("token", "x")]).await;
    anonymous.assert_error(401, "invalid_client");
}

pub(super) async fn a_request_that_names_no_known_address_ends_on_a_page(target: Target) {
    for changes in [
        [("client_id", None)],
        [("client_id", Some("unknown"))],
        [("client_id", Some(REPORTS.id))],
        [("redirect_uri", Some("http://127.0.0.1:8081/callback/"))],
        [("redirect_uri", Some("https://attacker.example/"))],
    ] {
        let url = DASHBOARD.link_with(&target, &changes);
        let page = Agent::default().open(&url).await.page();
        assert_eq!(page.status, 400, "{url}: {}", page.html);
        assert!(page.html.contains("id=\"error\""), "{url}: {}", page.html);
        assert!(!page.html.contains("attacker"), "{}", page.html);
    }
    let twice = [&DASHBOARD.asks()[..], &[("redirect_uri", DASHBOARD.redirect_uri)]].concat();
    let page = Agent::default().open(&link(&target, "/authorize", &twice)).await.page();
    assert_eq!(page.status, 400, "{}", page.html);
}

pub(super) async fn a_request_with_another_fault_leads_back_to_the_client(target: Target) {
    let alice = User::new(ALICE);
    for (changes, error) in [
        (("response_type", Some("token")), "unsupported_response_type"),
        (("response_type", None), "invalid_request"),
        (("scope", Some("everything")), "invalid_scope"),
        (("prompt", Some("none login")), "invalid_request"),
        (("request", Some("x.y.z")), "request_not_supported"),
    ] {
        let answer = alice.allow(&DASHBOARD.link_with(&target, &[changes])).await;
        assert!(answer.as_str().starts_with(DASHBOARD.redirect_uri), "{answer}");
        assert_eq!(parameter(&answer, "error").as_deref(), Some(error), "{answer}");
        assert_eq!(parameter(&answer, "state").as_deref(), Some(STATE), "{answer}");
        assert_eq!(parameter(&answer, "iss").as_deref(), Some(target.issuer()), "{answer}");
    }
}
