//! Input that nobody should send: the right error, nothing lost, nobody led astray.

use codegrant::{Authorize, Cause};
use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};

use crate::support::House;
use crate::support::answers::{
    assert_error, assert_error_redirect, assert_page, assert_stateless_error_redirect, location,
};
use crate::support::apps::{BILLING, CLI, DASHBOARD, SPA, SYNC};
use crate::support::call::{Call, FORM, Form};
use crate::support::world::ISSUER;

/// What becomes of a bad authorization request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Page(&'static str),
    Redirect(&'static str),
    /// A redirect without `state`, because it is the `state` that is wrong.
    Stateless(&'static str),
    Consent,
}

async fn assert_fate(house: &House, call: &Call, fate: Fate) {
    match (house.authorize_by(call).await, fate) {
        (Authorize::Refused(refused), Fate::Page(error)) => assert_page(&refused, 400, error),
        (Authorize::Redirect(response), Fate::Redirect(error)) => {
            assert_error_redirect(&response, &SPA, error);
        }
        (Authorize::Redirect(response), Fate::Stateless(error)) => {
            let answer = assert_stateless_error_redirect(&response, &SPA, error);
            assert!(answer.all("state").is_empty(), "{}", answer.url);
        }
        (Authorize::Consent(_), Fate::Consent) => {}
        (other, _) => panic!("{call:?} led to {other:?} instead of {fate:?}"),
    }
    assert!(house.grants("alice").await.is_empty());
}

#[tokio::test]
async fn requests_without_parameters_get_an_error() {
    let house = House::new();
    let nothing = Form::default();
    for call in [
        Call::get("/authorize", &nothing),
        Call::post("/authorize", &nothing),
        Call::to(Method::GET, "/authorize"),
        Call::to(Method::POST, "/authorize"),
        Call::to(Method::GET, "/authorize?&&&="),
    ] {
        assert_fate(&house, &call, Fate::Page("invalid_request")).await;
    }
    for call in [Call::post("/token", &nothing), Call::to(Method::POST, "/token").body("")] {
        assert_error(&house.token(&call).await, 400, "invalid_request");
    }
}

#[tokio::test]
async fn every_repeated_parameter_of_an_authorization_request_is_an_error() {
    let house = House::new();
    for name in SPA.asks().names() {
        let fate = match name.as_str() {
            "client_id" | "redirect_uri" => Fate::Page("invalid_request"),
            "state" => Fate::Stateless("invalid_request"),
            _ => Fate::Redirect("invalid_request"),
        };
        let value = SPA.asks().value(&name).to_owned();
        for again in [value.as_str(), "other"] {
            let form = SPA.asks().and(&name, again);
            assert_fate(&house, &Call::get("/authorize", &form), fate).await;
            assert_fate(&house, &Call::post("/authorize", &form), fate).await;
            // Parameter pollution: one in the query, another in the body.
            let query = Form::of(&[(&name, again)]).encode();
            let split = Call::post("/authorize", &SPA.asks()).uri(&format!("/authorize?{query}"));
            assert_fate(&house, &split, fate).await;
            // An encoded name is the same name.
            let encoded = query.replacen('_', "%5F", 1).replacen("st", "%73%74", 1);
            let hidden = format!("/authorize?{}&{encoded}", SPA.asks().encode());
            assert_fate(&house, &Call::to(Method::GET, &hidden), fate).await;
        }
    }
}

/// RFC 6749 section 3.1: sent without a value means not sent.
#[tokio::test]
async fn every_empty_parameter_of_an_authorization_request_counts_as_omitted() {
    let house = House::new();
    for name in SPA.asks().names() {
        let fate = match name.as_str() {
            "client_id" => Fate::Page("invalid_request"),
            "redirect_uri" | "scope" | "state" => Fate::Consent,
            _ => Fate::Redirect("invalid_request"),
        };
        for form in [SPA.asks().with(&name, ""), SPA.asks().without(&name)] {
            assert_fate(&house, &Call::get("/authorize", &form), fate).await;
            assert_fate(&house, &Call::post("/authorize", &form), fate).await;
        }
    }
}

#[tokio::test]
async fn control_characters_are_an_error_wherever_they_stand() {
    let house = House::new();
    for name in SPA.asks().names() {
        let fate = match name.as_str() {
            "client_id" | "redirect_uri" => Fate::Page("invalid_request"),
            "response_type" => Fate::Redirect("unsupported_response_type"),
            "scope" => Fate::Redirect("invalid_scope"),
            "state" => Fate::Stateless("invalid_request"),
            _ => Fate::Redirect("invalid_request"),
        };
        let value = SPA.asks().value(&name).to_owned();
        for bad in ["\r\n", "\n", "\t", "\u{1b}", "\u{7f}", "\u{1}"] {
            for spoilt in [format!("{value}{bad}"), format!("{bad}{value}"), bad.to_owned()] {
                let form = SPA.asks().with(&name, &spoilt);
                assert_fate(&house, &Call::get("/authorize", &form), fate).await;
            }
        }
    }
}

/// What cannot be decoded cannot be trusted to say where the answer goes.
#[tokio::test]
async fn requests_that_cannot_be_decoded_are_answered_to_nobody() {
    let house = House::new();
    let good = SPA.asks().encode();
    let many = "x=1&".repeat(101);
    let long = "x".repeat(1_000_000);
    for garbage in ["x=%", "x=%z", "x=%zz", "%zz=x", "x=%ff", "x=%c3%28", "x=%00", "%00=x", &many] {
        for query in [format!("{good}&{garbage}"), format!("{garbage}&{good}")] {
            let by_get = Call::to(Method::GET, &format!("/authorize?{query}"));
            assert_fate(&house, &by_get, Fate::Page("invalid_request")).await;
            let by_post = Call::post("/authorize", &Form::default()).body(query);
            assert_fate(&house, &by_post, Fate::Page("invalid_request")).await;
        }
    }
    for body in [format!("{good}&x={long}").into_bytes(), b"\xff\xfe".to_vec(), b"x=\0".to_vec()] {
        let call = Call::post("/authorize", &Form::default()).body(body);
        assert_fate(&house, &call, Fate::Page("invalid_request")).await;
    }
    let json = Call::post("/authorize", &SPA.asks()).without_header(&CONTENT_TYPE);
    for content_type in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let call = json.clone().header(CONTENT_TYPE, content_type);
        assert_fate(&house, &call, Fate::Page("invalid_request")).await;
    }
}

#[tokio::test]
async fn a_state_of_10_000_characters_is_an_error_and_not_echoed() {
    let house = House::new();
    let form = SPA.asks().with("state", &"s".repeat(10_000));
    assert_fate(&house, &Call::get("/authorize", &form), Fate::Stateless("invalid_request")).await;
    assert_fate(&house, &Call::post("/authorize", &form), Fate::Stateless("invalid_request")).await;
    house.sign_out();
    let login = house.login(&form).await;
    let response = house.server.cancel(login.ticket()).await.unwrap();
    let answer = assert_stateless_error_redirect(&response, &SPA, "access_denied");
    assert!(answer.all("state").is_empty());
}

/// Each row spoils one thing of a good token request, and the code stays good.
#[tokio::test]
async fn bad_token_requests_get_the_rfcs_error_and_lose_nothing() {
    let house = House::new();
    let code = house.code(&BILLING).await;
    let good = BILLING.redeems(&code);
    let body = String::from_utf8(good.body.clone()).unwrap();
    let mut rows: Vec<(Call, u16, &str)> = Vec::new();
    for garbage in ["x=%", "x=%zz", "%zz=x", "x=%ff", "x=%c3%28", "x=%00", &"x=1&".repeat(101)] {
        rows.push((good.clone().body(format!("{body}&{garbage}")), 400, "invalid_request"));
    }
    let names =
        ["grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"];
    for name in names {
        let again = format!("{body}&{name}=again");
        rows.push((good.clone().body(again), 400, "invalid_request"));
    }
    let huge = format!("{body}&x={}", "x".repeat(1_000_000));
    rows.push((good.clone().body(huge), 400, "invalid_request"));
    rows.push((good.clone().body(b"\xff\xfe".to_vec()), 400, "invalid_request"));
    rows.push((good.clone().header(CONTENT_TYPE, FORM), 400, "invalid_request"));
    for (name, value, status, error) in [
        ("grant_type", "", 400, "invalid_request"),
        ("grant_type", "authorization_code\n", 400, "unsupported_grant_type"),
        ("code", "", 400, "invalid_request"),
        ("code", "\r\n", 400, "invalid_grant"),
        ("code", &format!("{code}\n"), 400, "invalid_grant"),
        ("code", &"c".repeat(60_000), 400, "invalid_grant"),
        ("code_verifier", "", 400, "invalid_grant"),
        ("code_verifier", &format!("{}\n", "v".repeat(43)), 400, "invalid_grant"),
        ("redirect_uri", "", 400, "invalid_grant"),
        ("redirect_uri", "https://billing.example/callback\r\n", 400, "invalid_grant"),
        ("client_id", "", 401, "invalid_client"),
        ("client_id", "billing\n", 401, "invalid_client"),
        ("client_secret", "", 401, "invalid_client"),
        ("client_secret", "billing-secret-Zm9v\n", 401, "invalid_client"),
    ] {
        let whole = BILLING.claim(&code).with("client_id", BILLING.id);
        let form = whole.with("client_secret", "billing-secret-Zm9v").with(name, value);
        rows.push((good.clone().body(form.encode()), status, error));
    }
    let before = house.records().await;
    for (call, status, error) in rows {
        assert_error(&house.token(&call).await, status, error);
    }
    assert_eq!(house.records().await, before);
    house.assert_redeems(&BILLING, &code, "bad token requests").await;
}

/// The same for the other two endpoints that clients call themselves.
#[tokio::test]
async fn bad_introspections_and_revocations_get_an_error_and_lose_nothing() {
    let house = House::new();
    let tokens = house.tokens(&SYNC).await;
    let before = house.records().await;
    for path in ["/introspect", "/revoke"] {
        let good = SYNC.calls(path, &Form::of(&[("token", &tokens.access)]));
        let body = String::from_utf8(good.body.clone()).unwrap();
        let mut rows: Vec<(Call, &str)> = Vec::new();
        for garbage in ["x=%", "%zz=x", "x=%ff", "x=%00", "token=again", &"x=1&".repeat(101)] {
            rows.push((good.clone().body(format!("{body}&{garbage}")), "invalid_request"));
        }
        rows.push((
            good.clone().body(format!("{body}&x={}", "x".repeat(1_000_000))),
            "invalid_request",
        ));
        rows.push((good.clone().body("token="), "invalid_request"));
        rows.push((good.clone().without_header(&CONTENT_TYPE), "invalid_request"));
        rows.push((good.clone().header(CONTENT_TYPE, FORM), "invalid_request"));
        rows.push((good.clone().method(Method::DELETE), "invalid_request"));
        rows.push((good.clone().without_header(&AUTHORIZATION), "invalid_client"));
        rows.push((good.clone().header(AUTHORIZATION, "Basic !"), "invalid_request"));
        for (call, error) in rows {
            let parts = call.parts();
            let response = match path {
                "/revoke" => house.server.revoke(&parts, &call.body).await,
                _ => house.server.introspect(&parts, &call.body).await,
            };
            let status = match (error, &call.method) {
                ("invalid_client", _) => 401,
                (_, &Method::DELETE) => 405,
                _ => 400,
            };
            assert_error(&response, status, error);
        }
    }
    assert_eq!(house.records().await, before);
    house.assert_alive(&SYNC, &tokens).await;
}

#[tokio::test]
async fn garbled_basic_headers_fail_as_a_client_and_lose_nothing() {
    let house = House::new();
    let code = house.code(&DASHBOARD).await;
    let bare = Call::post("/token", &DASHBOARD.claim(&code));
    let values: [&[u8]; 12] = [
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!!",
        b"Basic ZGFzaGJvYXJk",
        b"Basic Og==",
        b"Basic OnNlY3JldA==",
        b"Basic /////w==",
        b"Basic ZGFzaGJvYXJkOiV6eg==",
        b"Basic \xff\xfe",
        b"Basic  ZGFzaGJvYXJkOng",
        b"Basic ZGFzaGJvYXJkOngA\tx",
    ];
    for value in values {
        let mut call = bare.clone();
        call.headers.push((AUTHORIZATION, HeaderValue::from_bytes(value).unwrap()));
        assert_error(&house.token(&call).await, 401, "invalid_client");
    }
    house.assert_redeems(&DASHBOARD, &code, "garbled headers").await;
}

/// Garbled, truncated, forged, of another kind, of another time.
#[tokio::test]
async fn codes_that_are_none_give_nothing_and_cost_the_good_one_nothing() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let token = house.access_token(&SPA).await;
    let consent = house.consent(&CLI.asks()).await.ticket().to_owned();
    house.sign_out();
    let login = house.login(&SPA.asks()).await.ticket().to_owned();
    let mut codes = vec![token.clone(), consent, login, format!("{code}A"), format!("{code}=")];
    for length in 1..code.len() {
        codes.push(code.get(..length).unwrap().to_owned());
    }
    for place in 0..code.len() {
        let mut bytes = code.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        codes.push(String::from_utf8(bytes).unwrap());
    }
    for wrong in &codes {
        assert_error(&house.redeem(&SPA, wrong).await, 400, "invalid_grant");
    }
    assert!(house.check(&token).await.is_ok());
    house.assert_redeems(&SPA, &code, "codes that are none").await;
}

#[tokio::test]
async fn everything_expires_and_says_so_in_its_own_words() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let token = house.access_token(&SPA).await;
    let consent = house.consent(&CLI.asks()).await;
    house.sign_out();
    let login = house.login(&CLI.asks()).await;
    house.pass(1_000_000);
    house.sign_in("alice");
    assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
    let denied = house.check(&token).await.unwrap_err();
    assert_error(&denied.into_response(), 401, "invalid_token");
    assert_page(&house.server.resume(login.ticket()).unwrap_err(), 400, "invalid_request");
    let decided = house.decide(consent.ticket(), codegrant::Decision::Deny).await;
    assert_page(&decided.unwrap_err(), 400, "invalid_request");
}

/// Every byte of a good request, spoilt in six ways: it is understood as
/// something harmless or refused, and never leads anywhere new.
#[tokio::test]
async fn no_spoilt_byte_of_an_authorization_request_leads_anywhere_new() {
    let house = House::new();
    let good = SPA.asks().encode();
    for place in 0..good.len() {
        for byte in *b"%&=+\0A" {
            let mut spoilt = good.clone().into_bytes();
            spoilt[place] = byte;
            let call = Call::post("/authorize", &Form::default()).body(spoilt);
            match house.authorize_by(&call).await {
                Authorize::Redirect(response) => {
                    let answer = location(&response);
                    assert!(answer.leads_to(SPA.redirect_uri), "{}", answer.url);
                    assert_eq!(answer.one("iss"), ISSUER);
                    assert!(answer.all("code").is_empty());
                }
                Authorize::Refused(refused) => assert_eq!(refused.status(), 400),
                Authorize::Consent(consent) => {
                    assert_eq!(consent.asker().client().id().as_str(), SPA.id)
                }
                Authorize::Login(login) => panic!("{login:?}"),
            }
        }
    }
    assert!(house.grants("alice").await.is_empty());
}

#[tokio::test]
async fn no_spoilt_byte_of_a_token_request_gets_tokens_or_a_500() {
    let house = House::new();
    let code = house.code(&BILLING).await;
    let good = BILLING.redeems(&code);
    for place in 0..good.body.len() {
        for byte in *b"%&=+\0A" {
            let mut spoilt = good.clone();
            if std::mem::replace(&mut spoilt.body[place], byte) == byte {
                continue;
            }
            let response = house.token(&spoilt).await;
            let status = response.status().as_u16();
            assert!(matches!(status, 400 | 401), "{status} {:?}", spoilt.body);
            assert!(response.extensions().get::<Cause>().is_some());
        }
    }
    house.assert_redeems(&BILLING, &code, "spoilt bytes").await;
}
