//! The vectors of the RFCs, a foreign judge, and what attackers try.

mod attacks;
mod keys;
mod oracle;
mod vectors;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::jwk::{Jwk, JwkSet};
use super::private_key::PrivateKey;
use crate::model::algorithm::Algorithm;

/// Private keys that the RFCs publish: of RFC 7515 appendix A.2 and A.3, of RFC
/// 7517 appendix A.2, and of RFC 8037 appendix A.1.
const RSA: &str = include_str!("rfc7515_a2.json");
const P256: &str = include_str!("rfc7515_a3.json");
const OTHER_RSA: &str = include_str!("rfc7517_a2.json");
const ED25519: &str = include_str!("rfc8037_a1.json");

const CLAIMS: &str = r#"{"iss":"https://id.example","sub":"alice"}"#;

/// A private key for each algorithm.
fn private(algorithm: Algorithm) -> PrivateKey {
    let jwk = match algorithm {
        Algorithm::Rs256 => RSA,
        Algorithm::Ps256 => OTHER_RSA,
        Algorithm::Es256 => P256,
        Algorithm::EdDsa => ED25519,
    };
    // The key of RFC 7517 says that it is for RS256.
    let jwk = with(jwk, "alg", Value::from(algorithm.as_str()));
    PrivateKey::from_jwk(algorithm, &jwk).unwrap()
}

fn public(algorithm: Algorithm) -> Jwk {
    private(algorithm).public(algorithm).unwrap()
}

fn kid(algorithm: Algorithm) -> String {
    public(algorithm).kid().to_owned()
}

/// The public halves of all four keys.
fn all() -> JwkSet {
    JwkSet::new(Algorithm::ALL.iter().map(|algorithm| Arc::new(public(*algorithm))).collect())
        .unwrap()
}

/// `text` as a JSON object in which `member` is `value`.
fn with(text: &str, member: &str, value: Value) -> String {
    let mut object: Value = serde_json::from_str(text).unwrap();
    object[member] = value;
    object.to_string()
}

/// `text` as a JSON object without `members`.
fn without(text: &str, members: &[&str]) -> String {
    let mut object: Value = serde_json::from_str(text).unwrap();
    let map = object.as_object_mut().unwrap();
    members.iter().for_each(|member| drop(map.remove(*member)));
    object.to_string()
}

fn public_part(text: &str) -> String {
    without(text, &["d", "p", "q", "dp", "dq", "qi"])
}

/// The header of a token that is right for `algorithm`.
fn header(algorithm: Algorithm) -> String {
    json!({ "alg": algorithm.as_str(), "kid": kid(algorithm), "typ": "JWT" }).to_string()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with this very header, signed with the key of `algorithm`.
fn token(algorithm: Algorithm, header: &str) -> String {
    signed(algorithm, &format!("{}.{}", encode(header), encode(CLAIMS)))
}

/// `input` with its signature by the key of `algorithm`.
fn signed(algorithm: Algorithm, input: &str) -> String {
    let signature = private(algorithm).sign(input.as_bytes()).unwrap();
    format!("{input}.{}", encode(signature))
}
