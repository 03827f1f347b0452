//! A provider of which clients ask about alice.

use codegrant::{Algorithm, Builder, KeySet, Provider, Response, User};
use serde_json::{Value, json};

use super::House;
use super::answers::json as body_of;
use super::apps::{App, BILLING, DASHBOARD, SPA, SYNC, TRUSTED};
use super::call::{Call, Form, bearer};
use super::openid::own_key;

/// All that a client may ask for.
pub(crate) const EVERYTHING: &str =
    "openid profile email address phone payroll staff offline_access reports.read reports.write";

/// Of RS256 and these.
pub(crate) fn keys(algorithms: &[Algorithm]) -> KeySet {
    let others = algorithms.iter().filter(|algorithm| **algorithm != Algorithm::Rs256);
    KeySet::new([&Algorithm::Rs256].into_iter().chain(others).map(|one| own_key(*one))).unwrap()
}

/// A provider, of whose claims nothing was changed.
pub(crate) fn provider() -> House {
    provider_with(|provider| provider)
}

pub(crate) fn provider_with(change: impl FnOnce(Provider) -> Provider) -> House {
    house(change(Provider::new(keys(&[Algorithm::EdDsa]))), |builder| builder)
}

/// A house with this provider, whose clients may ask for everything.
pub(crate) fn house(provider: Provider, change: impl FnOnce(Builder) -> Builder) -> House {
    let house = House::with(|builder| change(builder.openid(provider)));
    for app in [DASHBOARD, BILLING, SPA] {
        house.clients.put(app.builder().scope(EVERYTHING).build().unwrap());
    }
    house.clients.put(SYNC.builder().scope(EVERYTHING).refresh_token().build().unwrap());
    house.clients.put(TRUSTED.builder().scope(EVERYTHING).trusted().build().unwrap());
    house.people.put("alice", alice());
    house
}

/// Alice, with something to tell for every standard scope.
pub(crate) fn alice() -> User {
    User::new()
        .with_roles(["analyst"])
        .with_permissions(["reports:read"])
        .with_claim("name", "Alice Adams")
        .with_claim("given_name", "Alice")
        .with_claim("nickname", Value::Null)
        .with_claim("website", "")
        .with_claim("updated_at", 1_799_999_999)
        .with_claim("email", "alice@example.com")
        .with_claim("email_verified", true)
        .with_claim("address", json!({"locality": "Bern", "country": "CH"}))
        .with_claim("phone_number", "+41 31 000 00 00")
        .with_claim("employee_number", 42)
}

/// An authentication request for `scope`.
pub(crate) fn asks(app: &App, scope: &str) -> Form {
    app.asks().with("scope", scope)
}

/// The access token that `form` leads to, all of it allowed.
pub(crate) async fn token_of(house: &House, app: &App, form: &Form) -> String {
    access_token(&house.redeem(app, &house.code_for(form).await).await)
}

pub(crate) fn access_token(response: &Response) -> String {
    assert_eq!(response.status(), 200, "{}", response.body());
    body_of(response)["access_token"].as_str().unwrap().to_owned()
}

/// The userinfo endpoint, asked in this way.
pub(crate) async fn userinfo(house: &House, call: &Call) -> Response {
    house.server.userinfo(&call.parts(), &call.body).await
}

/// What userinfo tells in return for `token`.
pub(crate) async fn told(house: &House, token: &str) -> Value {
    let response = userinfo(house, &bearer(token)).await;
    assert_eq!(response.status(), 200, "{}", response.body());
    body_of(&response)
}

/// What userinfo tells after `form`, all of it allowed.
pub(crate) async fn told_after(house: &House, app: &App, form: &Form) -> Value {
    told(house, &token_of(house, app, form).await).await
}
