//! Pairwise subjects: what a client calls a user, told alike everywhere and of no
//! use to another (OpenID Connect Core section 8).

use std::sync::Arc;

use codegrant::{
    Algorithm, Authorize, Cause, Client, ClientError, Grant, LoginReason, PairwiseSalt, Provider,
    SecretHash, Subject, User,
};
use serde_json::{Value, json};

use crate::support::answers::{assert_error_redirect, location};
use crate::support::apps::{
    AUDITOR, App, BILLING, DASHBOARD, NOTES, REPORTS_API, SPA, SYNC, TWO, TWO_SECOND,
};
use crate::support::call::Form;
use crate::support::openid::key;
use crate::support::userinfo::{EVERYTHING, asks, house, keys, token_of, told, told_after};
use crate::support::world::ring;
use crate::support::{House, Tokens};

fn salt(byte: u8) -> PairwiseSalt {
    PairwiseSalt::new([byte; 32]).unwrap()
}

/// A provider with a salt. Billing, sync and notes are pairwise, sync and notes in
/// one sector; the dashboard is not.
fn pairwise_house() -> House {
    with_provider(Provider::new(keys(&[Algorithm::EdDsa])).pairwise_salt(salt(7)))
}

fn with_provider(provider: Provider) -> House {
    let house = house(provider, |builder| builder);
    house.clients.put(BILLING.builder().scope(EVERYTHING).pairwise().build().unwrap());
    for app in [SYNC, NOTES] {
        let client = app.builder().scope(EVERYTHING).refresh_token().resource(REPORTS_API);
        house.clients.put(client.sector_identifier("sectors.example").build().unwrap());
    }
    house
}

async fn sub(house: &House, app: &App) -> String {
    let told = told_after(house, app, &asks(app, "openid").with("prompt", "consent")).await;
    told["sub"].as_str().unwrap().to_owned()
}

/// The only grant of alice's.
async fn grant(house: &House) -> Arc<Grant> {
    let grants = house.grants("alice").await;
    assert_eq!(grants.len(), 1);
    grants[0].clone()
}

fn with_sub(app: &App, place: &str, sub: &str) -> Form {
    let claims = json!({place: {"sub": {"value": sub}}});
    asks(app, "openid").with("claims", &claims.to_string())
}

#[tokio::test]
async fn a_sector_has_its_own_names_for_users_and_its_clients_share_them() {
    let house = pairwise_house();
    let [billing, sync, notes, dashboard] = [
        sub(&house, &BILLING).await,
        sub(&house, &SYNC).await,
        sub(&house, &NOTES).await,
        sub(&house, &DASHBOARD).await,
    ];
    assert_eq!(dashboard, "alice");
    assert_eq!(sync, notes);
    assert_ne!(billing, sync);
    house.sign_in("bob");
    assert_ne!(sub(&house, &BILLING).await, billing);
    for name in [billing, sync] {
        assert!(name.len() == 43 && !name.contains("alice"), "{name}");
    }
}

#[tokio::test]
async fn userinfo_introspection_and_the_grant_tell_one_name_and_the_host_keeps_its_own() {
    let house = pairwise_house();
    let form = asks(&SYNC, "openid reports.read");
    let code = house.code_for(&form).await;
    let tokens = Tokens::in_answer(&house.redeem(&SYNC, &code).await);
    let name = told(&house, &tokens.access).await["sub"].clone();
    let next = house.refreshed(&SYNC, &tokens.refresh).await;
    for token in [&tokens.access, &next.access, &next.refresh] {
        for app in [SYNC, AUDITOR] {
            assert_eq!(house.introspect(&app, token).await["sub"], name, "to {}", app.id);
        }
    }
    let grant = grant(&house).await;
    assert_eq!(
        (grant.subject().as_str(), grant.known_as().as_str()),
        ("alice", name.as_str().unwrap())
    );
    let access = house.check(&next.access).await.unwrap();
    assert_eq!((access.subject(), access.known_as()), (grant.subject(), grant.known_as()));
    house.server.revoke_all(&Subject::parse("alice").unwrap()).await.unwrap();
    house.assert_dead(&SYNC, &next).await;
}

/// Also for plain OAuth, where there is no ID token to compare it with.
#[tokio::test]
async fn a_pairwise_client_has_its_names_without_openid_too() {
    let house = pairwise_house();
    let token = token_of(&house, &BILLING, &asks(&BILLING, "reports.read")).await;
    assert_eq!(house.introspect(&AUDITOR, &token).await["sub"], sub(&house, &BILLING).await);
}

#[tokio::test]
async fn names_outlive_secrets_and_keys_and_nothing_but_the_salt_changes_them() {
    let keyring = keys(&[Algorithm::EdDsa]);
    let house = with_provider(Provider::new(keyring.clone()).pairwise_salt(salt(7)));
    let name = sub(&house, &SYNC).await;
    house.server.rotate_secrets(&ring(&[2]));
    keyring.rotate([key(Algorithm::Rs256), key(Algorithm::EdDsa)]).unwrap();
    assert_eq!(sub(&house, &SYNC).await, name);
    for (byte, same) in [(7, true), (8, false)] {
        let provider = Provider::new(keys(&[Algorithm::EdDsa])).pairwise_salt(salt(byte));
        assert_eq!(sub(&with_provider(provider), &SYNC).await == name, same, "salt {byte}");
    }
}

/// The client knows the user by it, whatever becomes of its registration.
#[tokio::test]
async fn a_grant_keeps_the_name_that_it_was_given_with() {
    let house = pairwise_house();
    let code = house.code_for(&asks(&SYNC, "openid")).await;
    let tokens = Tokens::in_answer(&house.redeem(&SYNC, &code).await);
    let name = told(&house, &tokens.access).await["sub"].clone();
    house.clients.put(SYNC.builder().scope(EVERYTHING).refresh_token().build().unwrap());
    let next = house.refreshed(&SYNC, &tokens.refresh).await;
    assert_eq!(told(&house, &next.access).await["sub"], name);
    let kept = grant(&house).await;
    let read = Grant::from_record(&kept.to_record().unwrap(), kept.version()).unwrap();
    assert_eq!(read.known_as().as_str(), name);
}

#[tokio::test]
async fn the_record_of_any_other_clients_grant_is_as_it_was() {
    let house = pairwise_house();
    let fields = async || {
        let record: Value =
            serde_json::from_str(&grant(&house).await.to_record().unwrap()).unwrap();
        record["facts"]["particulars"].get("known_as").is_some()
    };
    house.code_for(&asks(&DASHBOARD, "reports.read")).await;
    assert!(!fields().await);
    let house = pairwise_house();
    house.code_for(&asks(&BILLING, "reports.read")).await;
    let grants = house.grants("alice").await;
    assert!(grants[0].to_record().unwrap().contains(r#""known_as":""#));
}

#[tokio::test]
async fn a_client_may_only_ask_for_the_user_by_its_own_name_for_them() {
    let house = pairwise_house();
    let name = sub(&house, &BILLING).await;
    let elsewhere = sub(&house, &SYNC).await;
    for place in ["id_token", "userinfo"] {
        let known = with_sub(&BILLING, place, &name).with("prompt", "none");
        assert!(location(&house.redirect(&known).await).one("code").len() > 40);
        for other in ["alice", &elsewhere] {
            let form = with_sub(&BILLING, place, other);
            assert!(matches!(
                house.authorize(&form).await,
                Authorize::Login(login) if login.reason() == LoginReason::OtherUser
            ));
            let silent = house.redirect(&form.with("prompt", "none")).await;
            assert_error_redirect(&silent, &BILLING, "login_required");
        }
    }
}

#[tokio::test]
async fn without_a_salt_a_pairwise_client_gets_nothing_and_everybody_else_all() {
    let house = with_provider(Provider::new(keys(&[Algorithm::EdDsa])));
    for scope in ["openid", "reports.read"] {
        for form in [asks(&BILLING, scope), asks(&BILLING, scope).with("prompt", "none")] {
            let response = house.redirect(&form).await;
            assert_error_redirect(&response, &BILLING, "server_error");
            let cause = response.extensions().get::<Cause>();
            assert!(matches!(cause, Some(Cause::NoPairwiseSalt)), "{cause:?}");
        }
    }
    assert!(house.grants("alice").await.is_empty());
    assert_eq!(sub(&house, &DASHBOARD).await, "alice");
}

#[test]
fn only_with_a_salt_the_metadata_promises_such_names() {
    let without = with_provider(Provider::new(keys(&[Algorithm::EdDsa])));
    for (house, types) in
        [(pairwise_house(), json!(["public", "pairwise"])), (without, json!(["public"]))]
    {
        let metadata: Value = serde_json::from_str(house.server.metadata().body()).unwrap();
        assert_eq!(metadata["subject_types_supported"], types);
    }
}

/// A node whose configuration lags behind, or a client that became pairwise while
/// its user was asked.
#[tokio::test]
async fn a_decision_without_a_salt_writes_nothing() {
    let house = with_provider(Provider::new(keys(&[Algorithm::EdDsa])));
    let consent = house.consent(&asks(&SPA, "openid")).await;
    house.clients.put(SPA.builder().scope(EVERYTHING).pairwise().build().unwrap());
    assert_error_redirect(&house.allow(consent.ticket()).await, &SPA, "server_error");
    assert!(house.grants("alice").await.is_empty());
}

#[tokio::test]
async fn a_plain_authorization_server_serves_no_pairwise_client() {
    let house = House::new();
    house.clients.put(BILLING.builder().pairwise().build().unwrap());
    let response = house.redirect(&BILLING.asks()).await;
    assert_error_redirect(&response, &BILLING, "server_error");
}

/// Whoever is called by it would be somebody else.
#[tokio::test]
async fn a_name_is_no_subject_of_the_hosts() {
    let house = pairwise_house();
    let name = sub(&house, &BILLING).await;
    assert!(house.grants(&name).await.is_empty());
    house.people.put(&name, User::new());
    house.sign_in(&name);
    assert_ne!(sub(&house, &BILLING).await, name);
}

#[test]
fn a_pairwise_client_has_one_sector_or_is_refused() {
    let sector = |builder: codegrant::ClientBuilder| {
        builder.build().map(|client| client.sector_identifier().map(str::to_owned))
    };
    let refused = Err(ClientError::Sector);
    let named = |host: &str| Ok(Some(host.to_owned()));
    assert_eq!(sector(BILLING.builder()), Ok(None));
    assert_eq!(sector(BILLING.builder().pairwise()), named("billing.example"));
    assert_eq!(sector(TWO.builder().redirect_uri(TWO_SECOND).pairwise()), named("two.example"));
    let apart = TWO.builder().redirect_uri("https://three.example/cb");
    assert_eq!(sector(apart.clone().pairwise()), refused);
    assert_eq!(sector(apart.sector_identifier("Two.example")), named("two.example"));
    let native = Client::builder("cli").redirect_uri("http://127.0.0.1/cb");
    assert_eq!(sector(native.clone().pairwise()), refused);
    assert_eq!(sector(native.clone().sector_identifier("cli.example")), named("cli.example"));
    assert_eq!(sector(native.sector_identifier("https://cli.example/uris.json")), refused);
    let api = Client::builder("api").introspects_any();
    let api = api.client_secret_basic(SecretHash::Sha256([1; 32]));
    assert_eq!(sector(api.pairwise()), refused);
}
