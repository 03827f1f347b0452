//! What a configuration may say of OpenID Connect.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on has failed"
)]

#[allow(dead_code, reason = "every test file needs other parts of it")]
mod support;

use serde_json::{Value, json};
use support::configuration::{assert_problem, client, problems};

#[test]
fn the_keys_of_a_provider_say_what_they_sign_by_and_one_is_for_rs256() {
    let keys = |keys: Value| json!({ "signing_keys": keys });
    for good in [json!(["rs256.pem"]), json!(["a/next-es256.pem", "rs256-1.pem", "rs256-2.pem"])] {
        assert_eq!(problems(&keys(good)), [""; 0]);
    }
    assert_problem(&keys(json!(["rs256.pem", "key.pem"])), "signing_keys[1]", "one of rs256");
    assert_problem(&keys(json!(["es256.pem"])), "signing_keys", "for RS256");
    let mut signed = client("id_token_signed_response_alg", json!("EdDSA"));
    assert_problem(&signed, "clients[0].id_token_signed_response_alg", "none of the signing_keys");
    signed["signing_keys"] = json!(["rs256.pem", "eddsa.pem"]);
    assert_eq!(problems(&signed), [""; 0]);
    for alg in ["none", "HS256", "rs256"] {
        let signed = client("id_token_signed_response_alg", json!(alg));
        assert_problem(&signed, "clients[0].id_token_signed_response_alg", "none that is offered");
    }
}

#[test]
fn without_keys_whatever_belongs_to_openid_connect_is_refused() {
    let needs_keys = "needs signing_keys";
    let mut jwt = json!({"signing_keys": [], "policy": {"access_token_format": "jwt"}});
    assert_problem(&jwt, "policy.access_token_format", needs_keys);
    let keyless = |mut config: Value| {
        config["signing_keys"] = json!([]);
        config
    };
    let plain = client("scope", json!("reports.read offline_access"));
    assert_eq!(problems(&keyless(plain)), [""; 0]);
    let asks = client("scope", json!("reports.read email"));
    assert_problem(&keyless(asks), "clients[0].scope", needs_keys);
    for (key, value) in [
        ("post_logout_redirect_uris", json!(["https://app.example"])),
        ("backchannel_logout_uri", json!("https://app.example")),
    ] {
        let named = format!("clients[0].{key}");
        assert_problem(&keyless(client(key, value)), &named, needs_keys);
    }
    assert_problem(&keyless(json!({"scopes": {"openid": {}}})), "scopes.openid", needs_keys);
    let claims = json!({"scopes": {"a": {"claims": ["name"]}}});
    assert_problem(&keyless(claims), "scopes.a.claims", needs_keys);
    let salt = json!({"pairwise_salt": {"env": "SALT"}});
    assert_problem(&keyless(salt), "pairwise_salt", needs_keys);
    jwt["signing_keys"] = json!(["rs256.pem"]);
    assert_eq!(problems(&jwt), [""; 0]);
    assert_eq!(problems(&json!({"scopes": {"openid": {"description": "Know you"}}})), [""; 0]);
    let format = json!({"policy": {"access_token_format": "xml"}});
    assert_problem(&format, "policy.access_token_format", "neither");
}

#[test]
fn a_pairwise_client_needs_a_salt_and_a_sector() {
    let pairwise = |more: Value| {
        let mut config = client("subject_type", json!("pairwise"));
        config["clients"][0].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config["pairwise_salt"] = json!({"file": "salt"});
        config
    };
    assert_eq!(problems(&pairwise(json!({}))), [""; 0], "its redirect URIs have one host");
    let two = json!({"redirect_uris": ["https://a.example/cb", "https://b.example/cb"]});
    assert_problem(&pairwise(two), "clients[0].sector_identifier_uri", "sector identifier");
    let both = json!({
        "redirect_uris": ["https://a.example/cb", "https://b.example/cb"],
        "sector_identifier_uri": "https://c.example/uris",
    });
    assert_eq!(problems(&pairwise(both)), [""; 0]);
    for uri in ["http://c.example/uris", "c.example", ""] {
        let config = pairwise(json!({ "sector_identifier_uri": uri }));
        assert_problem(&config, "clients[0].sector_identifier_uri", "not an https URL");
    }
    let without_salt = client("subject_type", json!("pairwise"));
    assert_problem(&without_salt, "clients[0].subject_type", "needs a pairwise_salt");
    let public = client("sector_identifier_uri", json!("https://c.example/uris"));
    assert_problem(&public, "clients[0].sector_identifier_uri", "is for the subject_type");
    assert_problem(&client("subject_type", json!("x")), "clients[0].subject_type", "neither");
}
