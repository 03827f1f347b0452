//! The authorization endpoint: who is asked, who is answered, and who never is.

use codegrant::{Authorize, Endpoints};
use http::Method;
use http::header::{ALLOW, HOST, HeaderName};

use crate::support::answers::{
    assert_code, assert_error_redirect, assert_page, assert_stateless_error_redirect, location,
    only,
};
use crate::support::apps::{ALL, CLI, DASHBOARD, EVERY_APP, MOBILE, SPA, STATE, TRUSTED};
use crate::support::call::{Call, Form};
use crate::support::world::{ISSUER, ring};
use crate::support::{House, scope};

#[tokio::test]
async fn a_user_who_allows_sends_the_client_a_code_with_its_state_and_our_iss() {
    for app in EVERY_APP.iter().filter(|app| app.id != TRUSTED.id) {
        let house = House::new();
        let consent = house.consent(&app.asks()).await;
        assert_eq!(consent.asker().client().id().as_str(), app.id);
        assert_eq!(consent.user().subject().as_str(), "alice");
        assert_eq!(consent.scope(), &scope("reports.read reports.write"));
        assert!(consent.allowed_before().is_empty());
        let response = house.allow(consent.ticket()).await;
        assert_code(&response, app);
        assert_eq!(house.grants("alice").await.len(), 1);
    }
}

#[tokio::test]
async fn the_consent_page_can_name_the_host_that_gets_the_answer() {
    for (app, shown) in
        [(DASHBOARD, "dashboard.example"), (CLI, "127.0.0.1"), (MOBILE, "com.example.mobile")]
    {
        let house = House::new();
        assert_eq!(house.consent(&app.asks()).await.asker().redirect_host(), shown);
        house.sign_out();
        assert_eq!(house.login(&app.asks()).await.asker().redirect_host(), shown);
    }
}

#[tokio::test]
async fn a_post_asks_like_a_get() {
    let house = House::new();
    let call = Call::post("/authorize", &DASHBOARD.asks());
    let Authorize::Consent(consent) = house.authorize_by(&call).await else {
        panic!("not a consent page")
    };
    assert_code(&house.allow(consent.ticket()).await, &DASHBOARD);
}

#[tokio::test]
async fn parameters_of_others_are_ignored() {
    let house = House::new();
    let form = DASHBOARD.asks().and("ui_locales", "de").and("x", "1").and("x", "2").and("", "");
    assert_code(&house.allow(house.consent(&form).await.ticket()).await, &DASHBOARD);
}

#[tokio::test]
async fn a_code_is_never_handed_out_without_a_decision() {
    let house = House::new();
    for app in EVERY_APP.iter().filter(|app| app.id != TRUSTED.id) {
        house.consent(&app.asks()).await;
    }
    assert!(house.grants("alice").await.is_empty());
}

/// RFC 9700 section 4.11.2: whoever lures a user to us with a request that is
/// bound to fail must not use us to lead them on.
#[tokio::test]
async fn nobody_is_redirected_to_a_client_before_they_signed_in() {
    let house = House::new();
    house.sign_out();
    for form in [
        SPA.asks(),
        SPA.asks().with("response_type", "token"),
        SPA.asks().without("response_type"),
        SPA.asks().with("scope", "everything"),
        SPA.asks().without_pkce(),
        SPA.asks().and("state", "again"),
        SPA.asks().with("state", "a\r\nb"),
        TRUSTED.asks(),
    ] {
        assert_eq!(
            house.login(&form).await.asker().client().id().as_str(),
            form.value("client_id")
        );
    }
    assert!(house.grants("alice").await.is_empty());
}

#[tokio::test]
async fn an_unknown_or_withdrawn_client_gets_an_error_page() {
    let house = House::new();
    for (client_id, error) in
        [("nobody", "invalid_client"), ("", "invalid_request"), ("\r\n", "invalid_request")]
    {
        let refused = house.refused(&DASHBOARD.asks().with("client_id", client_id)).await;
        assert_page(&refused, 400, error);
    }
    house.clients.remove(house.consent(&DASHBOARD.asks()).await.asker().client().id());
    assert_page(&house.refused(&DASHBOARD.asks()).await, 400, "invalid_client");
}

#[tokio::test]
async fn the_only_response_type_is_code() {
    let house = House::new();
    let missing = SPA.asks().without("response_type");
    assert_error_redirect(&house.redirect(&missing).await, &SPA, "invalid_request");
    for other in ["token", "code token", "code id_token", "id_token", "none", "CODE", "code "] {
        let form = SPA.asks().with("response_type", other);
        assert_error_redirect(&house.redirect(&form).await, &SPA, "unsupported_response_type");
    }
    assert!(house.grants("alice").await.is_empty());
}

#[tokio::test]
async fn scope_is_what_the_client_may_ask_for_or_its_default() {
    let house = House::new();
    for (asked, offered) in
        [("", "reports.read"), ("profile", "profile"), ("profile profile", "profile"), (ALL, ALL)]
    {
        let consent = house.consent(&SPA.asks().with("scope", asked)).await;
        assert_eq!(consent.scope(), &scope(offered));
    }
    assert_eq!(house.consent(&SPA.asks().without("scope")).await.scope(), &scope("reports.read"));
    let many: Vec<String> = (0..100).map(|n| format!("s{n}")).collect();
    for asked in [
        "admin",
        "reports.read admin",
        "Profile",
        "a\"b",
        "a\\b",
        "\u{fc}",
        "a\nb",
        &many.join(" "),
    ] {
        let response = house.redirect(&SPA.asks().with("scope", asked)).await;
        assert_error_redirect(&response, &SPA, "invalid_scope");
    }
}

/// RFC 6749 section 3.3: a scope has at least one token. Nothing but spaces is
/// either no scope at all, which means the default, or a malformed one.
#[tokio::test]
async fn nothing_but_spaces_is_not_a_scope_of_its_own() {
    let house = House::new();
    for blank in [" ", "   "] {
        match house.authorize(&SPA.asks().with("scope", blank)).await {
            Authorize::Consent(consent) => assert_eq!(consent.scope(), &scope("reports.read")),
            Authorize::Redirect(response) => {
                assert_error_redirect(&response, &SPA, "invalid_scope");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn no_state_is_made_up_for_a_client_that_sent_none() {
    for form in [SPA.asks().without("state"), SPA.asks().with("state", "")] {
        let house = House::new();
        let allowed = house.allow(house.consent(&form).await.ticket()).await;
        assert!(location(&allowed).all("state").is_empty());
        let response = house.redirect(&form.with("response_type", "token")).await;
        let location =
            assert_stateless_error_redirect(&response, &SPA, "unsupported_response_type");
        assert!(location.all("state").is_empty());
    }
}

/// Their browser sends no Lax cookie along with a POST from another site, so
/// the request comes again as a GET, and only to ourselves.
#[tokio::test]
async fn a_cross_site_post_comes_again_as_the_same_request_by_get() {
    let house = House::new();
    house.sign_out();
    let response = match house.authorize_by(&Call::post("/authorize", &SPA.asks())).await {
        Authorize::Redirect(response) => response,
        other => panic!("{other:?}"),
    };
    let again = location(&response);
    assert!(again.leads_to(&format!("{ISSUER}/authorize")), "{}", again.url);
    for name in SPA.asks().names() {
        assert_eq!(again.one(&name), SPA.asks().value(&name));
    }
    house.sign_in("alice");
    let Authorize::Consent(consent) = house.authorize_by(&Call::to(Method::GET, &again.url)).await
    else {
        panic!("not a consent page")
    };
    assert_code(&house.allow(consent.ticket()).await, &SPA);
}

/// What passes through every browser and proxy is used to the last byte.
#[tokio::test]
async fn a_post_that_fits_no_url_leads_to_the_login_page() {
    let house = House::new();
    house.sign_out();
    let url_length = async |state: usize| {
        let form = SPA.asks().with("state", &"s".repeat(state));
        match house.authorize_by(&Call::post("/authorize", &form)).await {
            Authorize::Redirect(again) => Some(location(&again).url.len()),
            Authorize::Login(_) => None,
            other => panic!("{other:?}"),
        }
    };
    let longest = 8_001 - url_length(1).await.unwrap();
    assert_eq!(url_length(longest).await, Some(8_000));
    assert_eq!(url_length(longest + 1).await, None);
    assert_eq!(url_length(10_000).await, None);
}

#[tokio::test]
async fn get_and_post_are_the_only_methods() {
    let house = House::new();
    for method in [Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let call = Call::get("/authorize", &TRUSTED.asks()).method(method);
        let refused = house.refused_by(&call).await;
        assert_page(&refused, 405, "invalid_request");
        assert_eq!(only(&refused.response(), &ALLOW), Some("GET, POST"));
    }
    assert!(house.grants("alice").await.is_empty());
}

/// An attacker who chooses the `Host` header must not choose where people go.
#[tokio::test]
async fn nothing_that_the_server_says_comes_from_a_host_header() {
    let house = House::new();
    let forged = |call: Call| {
        call.header(HOST, "evil.example")
            .header(HeaderName::from_static("x-forwarded-host"), "evil.example")
            .header(HeaderName::from_static("x-forwarded-proto"), "http")
            .header(HeaderName::from_static("forwarded"), "host=evil.example")
    };
    house.sign_out();
    let call = forged(Call::post("https://evil.example/authorize", &SPA.asks()));
    let Authorize::Redirect(response) = house.authorize_by(&call).await else {
        panic!("not a redirect")
    };
    assert!(location(&response).leads_to(&format!("{ISSUER}/authorize")));
    house.sign_in("alice");
    let call = forged(Call::get("https://evil.example/authorize", &TRUSTED.asks()));
    let Authorize::Redirect(response) = house.authorize_by(&call).await else {
        panic!("not a redirect")
    };
    assert_code(&response, &TRUSTED);
}

/// RFC 9207: a client that talks to two servers tells their answers apart.
#[tokio::test]
async fn two_issuers_on_the_same_stores_answer_each_by_its_own_name() {
    let house = House::new();
    for issuer in [ISSUER, "https://id.example", "https://id.example/other"] {
        let sister = house.assemble(issuer, ring(&[1])).build().unwrap();
        for form in [TRUSTED.asks(), TRUSTED.asks().with("response_type", "token")] {
            let call = Call::get("/authorize", &form);
            let Authorize::Redirect(response) = sister.authorize(&call.parts(), b"").await else {
                panic!("not a redirect")
            };
            assert_eq!(location(&response).one("iss"), issuer);
            assert_eq!(location(&response).one("state"), STATE);
        }
    }
}

#[tokio::test]
async fn the_endpoint_is_found_where_the_host_mounts_it() {
    let endpoints = Endpoints { authorization: "/oauth/start".into(), ..Endpoints::default() };
    let house = House::with(|builder| builder.endpoints(endpoints));
    house.sign_out();
    let Authorize::Redirect(response) =
        house.authorize_by(&Call::post("/start", &SPA.asks())).await
    else {
        panic!("not a redirect")
    };
    assert!(location(&response).leads_to(&format!("{ISSUER}/oauth/start")));
    let login = house.login(&SPA.asks()).await;
    let resumed = house.server.resume(login.ticket()).unwrap();
    assert!(location(&resumed).leads_to(&format!("{ISSUER}/oauth/start")));
}

#[tokio::test]
async fn line_breaks_never_reach_a_header() {
    let house = House::new();
    let injected = "x\r\nSet-Cookie: session=evil\r\n\r\n<script>";
    for name in SPA.asks().names() {
        let form: Form = SPA.asks().with(&name, injected);
        if let Authorize::Redirect(response) = house.authorize(&form).await {
            let answer = location(&response);
            assert!(answer.leads_to(SPA.redirect_uri) && !answer.url.contains("Set-Cookie"));
        }
    }
    let response = house.redirect(&SPA.asks().with("state", injected)).await;
    let answer = assert_stateless_error_redirect(&response, &SPA, "invalid_request");
    assert!(answer.all("state").is_empty());
}
