//! How clients prove who they are at the token endpoint, and what those who
//! cannot are told.

use codegrant::Response;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use crate::support::House;
use crate::support::answers::{assert_error, assert_tokens, challenge};
use crate::support::apps::{BILLING, DASHBOARD, SPA, basic};
use crate::support::call::Call;

const ASKED: &str = "reports.read reports.write";

/// Unknown client, wrong secret, wrong method: one answer to the byte, or the
/// differences tell which clients exist (RFC 6749 section 5.2).
#[tokio::test]
async fn failed_client_authentication_does_not_say_what_failed() {
    let house = House::new();
    let code = house.code(&DASHBOARD).await;
    let form = || DASHBOARD.claim(&code);
    let with_header = |id: &str, secret: &str| {
        Call::post("/token", &form()).header(AUTHORIZATION, &basic(id, secret))
    };
    let with_body = |id: &str, secret: &str| {
        Call::post("/token", &form().with("client_id", id).with("client_secret", secret))
    };
    let in_header = [
        with_header(DASHBOARD.id, "wrong"),
        with_header(DASHBOARD.id, ""),
        with_header(BILLING.id, "billing-secret-Zm9v"),
        with_header(SPA.id, "anything"),
        with_header("nobody", "anything"),
        Call::post("/token", &form()).header(AUTHORIZATION, "Basic !"),
        Call::post("/token", &form()).header(AUTHORIZATION, "Basic ZGFzaGJvYXJk"),
    ];
    let in_body = [
        with_body(DASHBOARD.id, "dashboard secret: 100%+&="),
        with_body(BILLING.id, "wrong"),
        with_body(BILLING.id, ""),
        with_body(SPA.id, "anything"),
        with_body("nobody", "anything"),
        with_body("nobody", ""),
        with_body("\u{fc}", ""),
        Call::post("/token", &form()),
    ];
    let same = |answers: &[Response]| {
        for answer in answers {
            assert_error(answer, 401, "invalid_client");
            assert_eq!(answer.body(), answers[0].body());
            assert_eq!(answer.headers(), answers[0].headers());
        }
    };
    let (mut by_header, mut by_body) = (Vec::new(), Vec::new());
    for call in &in_header {
        by_header.push(house.token(call).await);
    }
    for call in &in_body {
        by_body.push(house.token(call).await);
    }
    same(&by_header);
    same(&by_body);
    assert_eq!(by_header[0].body(), by_body[0].body());
    assert!(challenge(&by_header[0]).unwrap().starts_with("Basic realm=\""));
    assert_eq!(challenge(&by_body[0]), None);
    house.assert_redeems(&DASHBOARD, &code, "failed authentications").await;
}

/// The work is the same as well: a client that does not exist is compared too.
#[tokio::test]
async fn an_unknown_clients_secret_is_verified_like_a_known_ones() {
    let house = House::new();
    for id in [DASHBOARD.id, SPA.id, "nobody"] {
        house.seams.calls();
        let call = Call::post("/token", &DASHBOARD.claim("code"));
        house.token(&call.header(AUTHORIZATION, &basic(id, "wrong"))).await;
        assert_eq!(house.seams.calls(), ["client", "verify"], "{id}");
    }
}

/// RFC 6749 section 2.3: more than one method in a request is a mistake or a trick.
#[tokio::test]
async fn a_client_authenticates_in_one_way_only() {
    let house = House::new();
    let code = house.code(&DASHBOARD).await;
    let right = || DASHBOARD.redeems(&code);
    let header = basic(DASHBOARD.id, "dashboard secret: 100%+&=");
    let with =
        |name: &str, value: &str| right().body(DASHBOARD.claim(&code).with(name, value).encode());
    for call in [
        with("client_secret", "dashboard secret: 100%+&="),
        with("client_id", BILLING.id),
        with("client_id", "nobody"),
        right().header(AUTHORIZATION, &header),
        right().header(AUTHORIZATION, "Bearer x"),
    ] {
        let response = house.token(&call).await;
        assert_error(&response, 400, "invalid_request");
        assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
    }
    assert_tokens(&house.token(&with("client_id", DASHBOARD.id)).await, ASKED);
}

#[tokio::test]
async fn basic_is_read_whatever_its_case_and_decoded_as_a_form() {
    let house = House::new();
    for scheme in ["Basic", "basic", "BASIC"] {
        let code = house.code(&DASHBOARD).await;
        let call = DASHBOARD.redeems(&code);
        let header = basic(DASHBOARD.id, "dashboard secret: 100%+&=").replace("Basic", scheme);
        let call = call.without_header(&AUTHORIZATION).header(AUTHORIZATION, &header);
        assert_tokens(&house.token(&call).await, ASKED);
    }
}

#[tokio::test]
async fn a_client_that_was_withdrawn_after_the_consent_gets_nothing() {
    let house = House::new();
    let code = house.code(&SPA).await;
    house.clients.remove(house.grants("alice").await[0].client());
    assert_error(&house.redeem(&SPA, &code).await, 401, "invalid_client");
}
