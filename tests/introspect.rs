//! The introspection endpoint (RFC 7662).

use codegrant::{Cause, ClientAuthError, Policy};
use http::Method;
use serde_json::json;

use crate::support::answers::assert_error;
use crate::support::apps::{
    API, AUDITOR, App, DASHBOARD, NOTES, OTHER_API, REPORTS_API, SPA, SYNC,
};
use crate::support::call::{Call, Form};
use crate::support::seams::Fault;
use crate::support::world::{ISSUER, START};
use crate::support::{House, Tokens};

/// Tokens of `app` for `resource`.
async fn tokens_for(house: &House, app: &App, resource: &str) -> Tokens {
    let code = house.code_for(&app.asks().with("resource", resource)).await;
    Tokens::in_answer(&house.redeem(app, &code).await)
}

#[tokio::test]
async fn a_resource_server_is_told_all_it_needs() {
    let house = House::new();
    let tokens = tokens_for(&house, &NOTES, REPORTS_API).await;
    let mut told = house.introspect(&API, &tokens.access).await;
    let jti = told["jti"].take();
    assert_eq!(jti.as_str().map(str::len), Some(43));
    assert!(!tokens.access.contains(jti.as_str().unwrap()));
    assert_eq!(
        told,
        json!({
            "active": true,
            "token_type": "Bearer",
            "iss": ISSUER,
            "sub": "alice",
            "client_id": "notes",
            "scope": "reports.read reports.write",
            "aud": [REPORTS_API],
            "iat": START,
            "exp": START + 600,
            "jti": null,
            "roles": ["analyst"],
            "permissions": ["reports:read"],
        })
    );
}

#[tokio::test]
async fn jti_tells_tokens_apart() {
    let house = House::new();
    let tokens = house.tokens(&SYNC).await;
    let next = house.refreshed(&SYNC, &tokens.refresh).await;
    let jti = async |token: &str| house.introspect(&SYNC, token).await["jti"].clone();
    assert_eq!(jti(&tokens.access).await, jti(&tokens.access).await);
    assert_ne!(jti(&tokens.access).await, jti(&next.access).await);
}

#[tokio::test]
async fn a_resource_server_sees_what_is_addressed_to_it_and_nothing_else() {
    let house = House::new();
    let hidden = json!({"active": false});
    for unseen in [house.tokens(&NOTES).await, tokens_for(&house, &NOTES, OTHER_API).await] {
        assert_eq!(house.introspect(&API, &unseen.access).await, hidden);
    }
    let seen = tokens_for(&house, &NOTES, REPORTS_API).await;
    assert_eq!(house.introspect(&API, &seen.access).await["active"], true);
    assert_eq!(house.introspect(&API, &seen.refresh).await, hidden, "it is not addressed to it");
}

#[tokio::test]
async fn a_client_that_authenticates_sees_its_own_tokens_without_the_users_permissions() {
    let house = House::new();
    let tokens = tokens_for(&house, &SYNC, REPORTS_API).await;
    for token in [&tokens.access, &tokens.refresh] {
        let told = house.introspect(&SYNC, token).await;
        assert_eq!(told["active"], true);
        assert!(told.get("roles").is_none() && told.get("permissions").is_none());
        assert_eq!(house.introspect(&DASHBOARD, token).await, json!({"active": false}));
    }
}

#[tokio::test]
async fn whoever_may_introspect_any_sees_all_of_them() {
    let house = House::new();
    for app in [NOTES, SYNC] {
        let tokens = house.tokens(&app).await;
        let told = house.introspect(&AUDITOR, &tokens.access).await;
        assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(app.id)));
        assert_eq!(told["permissions"], json!(["reports:read"]));
        let told = house.introspect(&AUDITOR, &tokens.refresh).await;
        assert_eq!(told["token_type"], "refresh_token");
        assert_eq!(told["exp"], START + 14 * 24 * 3600);
    }
}

#[tokio::test]
async fn permissions_are_told_only_where_the_policy_releases_them() {
    let policy = Policy { introspection_tells_permissions: false, ..Policy::default() };
    let house = House::with(|builder| builder.policy(policy));
    let tokens = tokens_for(&house, &NOTES, REPORTS_API).await;
    for app in [API, AUDITOR] {
        let told = house.introspect(&app, &tokens.access).await;
        assert!(told["active"] == true && told.get("permissions").is_none());
        assert!(told.get("roles").is_none());
    }
}

/// Whoever guesses tokens must not be able to ask (RFC 7662 section 2.1).
#[tokio::test]
async fn public_clients_and_strangers_may_not_ask() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    let form = Form::of(&[("token", &tokens.access)]);
    for call in [
        NOTES.calls("/introspect", &form),
        SPA.calls("/introspect", &form),
        Call::post("/introspect", &form),
        Call::post("/introspect", &form.clone().with("client_id", API.id)),
    ] {
        let response = house.server.introspect(&call.parts(), &call.body).await;
        assert_error(&response, 401, "invalid_client");
    }
    let spa = SPA.calls("/introspect", &form);
    let response = house.server.introspect(&spa.parts(), &spa.body).await;
    let cause = response.extensions().get::<Cause>().unwrap();
    assert!(matches!(cause, Cause::ClientAuthentication(ClientAuthError::Public)), "{cause:?}");
}

#[tokio::test]
async fn whatever_is_not_valid_now_is_inactive_and_nothing_more_is_said() {
    let house = House::new();
    let inactive = json!({"active": false});
    let code = house.code(&SYNC).await;
    let first = house.tokens(&NOTES).await;
    let next = house.refreshed(&NOTES, &first.refresh).await;
    let altered = format!("{}A", next.access);
    for token in ["x", &code, &first.refresh, &altered] {
        assert_eq!(house.introspect(&AUDITOR, token).await, inactive, "{token}");
    }
    house.pass(600);
    assert_eq!(house.introspect(&AUDITOR, &next.access).await, inactive);
    assert_eq!(house.introspect(&AUDITOR, &next.refresh).await["active"], true);
    house.revoke(&NOTES, &next.refresh).await;
    assert_eq!(house.introspect(&AUDITOR, &next.refresh).await, inactive);
}

/// What the token endpoint would refuse is not active.
#[tokio::test]
async fn a_refresh_token_counts_for_what_its_client_may_do_now() {
    let house = House::new();
    let tokens = house.tokens(&SYNC).await;
    let less = SYNC.builder().scope("reports.read").default_scope("").refresh_token();
    house.clients.put(less.build().unwrap());
    let told = house.introspect(&AUDITOR, &tokens.refresh).await;
    assert_eq!(told["scope"], "reports.read");
    assert!(told.get("permissions").is_none(), "it opens no resource");
    house.clients.put(SYNC.builder().build().unwrap());
    let told = house.introspect(&AUDITOR, &tokens.refresh).await;
    assert_eq!(told, json!({"active": false}));
}

/// Asking must not be a way to refresh, rotate, or set off the alarm.
#[tokio::test]
async fn asking_changes_nothing() {
    let house = House::new();
    let first = house.tokens(&NOTES).await;
    let next = house.refreshed(&NOTES, &first.refresh).await;
    house.pass(60);
    let before = house.records().await;
    for token in [&first.access, &first.refresh, &next.access, &next.refresh] {
        house.introspect(&AUDITOR, token).await;
    }
    assert_eq!(house.records().await, before);
}

#[tokio::test]
async fn a_user_who_is_gone_is_inactive_and_the_grant_ends() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    house.people.remove("alice");
    assert_eq!(house.introspect(&AUDITOR, &tokens.access).await, json!({"active": false}));
    assert!(house.grants("alice").await.iter().all(|grant| grant.is_ended()));
}

#[tokio::test]
async fn a_host_that_cannot_answer_is_503_and_never_inactive() {
    for seam in ["client", "grant", "user"] {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        house.seams.fail(seam, Fault::Before);
        for token in [&tokens.access, &tokens.refresh] {
            let call = AUDITOR.calls("/introspect", &Form::of(&[("token", token)]));
            let response = house.server.introspect(&call.parts(), &call.body).await;
            assert_error(&response, 503, "temporarily_unavailable");
        }
    }
}

#[tokio::test]
async fn a_request_that_is_none_is_told_so() {
    let house = House::new();
    let good = API.calls("/introspect", &Form::of(&[("token", "x")]));
    for (bad, status) in [
        (API.calls("/introspect", &Form::default()), 400),
        (good.clone().uri("/introspect?token=x"), 400),
        (good.clone().method(Method::GET), 405),
    ] {
        let response = house.server.introspect(&bad.parts(), &bad.body).await;
        assert_error(&response, status, "invalid_request");
    }
}
