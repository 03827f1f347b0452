//! What was signed, and by what key.

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::lines;
use crate::jose::jwk::{Jwk, JwkSet};
use crate::jose::jws::verify;
use crate::jose::key_error::KeyError;
use crate::jose::private_key::PrivateKey;
use crate::model::algorithm::Algorithm;
use crate::token::jwt_access::TYP;

const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];

/// The example of RFC 8037 appendix A.1: it signs the same to the same signature.
const KEY: &str = include_str!("../jose/tests/rfc8037_a1.json");

/// The key, and the set of it alone.
static OURS: LazyLock<Option<(PrivateKey, JwkSet)>> = LazyLock::new(|| {
    let key = PrivateKey::from_jwk(Algorithm::EdDsa, KEY).ok()?;
    let set = JwkSet::new(vec![Arc::new(key.public(Algorithm::EdDsa).ok()?)]).ok()?;
    Some((key, set))
});

/// A header and claims, both signed, and any text as it is: what is believed was
/// signed, says of itself all that it has to, and is told byte for byte.
pub fn jws(data: &[u8]) {
    assert!(OURS.is_some(), "the key is one");
    let (Some((key, set)), Some([header, claims])) = (&*OURS, lines(data)) else { return };
    let input = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let sign = |input: &str| key.sign(input.as_bytes()).map(|it| URL_SAFE_NO_PAD.encode(it)).ok();
    let Some(signature) = sign(&input) else { return };
    if let Ok(verified) = verify(set, &format!("{input}.{signature}"), TYP) {
        assert_eq!(verified.claims, claims.as_bytes());
        let members: Map<String, Value> = serde_json::from_str(header).unwrap_or_default();
        let says = |name: &str| members.get(name).and_then(Value::as_str);
        assert_eq!((says("alg"), says("kid")), (Some("EdDSA"), Some(&*verified.kid)));
        assert!(set.find(&verified.kid).is_some());
        assert!(says("typ").is_some_and(|typ| typ.to_ascii_lowercase().ends_with(TYP)));
        let trusting = ["b64", "crit", "jku", "jwk", "x5c", "x5u"];
        assert!(trusting.iter().all(|name| !members.contains_key(*name)));
        assert!(verify(set, &format!("{input}.{signature}"), "JWT").is_err());
        assert!(verify(set, &format!("{input}A.{signature}"), TYP).is_err());
    }
    if verify(set, header, TYP).is_ok() {
        let signed = header.rsplit_once('.').map(|(input, signature)| (sign(input), signature));
        assert!(signed.is_some_and(|(made, given)| made.as_deref() == Some(given)));
    }
}

/// A key, or a set of them: what is published of it reads back as the same and has
/// nothing private; a private one reads back from its file, and what it signs its
/// public half verifies.
pub fn jwk(data: &[u8]) {
    let Some([text]) = lines(data) else { return };
    if let Ok(one) = Jwk::parse(text) {
        assert!(!is_private(text));
        reads_back(&JwkSet::new(vec![Arc::new(one)]));
    }
    reads_back(&JwkSet::parse(text));
    for algorithm in ALGORITHMS {
        for key in
            [PrivateKey::from_jwk(algorithm, text), PrivateKey::from_pkcs8_pem(algorithm, text)]
        {
            let Ok(key) = key else { continue };
            assert_eq!(signs(&key, algorithm), Some(true));
            let pem = key.to_pkcs8_pem();
            let again = pem.and_then(|pem| PrivateKey::from_pkcs8_pem(algorithm, pem.expose()));
            assert_eq!(again.ok().and_then(|key| name(&key, algorithm)), name(&key, algorithm));
        }
    }
}

fn is_private(jwk: &str) -> bool {
    let members: Map<String, Value> = serde_json::from_str(jwk).unwrap_or_default();
    ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| members.contains_key(*name))
}

fn reads_back(set: &Result<JwkSet, KeyError>) {
    let Ok(set) = set else { return };
    let published = set.to_json();
    let keys: Value = serde_json::from_str(&published).unwrap_or_default();
    let keys = keys.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
    assert!(!keys.iter().any(|key| is_private(&key.to_string())));
    assert_eq!(JwkSet::parse(&published).map(|again| again.to_json()).ok(), Some(published));
}

fn name(key: &PrivateKey, algorithm: Algorithm) -> Option<String> {
    Some(key.public(algorithm).ok()?.kid().to_owned())
}

fn signs(key: &PrivateKey, algorithm: Algorithm) -> Option<bool> {
    let signature = key.sign(b"message").ok()?;
    let public = key.public(algorithm).ok()?;
    let right = public.verify(algorithm, b"message", &signature).is_ok();
    Some(right && public.verify(algorithm, b"massage", &signature).is_err())
}
