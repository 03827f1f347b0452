//! A foreign library and this one understand each other.

use jsonwebtoken::{EncodingKey, Header};
use serde_json::Value;

use super::super::jws::verify;
use super::{CLAIMS, all, kid, private};
use crate::model::algorithm::Algorithm;

fn foreign_key(algorithm: Algorithm) -> (jsonwebtoken::Algorithm, EncodingKey) {
    let pem = private(algorithm).to_pkcs8_pem().unwrap();
    let pem = pem.expose().as_bytes();
    match algorithm {
        Algorithm::Rs256 => {
            (jsonwebtoken::Algorithm::RS256, EncodingKey::from_rsa_pem(pem).unwrap())
        }
        Algorithm::Ps256 => {
            (jsonwebtoken::Algorithm::PS256, EncodingKey::from_rsa_pem(pem).unwrap())
        }
        Algorithm::Es256 => {
            (jsonwebtoken::Algorithm::ES256, EncodingKey::from_ec_pem(pem).unwrap())
        }
        Algorithm::EdDsa => {
            (jsonwebtoken::Algorithm::EdDSA, EncodingKey::from_ed_pem(pem).unwrap())
        }
    }
}

#[test]
fn what_a_foreign_library_signs_with_our_pem_is_verified_here() {
    let claims: Value = serde_json::from_str(CLAIMS).unwrap();
    for &algorithm in Algorithm::ALL {
        let (foreign, key) = foreign_key(algorithm);
        let header = Header { kid: Some(kid(algorithm)), ..Header::new(foreign) };
        let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        let verified = verify(&all(), &token, "JWT").unwrap();
        assert_eq!(verified.algorithm, algorithm);
        assert_eq!(serde_json::from_slice::<Value>(&verified.claims).unwrap(), claims);
    }
}
