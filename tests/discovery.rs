//! What a provider publishes (OpenID Connect Discovery sections 3 and 4, RFC 8414,
//! RFC 7517 section 5).

use std::time::Duration;

use codegrant::{Acr, Algorithm, Endpoints, Provider, Response};
use serde_json::{Value, json};

use crate::support::apps::TRUSTED;
use crate::support::openid::{SCOPES, asks, key, keys, own_key, provider, provider_of};
use crate::support::world::{ISSUER, World, ring};
use crate::support::{House, scope};

/// What everybody may read and keep for so long.
fn document_for(response: &Response, seconds: u64) -> Value {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], format!("public, max-age={seconds}"));
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(response.headers().len(), 3);
    serde_json::from_str(response.body()).unwrap()
}

fn metadata(house: &House) -> Value {
    document_for(&house.server.metadata(), 3600)
}

#[test]
fn a_provider_says_what_it_offers_and_nothing_else() {
    let house = House::with(|builder| {
        let acrs = ["gold", "silver"].map(|acr| Acr::parse(acr).unwrap());
        let builder = builder.openid(Provider::new(keys())).acr_values_supported(acrs);
        builder.scopes_supported(scope(SCOPES))
    });
    assert_eq!(
        metadata(&house),
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "introspection_endpoint": format!("{ISSUER}/introspect"),
            "revocation_endpoint": format!("{ISSUER}/revoke"),
            "jwks_uri": format!("{ISSUER}/jwks"),
            "scopes_supported": [
                "openid", "profile", "email", "offline_access", "reports.read", "reports.write",
            ],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "acr_values_supported": ["gold", "silver"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "token_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "none"],
            "introspection_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "none"],
            "display_values_supported": ["page", "popup", "touch", "wap"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claim_types_supported": ["normal"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr",
                "sid", "name", "family_name", "given_name", "middle_name", "nickname",
                "preferred_username", "profile", "picture", "website", "gender", "birthdate",
                "zoneinfo", "locale", "updated_at", "email", "email_verified", "address",
                "phone_number", "phone_number_verified", "roles", "permissions",
            ],
            "userinfo_endpoint": format!("{ISSUER}/userinfo"),
            "userinfo_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "end_session_endpoint": format!("{ISSUER}/logout"),
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": false,
            "claims_parameter_supported": true,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
        })
    );
}

/// OpenID Connect Discovery section 3: what clients cannot do without.
#[test]
fn nothing_that_discovery_requires_is_missing_however_little_the_host_says() {
    let told = metadata(&provider());
    for required in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    ] {
        assert!(told.get(required).is_some_and(|told| !told.is_null()), "{required}");
    }
    assert_eq!(told["scopes_supported"], json!(["openid"]));
    assert!(told["id_token_signing_alg_values_supported"].to_string().contains("RS256"));
}

#[test]
fn openid_is_named_once_wherever_the_host_names_it() {
    for scopes in ["openid profile", "profile openid", "profile"] {
        let house = House::with(|builder| {
            builder.openid(Provider::new(keys())).scopes_supported(scope(scopes))
        });
        assert_eq!(metadata(&house)["scopes_supported"], json!(["openid", "profile"]), "{scopes}");
    }
}

#[test]
fn the_algorithms_are_those_of_the_keys_now() {
    let keys = keys();
    let house = provider_of(Provider::new(keys.clone()));
    keys.rotate([Algorithm::EdDsa, Algorithm::Rs256].map(own_key)).unwrap();
    let told = &metadata(&house)["id_token_signing_alg_values_supported"];
    assert_eq!(*told, json!(["EdDSA", "RS256"]));
}

/// What the metadata promise of ID tokens is what ID tokens have.
#[tokio::test]
async fn every_claim_of_an_id_token_is_announced() {
    let house = provider();
    let told = metadata(&house);
    let told = told["claims_supported"].as_array().unwrap();
    let form = asks(&TRUSTED).with("nonce", "n");
    for name in house.signed_in(&TRUSTED, &form).await.names() {
        assert!(told.contains(&json!(name)), "{name}");
    }
}

#[test]
fn the_published_keys_are_those_that_verify_before_and_after_a_rotation() {
    let keys = keys();
    let house = provider_of(Provider::new(keys.clone()));
    for _ in 0..2 {
        let published = house.server.jwks();
        document_for(&published, 3600);
        assert_eq!(**published.body(), *keys.jwks());
        keys.rotate([key(Algorithm::EdDsa), own_key(Algorithm::Rs256)]).unwrap();
    }
}

#[test]
fn the_host_says_how_long_the_keys_may_be_kept() {
    let max_age = Duration::from_secs(60);
    let house = provider_of(Provider::new(keys()).jwks_max_age(max_age));
    document_for(&house.server.jwks(), 60);
    metadata(&house);
}

#[test]
fn keys_are_where_the_host_has_them_and_nowhere_without_a_provider() {
    let endpoints = Endpoints { jwks: "/oauth/keys".into(), ..Endpoints::default() };
    let provider = Provider::new(keys());
    let house = House::with(|builder| builder.openid(provider).endpoints(endpoints));
    assert_eq!(metadata(&house)["jwks_uri"], format!("{ISSUER}/oauth/keys"));
    assert_eq!(house.server.jwks().status(), 200);
    let house = House::new();
    assert!(metadata(&house).get("jwks_uri").is_none());
    assert_eq!(house.server.jwks().status(), 404);
}

/// OpenID Connect Discovery section 4.3, for issuers with and without a path.
#[test]
fn the_issuer_and_its_addresses_are_told_byte_for_byte() {
    for (issuer, jwks_uri) in [
        ("https://id.example", "https://id.example/jwks"),
        ("https://id.example/", "https://id.example/jwks"),
        ("https://id.example/a/b", "https://id.example/a/b/jwks"),
    ] {
        let builder = World::new().assemble(issuer, ring(&[1])).openid(Provider::new(keys()));
        let told = document_for(&builder.build().unwrap().metadata(), 3600);
        assert_eq!((&told["issuer"], &told["jwks_uri"]), (&json!(issuer), &json!(jwks_uri)));
    }
}
