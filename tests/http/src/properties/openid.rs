//! OpenID Connect: what a provider publishes, and what it says of its users.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::apps::{DASHBOARD, TERMINAL, posted};
use crate::target::{Answer, Target};
use crate::user::{ALICE, User};

/// Where clients look, for an issuer without a path.
pub(super) const METADATA: [&str; 2] =
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

pub(super) async fn the_metadata_are_the_same_in_every_place(target: Target) {
    let [metadata, again] = [target.get(METADATA[0]).await, target.get(METADATA[1]).await];
    assert_eq!(metadata.text, again.text);
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "public, max-age=3600"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(metadata.header(name), value, "{name}");
    }
    let told: Value = serde_json::from_str(&metadata.text).unwrap();
    assert_eq!(told["issuer"], target.issuer());
    assert_eq!(told["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    for (name, path) in [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/token"),
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/revoke"),
        ("userinfo_endpoint", "/userinfo"),
        ("jwks_uri", "/jwks"),
        ("end_session_endpoint", "/logout"),
    ] {
        assert_eq!(told[name], target.at(path).as_str());
        assert_ne!(target.get(path).await.status, 404, "{path}");
    }
}

pub(super) async fn an_id_token_is_signed_by_a_published_key_and_says_who_signed_in(
    target: Target,
) {
    let link = DASHBOARD.link_with(&target, &[("nonce", Some("n-0S6_WzA2Mj"))]);
    let code = User::new(ALICE).code_for(&target, &DASHBOARD, &link).await;
    let tokens = DASHBOARD.redeem(&target, &code).await;
    let (id_token, access) = (tokens.member("id_token"), tokens.member("access_token"));

    let published: JwkSet = serde_json::from_str(&target.get("/jwks").await.text).unwrap();
    let header = jsonwebtoken::decode_header(&id_token).unwrap();
    assert_eq!(header.alg, Algorithm::RS256);
    let key = published.find(header.kid.as_deref().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[target.issuer()]);
    validation.set_audience(&[DASHBOARD.id]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    let key = DecodingKey::from_jwk(key).unwrap();
    let claims = jsonwebtoken::decode::<Value>(&id_token, &key, &validation).unwrap().claims;

    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(claims["sub"], target.with_token("/userinfo", &access).await.json()["sub"]);
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&Sha256::digest(&access)[..16]));
    let plain = User::new(ALICE).code(&target, &TERMINAL).await;
    let plain = TERMINAL.redeem(&target, &plain).await;
    assert_eq!(plain.json().get("id_token"), None, "{plain:?}");
}

pub(super) async fn userinfo_tells_what_was_allowed_to_whoever_shows_a_token(target: Target) {
    let code = User::new(ALICE).code(&target, &DASHBOARD).await;
    let access = DASHBOARD.redeem(&target, &code).await.member("access_token");
    let told = target.with_token("/userinfo", &access).await;
    assert_eq!(told.json()["name"], "Alice Pleasance Liddell");
    assert_eq!(told.json().get("email"), None, "the scope email was not asked for");
    let form = posted(target.request(Method::POST, "/userinfo"), &[("access_token", &*access)]);
    assert_eq!(Answer::to(form).await.json(), told.json());

    let nobody = target.get("/userinfo").await;
    assert_eq!(nobody.status, 401, "{nobody:?}");
    assert!(nobody.header("www-authenticate").starts_with("Bearer "), "{nobody:?}");
    assert!(!nobody.header("www-authenticate").contains("error="), "{nobody:?}");
    let in_query = target.get(&format!("/userinfo?access_token={access}")).await;
    assert_eq!(in_query.status, 400, "{in_query:?}");
    let code = User::new(ALICE).code(&target, &TERMINAL).await;
    let plain = TERMINAL.redeem(&target, &code).await.member("access_token");
    let refused = target.with_token("/userinfo", &plain).await;
    assert_eq!(refused.status, 403, "{refused:?}");
}
