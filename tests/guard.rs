//! The resource server's side: RFC 6750, letter by letter.

use codegrant::{Denied, Response};
use http::Method;
use http::header::AUTHORIZATION;

use crate::support::answers::{assert_error, challenge, json};
use crate::support::apps::{CLI, DASHBOARD, SPA};
use crate::support::call::{Call, bearer};
use crate::support::world::{ISSUER, START, ring};
use crate::support::{House, scope};

fn realm() -> String {
    format!("Bearer realm=\"{ISSUER}\"")
}

/// 401 and the challenge that names this error.
fn assert_invalid_token(denied: Denied) {
    let response = denied.into_response();
    assert_error(&response, 401, "invalid_token");
    let challenge = challenge(&response).unwrap();
    assert!(challenge.starts_with(&format!("{}, error=\"invalid_token\"", realm())), "{challenge}");
}

#[tokio::test]
async fn a_valid_token_says_who_allowed_whom_what_and_until_when() {
    let house = House::new();
    let token = house.access_token(&DASHBOARD).await;
    let access = house.check(&token).await.unwrap();
    assert_eq!(access.subject().as_str(), "alice");
    assert_eq!(access.client().as_str(), DASHBOARD.id);
    assert_eq!(access.scope(), &scope("reports.read reports.write"));
    assert_eq!(access.expires_at().as_unix(), START + 600);
    assert_eq!(access.user().roles(), ["analyst"]);
    assert!(access.require_scope(&scope("reports.read")).is_ok());
    assert!(access.require_scope(&scope("reports.write reports.read")).is_ok());
    assert!(access.require_scope(&scope("")).is_ok());
    assert!(access.require_permission("reports:read").is_ok());
}

#[tokio::test]
async fn a_token_is_as_good_the_second_time_and_under_any_case_of_bearer() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let call = Call::to(Method::DELETE, "/resource");
        let call = call.header(AUTHORIZATION, &format!("{scheme} {token}"));
        assert!(house.server.guard().check(&call.parts()).await.is_ok());
    }
}

/// RFC 6750 section 3.1: who brought nothing is told how to come, and nothing else.
async fn without_a_token(house: &House, call: &Call) -> Response {
    let response = house.server.guard().check(&call.parts()).await.unwrap_err().into_response();
    assert_eq!(response.status(), 401);
    assert_eq!(challenge(&response), Some(realm().as_str()));
    response
}

#[tokio::test]
async fn without_a_token_the_challenge_names_no_error() {
    let house = House::new();
    let bare = Call::to(Method::GET, "/resource");
    for call in [
        bare.clone(),
        bare.clone().uri("/resource?x=access_token"),
        bare.clone().header(AUTHORIZATION, "Basic YTpi"),
        bare.body("access_token=x"),
    ] {
        without_a_token(&house, &call).await;
    }
}

#[tokio::test]
async fn without_a_token_the_body_names_no_error_either() {
    let house = House::new();
    let response = without_a_token(&house, &Call::to(Method::GET, "/resource")).await;
    assert!(!response.body().contains("invalid_token"), "{}", response.body());
}

#[tokio::test]
async fn a_token_in_the_query_is_refused_even_beside_a_good_one() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    for call in [
        Call::to(Method::GET, &format!("/resource?access_token={token}")),
        bearer(&token).uri(&format!("/resource?x=1&access_token={token}")),
        bearer(&token).uri("/resource?access_token="),
    ] {
        let denied = house.server.guard().check(&call.parts()).await.unwrap_err();
        let response = denied.into_response();
        assert_error(&response, 400, "invalid_request");
        let challenge = challenge(&response).unwrap();
        assert!(challenge.contains("error=\"invalid_request\""), "{challenge}");
    }
    assert!(house.check(&token).await.is_ok());
}

/// The frameworks behind us decode names, so an encoded one is the same one.
#[tokio::test]
async fn an_encoded_name_does_not_hide_a_token_in_the_query() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    let call = bearer(&token).uri("/resource?access%5Ftoken=x");
    let denied = house.server.guard().check(&call.parts()).await.unwrap_err();
    assert_error(&denied.into_response(), 400, "invalid_request");
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_an_invalid_request() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    for call in [
        bearer(""),
        bearer("two tokens"),
        bearer("\u{fc}"),
        bearer(&token).header(AUTHORIZATION, &format!("Bearer {token}")),
        bearer(&token).header(AUTHORIZATION, "Basic YTpi"),
    ] {
        let denied = house.server.guard().check(&call.parts()).await.unwrap_err();
        assert_error(&denied.into_response(), 400, "invalid_request");
    }
}

/// RFC 6750 section 3.1 has a code for a malformed request and one for a
/// malformed token; either is right, and none lets anybody in.
#[tokio::test]
async fn decorating_a_good_token_makes_it_a_bad_one() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    for decorated in [
        format!("{token},"),
        format!("\"{token}\""),
        format!("{token}%00"),
        format!("token={token}"),
        format!("{token};x=y"),
    ] {
        let response = house.check(&decorated).await.unwrap_err().into_response();
        assert!(matches!(response.status().as_u16(), 400 | 401), "{decorated}");
        let challenge = challenge(&response).unwrap();
        assert!(challenge.contains("error=\"invalid_") && !challenge.contains(&token));
    }
}

#[tokio::test]
async fn tokens_that_this_server_never_issued_as_such_are_invalid() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    let code = house.code(&SPA).await;
    let consent = house.consent(&CLI.asks()).await.ticket().to_owned();
    house.sign_out();
    let login = house.login(&CLI.asks()).await.ticket().to_owned();
    let cut = token.get(..token.len() - 1).unwrap().to_owned();
    let flipped = if token.ends_with('A') { "B" } else { "A" };
    for forged in [
        code,
        consent,
        login,
        format!("{cut}{flipped}"),
        format!("{token}A"),
        format!("{token}="),
        cut,
        "x".into(),
        "A".repeat(token.len()),
        "A".repeat(200_000),
    ] {
        house.seams.calls();
        assert_invalid_token(house.check(&forged).await.unwrap_err());
        assert!(house.seams.calls().is_empty(), "a forged token reached the store");
    }
    assert!(house.check(&token).await.is_ok());
}

#[tokio::test]
async fn a_token_ends_with_its_lifetime() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    house.pass(599);
    assert!(house.check(&token).await.is_ok());
    house.pass(1);
    assert_invalid_token(house.check(&token).await.unwrap_err());
    house.pass(1_000_000);
    assert_invalid_token(house.check(&token).await.unwrap_err());
}

#[tokio::test]
async fn a_token_of_another_issuer_with_the_same_secret_and_stores_is_invalid() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    for issuer in ["https://id.example", "https://id.example/tenant/", "https://id.example/tenan"] {
        let sister = house.assemble(issuer, ring(&[1])).build().unwrap();
        assert!(sister.guard().check(&bearer(&token).parts()).await.is_err(), "{issuer}");
    }
    assert!(house.check(&token).await.is_ok());
}

#[tokio::test]
async fn server_secrets_rotate_without_losing_a_token() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    for (secrets, good) in [(&[2, 1][..], true), (&[1, 2], true), (&[2], false)] {
        let server = house.assemble(ISSUER, ring(secrets)).build().unwrap();
        let checked = server.guard().check(&bearer(&token).parts()).await;
        assert_eq!(checked.is_ok(), good, "{secrets:?}");
    }
}

#[tokio::test]
async fn a_token_ends_with_its_user_and_takes_the_grant_along() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    house.people.remove("alice");
    assert_invalid_token(house.check(&token).await.unwrap_err());
    assert!(house.grants("alice").await.iter().all(|grant| grant.is_ended()));
}

#[tokio::test]
async fn a_token_whose_grant_was_forgotten_is_invalid() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    let late = codegrant::Timestamp::from_unix(START + 600);
    codegrant::CodeStore::sweep(&*house.codes, late).await.unwrap();
    assert_invalid_token(house.check(&token).await.unwrap_err());
}

#[tokio::test]
async fn a_scope_that_is_not_covered_is_forbidden_and_named() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    let access = house.check(&token).await.unwrap();
    for needed in ["profile", "reports.read profile", "reports", "reports.read.all"] {
        let response = access.require_scope(&scope(needed)).unwrap_err().into_response();
        assert_error(&response, 403, "insufficient_scope");
        let challenge = challenge(&response).unwrap();
        assert!(challenge.starts_with(&realm()), "{challenge}");
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.contains(&format!("scope=\"{needed}\"")), "{challenge}");
    }
}

/// The user's own rights end what the client may do; no other token would help.
#[tokio::test]
async fn a_token_gives_no_more_than_its_user_may_do() {
    let house = House::new();
    house.sign_in("bob");
    let token = house.access_token(&SPA).await;
    let access = house.check(&token).await.unwrap();
    assert!(access.require_scope(&scope("reports.read")).is_ok());
    let denied = access.require_permission("reports:read").unwrap_err();
    let response = denied.into_response();
    assert_eq!(response.status(), 403);
    assert_eq!(json(&response)["error"], "access_denied");
    assert_eq!(challenge(&response), None);
}
