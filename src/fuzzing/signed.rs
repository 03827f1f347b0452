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
static OURS: LazyLock<(PrivateKey, JwkSet)> = LazyLock::new(|| {
    let key = PrivateKey::from_jwk(Algorithm::EdDsa, KEY).unwrap();
    let public = key.public(Algorithm::EdDsa).unwrap();
    (key, JwkSet::new(vec![Arc::new(public)]).unwrap())
});

/// A header and claims, both signed, and any text as it is: what is believed was
/// signed, says of itself all that it has to, and is told byte for byte.
pub fn jws(data: &[u8]) {
    let Some([header, claims]) = lines(data) else { return };
    let set = &OURS.1;
    let input = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = signature(&input);
    if let Ok(verified) = verify(set, &format!("{input}.{signature}"), TYP) {
        assert_eq!(verified.claims, claims.as_bytes());
        let members: Map<String, Value> = serde_json::from_str(header).unwrap();
        let says = |name: &str| members[name].as_str().unwrap();
        assert_eq!((says("alg"), says("kid")), ("EdDSA", &*verified.kid));
        assert!(set.find(&verified.kid).is_some());
        assert!(["at+jwt", "application/at+jwt"].contains(&&*says("typ").to_ascii_lowercase()));
        let trusting = ["b64", "crit", "jku", "jwk", "x5c", "x5u"];
        assert!(trusting.iter().all(|name| !members.contains_key(*name)));
        assert!(verify(set, &format!("{input}.{signature}"), "JWT").is_err());
        assert!(verify(set, &format!("{input}A.{signature}"), TYP).is_err());
    }
    if verify(set, header, TYP).is_ok() {
        let (input, given) = header.rsplit_once('.').unwrap();
        assert_eq!(given, self::signature(input));
    }
}

fn signature(input: &str) -> String {
    URL_SAFE_NO_PAD.encode(OURS.0.sign(input.as_bytes()).unwrap())
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
            let (public, signature) = (key.public(algorithm).unwrap(), key.sign(b"text").unwrap());
            assert!(public.verify(algorithm, b"text", &signature).is_ok());
            assert!(public.verify(algorithm, b"test", &signature).is_err());
            let pem = key.to_pkcs8_pem().unwrap();
            let again = PrivateKey::from_pkcs8_pem(algorithm, pem.expose()).unwrap();
            assert_eq!(again.public(algorithm).unwrap().kid(), public.kid());
        }
    }
}

/// Whether `jwk` tells more than a public key; a member that is null tells nothing.
fn is_private(jwk: &str) -> bool {
    let members: Map<String, Value> = serde_json::from_str(jwk).unwrap();
    let secrets = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    secrets.iter().any(|name| members.get(*name).is_some_and(|value| !value.is_null()))
}

fn reads_back(set: &Result<JwkSet, KeyError>) {
    let Ok(set) = set else { return };
    let published = set.to_json();
    let keys: Value = serde_json::from_str(&published).unwrap();
    assert!(!keys["keys"].as_array().unwrap().iter().any(|key| is_private(&key.to_string())));
    assert_eq!(JwkSet::parse(&published).unwrap().to_json(), published);
}
