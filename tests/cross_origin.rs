//! What pages of other origins may read, and what they may not.

use codegrant::{Authorize, Response};

use crate::support::apps::{DASHBOARD, SPA};
use crate::support::call::{Call, Form, bearer};
use crate::support::openid::{asks, provider};

const PAGE: &str = "https://spa.example";

fn from_a_page(call: Call) -> Call {
    call.header(http::header::ORIGIN, PAGE)
}

fn is_readable(response: &Response) -> bool {
    let headers = response.headers();
    assert!(!headers.contains_key("access-control-allow-credentials"));
    headers.get("access-control-allow-origin").is_some_and(|origin| origin == "*")
}

#[tokio::test]
async fn a_page_reads_tokens_userinfo_and_refusals_with_their_challenge() {
    let house = provider();
    let code = house.code_for(&asks(&DASHBOARD)).await;
    let redeem = DASHBOARD.calls_token(&DASHBOARD.claim(&code));
    let answer = house.token(&from_a_page(redeem)).await;
    assert!(answer.status() == 200 && is_readable(&answer), "{answer:?}");
    let refused = house.token(&from_a_page(SPA.calls_token(&Form::default()))).await;
    assert!(refused.status() == 400 && is_readable(&refused), "{refused:?}");
    let call = from_a_page(bearer("forged"));
    let challenged = house.server.userinfo(&call.parts(), b"").await;
    assert!(challenged.status() == 401 && is_readable(&challenged), "{challenged:?}");
    assert_eq!(challenged.headers()["access-control-expose-headers"], "WWW-Authenticate");
    let call = from_a_page(Call::post("/revoke", &Form::of(&[("token", "x")])));
    assert!(is_readable(&house.server.revoke(&call.parts(), &call.body).await));
    assert!(is_readable(&house.server.jwks()) && is_readable(&house.server.metadata()));
}

#[tokio::test]
async fn who_is_no_page_is_told_nothing_about_pages() {
    let house = provider();
    let answer = house.token(&SPA.calls_token(&Form::default())).await;
    assert!(!is_readable(&answer));
}

/// It would let any page find out who is signed in.
#[tokio::test]
async fn no_page_reads_what_the_authorization_endpoint_answers() {
    let house = provider();
    let asked = asks(&DASHBOARD).with("prompt", "none");
    match house.authorize_by(&from_a_page(Call::get("/authorize", &asked))).await {
        Authorize::Redirect(response) => assert!(!is_readable(&response)),
        _ => panic!("prompt=none is answered"),
    }
    let refused = house.refused_by(&from_a_page(Call::get("/authorize", &Form::default()))).await;
    assert!(!is_readable(&refused.response()));
}

#[tokio::test]
async fn a_browser_may_ask_first() {
    let response = provider().server.preflight();
    assert!(response.status() == 204 && is_readable(&response));
    assert_eq!(response.headers()["access-control-allow-headers"], "Authorization, Content-Type");
    assert_eq!(response.headers()["access-control-allow-methods"], "GET, POST");
}
