//! The authentication request (OpenID Connect Core section 3.1.2): what it asks,
//! what becomes of it, and what the grant remembers for the tokens to come.

use codegrant::{Acr, Authorize, ClaimNames, Decision, Granted, LoginReason, Provider, Response};
use http::Method;
use serde_json::{Value, json};

use crate::support::answers::{assert_code, assert_error_redirect, json as body_of, location};
use crate::support::apps::{App, DASHBOARD, SPA, SYNC, TRUSTED};
use crate::support::call::{Call, Form};
use crate::support::openid::keys;
use crate::support::{House, scope};

const ALL: &str = "openid profile email address phone offline_access reports.read";

/// An OpenID Connect provider, whose clients may ask for everything.
fn provider() -> House {
    let acrs = ["gold", "silver"].map(|acr| Acr::parse(acr).unwrap());
    let house =
        House::with(|builder| builder.openid(Provider::new(keys())).acr_values_supported(acrs));
    register(&house);
    house
}

fn register(house: &House) {
    for app in [DASHBOARD, SPA] {
        house.clients.put(app.builder().scope(ALL).build().unwrap());
    }
    house.clients.put(SYNC.builder().scope(ALL).refresh_token().build().unwrap());
    house.clients.put(TRUSTED.builder().scope(ALL).refresh_token().trusted().build().unwrap());
}

/// An authentication request.
fn asks(app: &App) -> Form {
    app.asks().with("scope", "openid")
}

/// What the only grant of alice's keeps of its request; `Null` if it was none.
async fn kept(house: &House) -> Value {
    let grants = house.grants("alice").await;
    assert_eq!(grants.len(), 1);
    let record: Value = serde_json::from_str(&grants[0].to_record().unwrap()).unwrap();
    record["facts"]["particulars"].get("openid").cloned().unwrap_or_default()
}

async fn allow(house: &House, form: &Form) -> Response {
    house.allow(house.consent(form).await.ticket()).await
}

fn names(names: &[&str]) -> ClaimNames {
    names.iter().copied().collect()
}

fn claims(acr: &str, essential: bool) -> Form {
    let claims = json!({"id_token": {"acr": {"essential": essential, "value": acr}}});
    asks(&TRUSTED).with("claims", &claims.to_string())
}

fn assert_login(authorize: Authorize, reason: LoginReason) -> String {
    match authorize {
        Authorize::Login(login) => {
            assert_eq!(login.reason(), reason);
            login.ticket().to_owned()
        }
        other => panic!("not a login page: {other:?}"),
    }
}

async fn resume(house: &House, ticket: &str) -> Authorize {
    let back = location(&house.server.resume(ticket).unwrap());
    house.authorize_by(&Call::to(Method::GET, &back.url)).await
}

fn assert_refused(authorize: Authorize, error: &str) {
    match authorize {
        Authorize::Redirect(response) => assert_error_redirect(&response, &TRUSTED, error),
        other => panic!("not an answer: {other:?}"),
    }
}

#[tokio::test]
async fn the_grant_remembers_what_the_request_asked_of_tokens_and_nothing_more() {
    for (form, expected) in [
        (asks(&DASHBOARD), json!({})),
        (
            asks(&DASHBOARD).with("nonce", "n-0S6_WzA2Mj \u{fc}"),
            json!({"nonce": "n-0S6_WzA2Mj \u{fc}"}),
        ),
        (asks(&DASHBOARD).with("max_age", "60"), json!({})),
        (asks(&DASHBOARD).with("claims", r#"{"id_token":{"auth_time":null}}"#), json!({})),
        (
            asks(&DASHBOARD).with("claims_locales", "de it_IT fr"),
            json!({"claims_locales": "de fr"}),
        ),
        (
            asks(&DASHBOARD).with(
                "claims",
                r#"{"userinfo":{"email":{"essential":true,"value":"a"},"nickname":null},
                    "id_token":{"acr":{"value":"bronze"},"name#de":null,"shoe_size":null},"x":1}"#,
            ),
            json!({"claims": {
                "userinfo": {"email": {}, "nickname": {}}, "id_token": {"name#de": {}},
            }}),
        ),
        (asks(&DASHBOARD).with("ui_locales", "de").with("display", "page"), json!({})),
    ] {
        let house = provider();
        assert_code(&allow(&house, &form).await, &DASHBOARD);
        assert_eq!(kept(&house).await, expected, "{}", form.encode());
    }
}

#[tokio::test]
async fn what_is_remembered_outlives_redemption_and_refresh() {
    let house = provider();
    let code = location(&allow(&house, &asks(&SYNC).with("nonce", "n")).await).one("code");
    let tokens = body_of(&house.redeem(&SYNC, &code).await);
    house.refresh(&SYNC, tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(kept(&house).await, json!({"nonce": "n"}));
}

/// On a server that is no provider, and for a request without the scope, none of
/// it means anything: not even what is wrong with it.
#[tokio::test]
async fn without_openid_it_is_a_plain_authorization_request() {
    let spoil = |form: Form| {
        form.with("nonce", "a\nb")
            .with("claims", "{")
            .with("claims_locales", "_")
            .with("id_token_hint", "e30")
            .with("registration", "{}")
    };
    let plain = House::new();
    register(&plain);
    let offline = asks(&DASHBOARD).with("scope", "openid offline_access");
    for (house, form) in [(plain, offline), (provider(), asks(&DASHBOARD).with("scope", "profile"))]
    {
        let consent = house.consent(&spoil(form.clone())).await;
        assert_eq!(consent.scope(), &scope(form.value("scope")));
        assert!(consent.claims().is_empty());
        assert_code(&house.allow(consent.ticket()).await, &DASHBOARD);
        assert_eq!(kept(&house).await, Value::Null);
        assert!(!house.grants("alice").await[0].survives_sign_out());
    }
}

#[tokio::test]
async fn a_confidential_client_needs_neither_pkce_nor_nonce() {
    let house = provider();
    let form = asks(&DASHBOARD).without_pkce();
    assert_code(&allow(&house, &form).await, &DASHBOARD);
    let public = house.redirect(&asks(&SPA).without_pkce()).await;
    assert_error_redirect(&public, &SPA, "invalid_request");
}

/// Plain requests may leave it out where there is but one (RFC 6749 section 3.1.2.3).
#[tokio::test]
async fn an_authentication_request_names_its_redirect_uri() {
    let house = provider();
    let unnamed = asks(&DASHBOARD).without("redirect_uri");
    assert_error_redirect(&house.redirect(&unnamed).await, &DASHBOARD, "invalid_request");
    house.consent(&unnamed.with("scope", "reports.read")).await;
}

#[tokio::test]
async fn malformed_parameters_are_an_error_after_the_login() {
    let long = "n".repeat(4097);
    let large = json!({"userinfo": {"a": {"value": "v".repeat(8192)}}}).to_string();
    for (name, value, error) in [
        ("nonce", "a\r\nb", "invalid_request"),
        ("nonce", &long, "invalid_request"),
        ("claims", "{", "invalid_request"),
        ("claims", "[]", "invalid_request"),
        ("claims", "null", "invalid_request"),
        ("claims", r#"{"userinfo":["email"]}"#, "invalid_request"),
        ("claims", r#"{"id_token":{"email":true}}"#, "invalid_request"),
        ("claims", r#"{"id_token":{"email":null,"email":null}}"#, "invalid_request"),
        ("claims", r#"{"id_token":{"acr":{"values":[]}}}"#, "invalid_request"),
        ("claims", r#"{"id_token":{"acr":{"value":1}}}"#, "invalid_request"),
        ("claims", r#"{"id_token":{"acr":{"value":"a","values":["b"]}}}"#, "invalid_request"),
        ("claims", r#"{"id_token":{"sub":{"value":7}}}"#, "invalid_request"),
        ("claims", r#"{"id_token":{"sub":{"value":""}}}"#, "invalid_request"),
        (
            "claims",
            r#"{"id_token":{"sub":{"value":"alice"}},"userinfo":{"sub":{"value":"bob"}}}"#,
            "invalid_request",
        ),
        ("claims", &large, "invalid_request"),
        ("id_token_hint", "e30.e30.c2ln", "invalid_request"),
        ("registration", "{}", "registration_not_supported"),
        ("request", "e30.e30.", "request_not_supported"),
        ("request_uri", "urn:x", "request_uri_not_supported"),
    ] {
        let house = provider();
        let form = asks(&SPA).with(name, value);
        assert_error_redirect(&house.redirect(&form).await, &SPA, error);
        house.sign_out();
        house.login(&form).await;
        assert!(house.grants("alice").await.is_empty());
    }
}

#[tokio::test]
async fn repeated_parameters_are_an_error_and_empty_ones_are_none() {
    for (name, value) in [
        ("nonce", "n"),
        ("claims", "{}"),
        ("claims_locales", "de"),
        ("id_token_hint", "e30.e30.c2ln"),
        ("registration", "{}"),
    ] {
        let house = provider();
        let twice = asks(&SPA).and(name, value).and(name, value);
        assert_error_redirect(&house.redirect(&twice).await, &SPA, "invalid_request");
        allow(&house, &asks(&SPA).and(name, "")).await;
        assert_eq!(kept(&house).await, json!({}));
    }
}

#[tokio::test]
async fn consent_covers_the_claims_that_were_allowed_and_no_others() {
    let house = provider();
    let email = asks(&DASHBOARD).with("claims", r#"{"userinfo":{"email":null}}"#);
    let more = r#"{"id_token":{"email":null,"birthdate":{"essential":true}}}"#;
    let consent = house.consent(&email).await;
    assert_eq!(consent.claims(), &names(&["email"]));
    house.allow(consent.ticket()).await;
    assert_code(&house.redirect(&email).await, &DASHBOARD);
    assert_code(&house.redirect(&asks(&DASHBOARD)).await, &DASHBOARD);
    let consent = house.consent(&asks(&DASHBOARD).with("claims", more)).await;
    assert_eq!(consent.claims(), &names(&["birthdate", "email"]));
    // What tells of the sign-in and not of the person is nobody's to allow.
    let of_the_sign_in = r#"{"id_token":{"acr":null,"auth_time":null,"sub":null}}"#;
    let form = asks(&DASHBOARD).with("claims", of_the_sign_in);
    assert_code(&house.redirect(&form).await, &DASHBOARD);
}

#[tokio::test]
async fn claims_that_the_user_leaves_out_are_neither_granted_nor_remembered() {
    let house = provider();
    let wanted = r#"{"userinfo":{"email":null,"birthdate":null},"id_token":{"acr":null}}"#;
    let form = asks(&DASHBOARD).with("claims", wanted);
    let consent = house.consent(&form).await;
    let some = Granted::everything().with_claims(names(&["email", "address"]));
    let response = house.decide(consent.ticket(), Decision::Allow(some)).await.unwrap();
    assert_code(&response, &DASHBOARD);
    assert_eq!(kept(&house).await, json!({"claims": {"userinfo": {"email": {}}}}));
    house.consent(&form).await;
}

/// Without the scope that makes it one, it is no authentication request any more.
#[tokio::test]
async fn who_does_not_allow_openid_allows_no_claims_either() {
    let house = provider();
    let form = asks(&DASHBOARD).with("scope", "openid reports.read").with("nonce", "n");
    let consent = house.consent(&form).await;
    let less = Decision::Allow(Granted::only(scope("reports.read")));
    house.decide(consent.ticket(), less).await.unwrap();
    assert_eq!(kept(&house).await, Value::Null);
}

/// Core section 5.5.1.1: an essential `acr` is reached by a login, or not at all.
#[tokio::test]
async fn an_essential_acr_is_asked_for_once_and_its_absence_is_an_error() {
    let house = provider();
    let form = claims("gold", true);
    let ticket = assert_login(house.authorize(&form).await, LoginReason::Acr);
    assert_login(resume(&house, &ticket).await, LoginReason::Acr);
    house.pass(1);
    house.sign_in("alice");
    assert_refused(resume(&house, &ticket).await, "unmet_authentication_requirements");
    house.pass(1);
    let acr = |acr: &str| house.authentication("alice").with_acr(Acr::parse(acr).unwrap());
    house.browser.set(Some(acr("silver")));
    assert_refused(resume(&house, &ticket).await, "unmet_authentication_requirements");
    house.browser.set(Some(acr("gold")));
    match house.authorize(&form).await {
        Authorize::Redirect(response) => assert_code(&response, &TRUSTED),
        other => panic!("{other:?}"),
    };
}

#[tokio::test]
async fn an_essential_acr_that_no_page_reaches_is_an_error_at_once() {
    let house = provider();
    assert_refused(
        house.authorize(&claims("platinum", true)).await,
        "unmet_authentication_requirements",
    );
    let none = claims("gold", true).with("prompt", "none");
    assert_refused(house.authorize(&none).await, "login_required");
    house.sign_out();
    house.login(&claims("platinum", true)).await;
}

#[tokio::test]
async fn an_essential_acr_overrules_acr_values_and_a_voluntary_one_does_not() {
    for (essential, wanted) in [(true, "gold"), (false, "silver")] {
        let house = provider();
        let form = claims("gold", essential).with("acr_values", "silver");
        let login = house.login(&form).await;
        let wanted_acrs: Vec<_> = login.acr_values().iter().map(Acr::as_str).collect();
        assert_eq!(wanted_acrs, [wanted]);
    }
}

/// Core section 5.5.1: no code for anybody but the user whom the client names.
#[tokio::test]
async fn another_user_than_the_one_named_has_to_sign_in() {
    for wanted in [
        r#"{"id_token":{"sub":{"value":"bob"}}}"#,
        r#"{"userinfo":{"sub":{"value":"bob"}}}"#,
        r#"{"id_token":{"sub":{"values":["carol","bob"]}},"userinfo":{"sub":{"value":"bob"}}}"#,
    ] {
        let house = provider();
        let form = asks(&TRUSTED).with("claims", wanted);
        let none = form.clone().with("prompt", "none");
        assert_error_redirect(&house.redirect(&none).await, &TRUSTED, "login_required");
        let ticket = assert_login(house.authorize(&form).await, LoginReason::OtherUser);
        let named = house.server.login(&ticket).await.unwrap();
        assert_eq!(named.subjects().last().unwrap().as_str(), "bob");
        assert_login(resume(&house, &ticket).await, LoginReason::OtherUser);
        house.pass(1);
        house.sign_in("alice");
        assert_refused(resume(&house, &ticket).await, "login_required");
        house.sign_in("bob");
        match resume(&house, &ticket).await {
            Authorize::Redirect(response) => assert_code(&response, &TRUSTED),
            other => panic!("{other:?}"),
        };
        assert!(house.grants("alice").await.is_empty());
    }
}

/// Core section 11: only where the user is about to be asked, or the operator
/// answers for the client, and only for clients that may refresh.
#[tokio::test]
async fn offline_access_is_ignored_unless_its_conditions_are_met() {
    let asked = "openid offline_access";
    for (app, prompt, permitted) in [
        (SYNC, "consent", true),
        (SYNC, "consent login", true),
        (SYNC, "", false),
        (DASHBOARD, "consent", false),
        (DASHBOARD, "", false),
    ] {
        let house = provider();
        let form = asks(&app).with("scope", asked).with("prompt", prompt);
        let ticket = match house.authorize(&form).await {
            Authorize::Consent(consent) => consent.ticket().to_owned(),
            Authorize::Login(login) => {
                house.pass(1);
                house.sign_in("alice");
                match resume(&house, login.ticket()).await {
                    Authorize::Consent(consent) => consent.ticket().to_owned(),
                    other => panic!("{other:?}"),
                }
            }
            other => panic!("{other:?}"),
        };
        house.allow(&ticket).await;
        let grants = house.grants("alice").await;
        let granted = if permitted { asked } else { "openid" };
        assert_eq!(grants[0].scope(), &scope(granted), "{} {prompt}", app.id);
        assert_eq!(grants[0].survives_sign_out(), permitted, "{} {prompt}", app.id);
    }
    let house = provider();
    house.redirect(&asks(&TRUSTED).with("scope", asked)).await;
    assert!(house.grants("alice").await[0].survives_sign_out());
}

#[tokio::test]
async fn who_does_not_allow_offline_access_ends_it_with_their_session() {
    let house = provider();
    let form = asks(&SYNC).with("scope", "openid offline_access").with("prompt", "consent");
    let consent = house.consent(&form).await;
    let online = Decision::Allow(Granted::only(scope("openid")));
    house.decide(consent.ticket(), online).await.unwrap();
    assert!(!house.grants("alice").await[0].survives_sign_out());
}

#[tokio::test]
async fn the_grant_remembers_how_the_user_signed_in() {
    let house = provider();
    let end = house.authentication("alice").authenticated_at();
    let acr = Acr::parse("gold").unwrap();
    let amr = ["pwd", "otp"].map(|amr| codegrant::Amr::parse(amr).unwrap());
    let alice = house.authentication("alice").with_acr(acr).with_amr(amr).with_session_end(end);
    house.browser.set(Some(alice.clone()));
    house.redirect(&asks(&TRUSTED)).await;
    let grant = &house.grants("alice").await[0];
    let read = codegrant::Grant::from_record(&grant.to_record().unwrap(), 1).unwrap();
    assert_eq!(read.authentication(), &alice);
}

/// What there is no OpenID Connect in takes no byte more than before.
#[tokio::test]
async fn the_record_of_a_plain_grant_has_no_new_member() {
    let house = House::new();
    house.redirect(&TRUSTED.asks()).await;
    let record: Value =
        serde_json::from_str(&house.grants("alice").await[0].to_record().unwrap()).unwrap();
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        members(&record["facts"]),
        [
            "approved_at",
            "attempt",
            "authentication",
            "client",
            "expires_at",
            "id",
            "scope",
            "stage"
        ]
    );
    assert_eq!(
        members(&record["facts"]["authentication"]),
        ["authenticated_at", "session", "subject"]
    );
}

#[test]
fn the_metadata_say_what_requests_may_hold() {
    let house = provider();
    let metadata: Value = serde_json::from_str(house.server.metadata().body()).unwrap();
    for (name, expected) in [
        ("acr_values_supported", json!(["gold", "silver"])),
        ("claims_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(false)),
        ("request_uri_parameter_supported", json!(false)),
        ("display_values_supported", json!(["page", "popup", "touch", "wap"])),
    ] {
        assert_eq!(metadata[name], expected, "{name}");
    }
}
