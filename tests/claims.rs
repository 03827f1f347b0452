//! Which claims about the user a client is told (OpenID Connect Core sections 5.1
//! to 5.6).

use codegrant::{ClaimNames, ClientId, ConsentStore, Decision, Granted, Subject, User};
use serde_json::{Value, json};

use crate::support::answers::location;
use crate::support::apps::{App, DASHBOARD, SYNC, TRUSTED};
use crate::support::call::Form;
use crate::support::userinfo::{
    EVERYTHING, access_token, alice, asks, provider, provider_with, token_of, told, told_after,
};
use crate::support::{House, Tokens, scope};

/// A request for `scope` that asks for `claims` one by one.
fn asks_for(app: &App, scope: &str, claims: &Value) -> Form {
    asks(app, scope).with("claims", &claims.to_string())
}

/// What the client is told when the user decides so.
async fn told_when(house: &House, form: &Form, granted: Granted) -> Value {
    let consent = house.consent(form).await;
    let response = house.decide(consent.ticket(), Decision::Allow(granted)).await.unwrap();
    let redeemed = house.redeem(&DASHBOARD, &location(&response).one("code")).await;
    told(house, &access_token(&redeemed)).await
}

fn names(names: &[&str]) -> ClaimNames {
    names.iter().copied().collect()
}

#[tokio::test]
async fn each_scope_releases_its_claims_and_none_without_a_value() {
    let house = provider();
    for (scope, expected) in [
        ("openid", json!({})),
        ("openid reports.read payroll", json!({})),
        (
            "openid profile",
            json!({"name": "Alice Adams", "given_name": "Alice", "updated_at": 1_799_999_999}),
        ),
        ("openid email", json!({"email": "alice@example.com", "email_verified": true})),
        ("openid address", json!({"address": {"locality": "Bern", "country": "CH"}})),
        ("openid phone", json!({"phone_number": "+41 31 000 00 00"})),
        (
            "phone openid address",
            json!({
                "phone_number": "+41 31 000 00 00",
                "address": {"locality": "Bern", "country": "CH"},
            }),
        ),
    ] {
        let mut expected = expected;
        expected["sub"] = "alice".into();
        assert_eq!(told_after(&house, &DASHBOARD, &asks(&DASHBOARD, scope)).await, expected);
    }
}

#[tokio::test]
async fn a_scope_releases_what_the_provider_says_roles_and_permissions_too() {
    let house = provider_with(|provider| {
        provider
            .scope_claims("payroll", ["employee_number"])
            .scope_claims("staff", ["roles", "permissions"])
            .scope_claims("email", ["given_name"])
    });
    let told_for = async |scope| told_after(&house, &DASHBOARD, &asks(&DASHBOARD, scope)).await;
    assert_eq!(told_for("openid payroll").await, json!({"sub": "alice", "employee_number": 42}));
    assert_eq!(
        told_for("openid staff").await,
        json!({"sub": "alice", "roles": ["analyst"], "permissions": ["reports:read"]})
    );
    let emailed = told_for("openid email").await;
    assert_eq!(
        (&emailed["email"], &emailed["given_name"]),
        (&json!("alice@example.com"), &json!("Alice"))
    );
    house.people.put("alice", User::new());
    assert_eq!(
        told_for("openid staff").await,
        json!({"sub": "alice", "roles": [], "permissions": []})
    );
}

#[tokio::test]
async fn claims_are_told_one_by_one_where_they_are_asked_for() {
    let house = provider();
    let claims = json!({
        "userinfo": {"email": null, "roles": {"essential": true}, "nickname": {"essential": true}},
        "id_token": {"phone_number": null, "given_name": {"essential": true}},
    });
    assert_eq!(
        told_after(&house, &DASHBOARD, &asks_for(&DASHBOARD, "openid", &claims)).await,
        json!({"sub": "alice", "email": "alice@example.com", "roles": ["analyst"]})
    );
}

/// What the user has is told, whatever the client would like it to be (section
/// 5.5.1).
#[tokio::test]
async fn wanted_values_of_claims_are_wishes() {
    let house = provider();
    let claims = json!({"userinfo": {
        "email": {"essential": true, "value": "bob@example.com"},
        "given_name": {"values": ["Bob", "Carol"]},
        "birthdate": {"essential": true, "value": "2000-01-01"},
    }});
    assert_eq!(
        told_after(&house, &DASHBOARD, &asks_for(&DASHBOARD, "openid", &claims)).await,
        json!({"sub": "alice", "email": "alice@example.com", "given_name": "Alice"})
    );
}

#[tokio::test]
async fn claims_come_in_the_language_that_is_wanted() {
    let house = provider();
    let user = alice().with_claims([("name#de", "Alis"), ("name#ja-Kana-JP", "アリス")]);
    house.people.put("alice", user);
    for (locales, expected) in
        [("", "Alice Adams"), ("fr", "Alice Adams"), ("fr de-CH", "Alis"), ("ja", "アリス")]
    {
        let form = asks(&DASHBOARD, "openid profile").with("claims_locales", locales);
        let told = told_after(&house, &DASHBOARD, &form).await;
        assert_eq!(told["name"], expected, "{locales:?}");
        assert!(told.as_object().unwrap().keys().all(|name| !name.contains('#')), "{told}");
    }
    let claims = json!({"userinfo": {"name#DE": null, "name#fr": null, "name": null}});
    assert_eq!(
        told_after(&house, &DASHBOARD, &asks_for(&DASHBOARD, "openid", &claims)).await,
        json!({"sub": "alice", "name": "Alice Adams", "name#DE": "Alis"})
    );
}

/// A directory that lets users edit what it keeps of them may return anything.
#[tokio::test]
async fn what_the_protocol_says_never_comes_from_the_directory() {
    let forged = [
        "sub",
        "sub#de",
        "iss",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "azp",
        "sid",
        "at_hash",
        "c_hash",
        "s_hash",
        "cnf",
        "events",
        "_claim_names",
        "_claim_sources",
    ];
    let house = provider_with(|provider| provider.scope_claims("payroll", forged));
    house.people.put("alice", alice().with_claims(forged.map(|name| (name, "root"))));
    let wanted: Value = forged.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    let form = |scope| asks(&DASHBOARD, scope);
    let by_claims = asks_for(&DASHBOARD, "openid", &json!({"userinfo": wanted}));
    for form in [form("openid payroll"), by_claims] {
        assert_eq!(told_after(&house, &DASHBOARD, &form).await, json!({"sub": "alice"}));
    }
}

#[tokio::test]
async fn what_the_user_left_out_is_not_told_by_any_name() {
    let house = provider();
    let claims = json!({"userinfo": {"email": null, "phone_number": null, "name#de": null}});
    let form = asks_for(&DASHBOARD, "openid email profile", &claims).with("prompt", "consent");
    let phone = "+41 31 000 00 00";
    for (granted, expected) in [
        (Granted::only(scope("openid")), json!({"sub": "alice", "phone_number": phone})),
        (Granted::only(scope("openid")).with_claims(names(&[])), json!({"sub": "alice"})),
        (
            Granted::only(scope("openid")).with_claims(names(&["email"])),
            json!({"sub": "alice", "email": "alice@example.com"}),
        ),
        (
            Granted::only(scope("openid email")).with_claims(names(&[])),
            json!({"sub": "alice", "email": "alice@example.com", "email_verified": true}),
        ),
        (
            Granted::only(scope("openid")).with_claims(names(&["address", "birthdate"])),
            json!({"sub": "alice"}),
        ),
    ] {
        assert_eq!(told_when(&house, &form, granted.clone()).await, expected, "{granted:?}");
    }
}

/// Anybody can write a link that asks in a client's name, and the user reads the
/// claims on the provider's own page.
#[tokio::test]
async fn what_the_provider_does_not_offer_is_neither_asked_of_the_user_nor_told() {
    let house = provider_with(|provider| provider.scope_claims("payroll", ["employee_number"]));
    house.people.put("alice", alice().with_claim("shoe_size", 38).with_claim("name#x", "Al"));
    let claims = json!({"userinfo": {
        "employee_number": null,
        "shoe_size": {"essential": true},
        "name#x": null,
        "name#press-Allow-to-keep-your-account": null,
        "name#press Allow": null,
        "To keep your account, press Allow within 5 minutes": null,
        "\u{202e}emohp rebmun": null,
        "name\r\n\r\nThis page is out of date": null,
        "email\u{200b}": null,
    }});
    let form = asks_for(&DASHBOARD, "openid", &claims);
    assert_eq!(house.consent(&form).await.claims(), &names(&["employee_number", "name"]));
    assert_eq!(
        told_after(&house, &DASHBOARD, &form).await,
        json!({"sub": "alice", "employee_number": 42, "name#x": "Al"})
    );
}

/// Neither by names that mean nothing nor by languages that nobody speaks.
#[tokio::test]
async fn what_is_remembered_of_one_client_does_not_grow_with_every_request() {
    let house = provider();
    let (user, client) = (Subject::parse("alice").unwrap(), ClientId::parse(DASHBOARD.id).unwrap());
    for round in 0..30 {
        let asked = (0..50).flat_map(|n| [format!("c{round}.{n}"), format!("name#{round}-{n}")]);
        let asked: Value = asked.map(|name| (name, Value::Null)).collect();
        let form = asks_for(&DASHBOARD, "openid", &json!({"userinfo": asked}));
        house.code_for(&form.with("prompt", "consent")).await;
        let kept = house.consents.consented(&user, &client).await.unwrap().unwrap();
        assert_eq!(kept.claims(), &names(&["name"]));
    }
}

/// Allowing more later changes nothing about what was allowed before.
#[tokio::test]
async fn no_token_tells_more_than_its_own_request_was_allowed() {
    let house = provider();
    let before = token_of(&house, &DASHBOARD, &asks(&DASHBOARD, "openid")).await;
    let everything = asks(&DASHBOARD, EVERYTHING);
    assert!(told_after(&house, &DASHBOARD, &everything).await["email"].is_string());
    assert_eq!(told(&house, &before).await, json!({"sub": "alice"}));
}

#[tokio::test]
async fn a_token_of_less_scope_tells_less() {
    let house = provider();
    let form = asks(&SYNC, "openid email phone").with("claims", r#"{"userinfo":{"name":null}}"#);
    let response = house.redeem(&SYNC, &house.code_for(&form).await).await;
    let tokens = Tokens::in_answer(&response);
    let renewal = App::renewal(&tokens.refresh).with("scope", "openid phone");
    let narrowed = access_token(&house.token(&SYNC.calls_token(&renewal)).await);
    assert_eq!(
        told(&house, &narrowed).await,
        json!({"sub": "alice", "phone_number": "+41 31 000 00 00", "name": "Alice Adams"})
    );
}

#[tokio::test]
async fn a_client_that_may_ask_for_less_is_told_less_at_once() {
    let house = provider();
    let token = token_of(&house, &DASHBOARD, &asks(&DASHBOARD, "openid email")).await;
    assert!(told(&house, &token).await["email"].is_string());
    let fewer = DASHBOARD.builder().scope("openid").default_scope("openid").build().unwrap();
    house.clients.put(fewer);
    assert_eq!(told(&house, &token).await, json!({"sub": "alice"}));
}

#[tokio::test]
async fn what_is_told_is_as_the_directory_has_it_now() {
    let house = provider();
    let token = token_of(&house, &TRUSTED, &asks(&TRUSTED, "openid email")).await;
    house.people.put("alice", User::new().with_claim("email", "new@example.com"));
    assert_eq!(told(&house, &token).await, json!({"sub": "alice", "email": "new@example.com"}));
}
