//! Public keys, parsed once.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::key_error::KeyError;
use crate::model::algorithm::Algorithm;

/// A public key that is valid because it exists.
pub(super) struct PublicKey {
    /// The members that make the key, ordered by name as its thumbprint wants
    /// them (RFC 7638 section 3.2).
    members: Vec<(&'static str, String)>,
    verifier: Verifier,
}

/// The key as the library holds it. An RSA key serves two algorithms.
enum Verifier {
    Rsa { pkcs1: ParsedPublicKey, pss: ParsedPublicKey },
    P256(ParsedPublicKey),
    Ed25519(ParsedPublicKey),
}

impl PublicKey {
    /// The RSA key of this modulus and exponent, both without leading zeros
    /// (RFC 7518 section 6.3.1).
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        if !is_modulus(n) || !is_exponent(e) {
            return Err(KeyError::Rsa);
        }
        let parse = |padding: &'static RsaParameters| {
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(padding)
        };
        let invalid = |_| KeyError::Invalid;
        Ok(Self {
            members: vec![("e", encode(e)), ("kty", "RSA".into()), ("n", encode(n))],
            verifier: Verifier::Rsa {
                pkcs1: parse(&RSA_PKCS1_2048_8192_SHA256).map_err(invalid)?,
                pss: parse(&RSA_PSS_2048_8192_SHA256).map_err(invalid)?,
            },
        })
    }

    /// The point with these coordinates (RFC 7518 section 6.2.1).
    pub(super) fn p256(x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let point = uncompressed(x, y)?;
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        Ok(Self {
            members: vec![
                ("crv", "P-256".into()),
                ("kty", "EC".into()),
                ("x", encode(x)),
                ("y", encode(y)),
            ],
            verifier: Verifier::P256(key.map_err(|_| KeyError::Invalid)?),
        })
    }

    /// The key of these 32 bytes (RFC 8037 section 2).
    pub(super) fn ed25519(x: &[u8]) -> Result<Self, KeyError> {
        let x: &[u8; 32] = x.try_into().map_err(|_| KeyError::Invalid)?;
        let key = ParsedPublicKey::new(&ED25519, x);
        Ok(Self {
            members: vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", encode(x))],
            verifier: Verifier::Ed25519(key.map_err(|_| KeyError::Invalid)?),
        })
    }

    /// What judges signatures of `algorithm`, if this type of key makes them.
    pub(super) const fn verifier(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        match (algorithm, &self.verifier) {
            (Algorithm::Rs256, Verifier::Rsa { pkcs1, .. }) => Some(pkcs1),
            (Algorithm::Ps256, Verifier::Rsa { pss, .. }) => Some(pss),
            (Algorithm::Es256, Verifier::P256(key))
            | (Algorithm::EdDsa, Verifier::Ed25519(key)) => Some(key),
            _ => None,
        }
    }

    /// The members that make the key, and none besides.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.members.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// RFC 7638: what names a key wherever it is kept. No member needs escaping.
    pub(super) fn thumbprint(&self) -> String {
        let members = self.members().map(|(name, value)| format!(r#""{name}":"{value}""#));
        let canonical = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        encode(&Sha256::digest(canonical))
    }
}

/// The point as SEC 1 section 2.3.3 writes it. Coordinates have their full
/// length, leading zeros too.
pub(super) fn uncompressed(x: &[u8], y: &[u8]) -> Result<[u8; 65], KeyError> {
    match (x.len(), y.len()) {
        (32, 32) => [&[4], x, y].concat().try_into().map_err(|_| KeyError::Invalid),
        _ => Err(KeyError::Invalid),
    }
}

/// 2048 to 8192 bits, without leading zeros.
fn is_modulus(n: &[u8]) -> bool {
    let first = n.first().copied().unwrap_or_default();
    let long_enough = n.len() > 256 || n.len() == 256 && first >= 0x80;
    first != 0 && long_enough && n.len() <= 1024
}

/// An odd number from 3 up to 32 bits: with 1, everything were its own signature.
fn is_exponent(e: &[u8]) -> bool {
    let odd = e.last().is_some_and(|lowest| lowest & 1 == 1);
    odd && e.len() <= 4 && !matches!(e, [0, ..] | [1])
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
