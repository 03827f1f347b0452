//! Private keys, parsed once. The library wipes them when they are dropped.
//! ES256 and PS256 signatures draw on the library's own generator.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaPublicKeyComponents,
};
use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

use super::jwk::Jwk;
use super::key_error::KeyError;
use super::members::{Kind, Members, Operation};
use super::public_key::{PublicKey, uncompressed};
use crate::model::algorithm::Algorithm;

const LABEL: &str = "PRIVATE KEY";

/// A private key and how it signs.
pub(crate) enum PrivateKey {
    Rsa(rsa::KeyPair, &'static dyn RsaEncoding),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A private key as PKCS#8 in PEM, to be kept in a file that only the server
/// can read. It does not print and is wiped when dropped.
pub struct PrivateKeyPem(Zeroizing<String>);

impl PrivateKey {
    pub(crate) fn from_pkcs8_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let (label, der) = pem_rfc7468::decode_vec(pem.as_bytes()).map_err(|_| KeyError::Pem)?;
        let der = Zeroizing::new(der);
        if label != LABEL {
            return Err(KeyError::Pem);
        }
        Self::from_pkcs8(algorithm, &der)
    }

    /// The key that `der` holds, which must be of the algorithm's type.
    pub(crate) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let rsa = || rsa::KeyPair::from_pkcs8(der);
        match algorithm {
            Algorithm::Rs256 => rsa().map(|pair| Self::Rsa(pair, &RSA_PKCS1_SHA256)),
            Algorithm::Ps256 => rsa().map(|pair| Self::Rsa(pair, &RSA_PSS_SHA256)),
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Self::P256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(der).map(Self::Ed25519),
        }
        .map_err(|_| KeyError::Invalid)
    }

    /// The key of a private JWK, all of whose members must agree.
    pub(crate) fn from_jwk(algorithm: Algorithm, jwk: &str) -> Result<Self, KeyError> {
        let members = Members::parse(jwk)?;
        let kind = members.kind(Operation::Sign)?;
        members.public_key(kind)?;
        if members.algorithm()?.is_some_and(|own| own != algorithm) {
            return Err(KeyError::Algorithm);
        }
        match (algorithm, kind) {
            (Algorithm::Rs256, Kind::Rsa) => Ok(Self::Rsa(rsa(&members)?, &RSA_PKCS1_SHA256)),
            (Algorithm::Ps256, Kind::Rsa) => Ok(Self::Rsa(rsa(&members)?, &RSA_PSS_SHA256)),
            (Algorithm::Es256, Kind::P256) => p256(&members).map(Self::P256),
            (Algorithm::EdDsa, Kind::Ed25519) => ed25519(&members).map(Self::Ed25519),
            _ => Err(KeyError::Algorithm),
        }
    }

    pub(crate) fn to_pkcs8_pem(&self) -> Result<PrivateKeyPem, KeyError> {
        match self {
            Self::Rsa(pair, _) => pair.as_der().map(|der| pem(der.as_ref())),
            Self::P256(pair) => pair.to_pkcs8v1().map(|der| pem(der.as_ref())),
            // The first version of the format is the one that OpenSSL reads and writes.
            Self::Ed25519(pair) => pair.to_pkcs8v1().map(|der| pem(der.as_ref())),
        }
        .map_err(|_| KeyError::Invalid)?
    }

    /// The public half, for `algorithm`.
    pub(crate) fn public(&self, algorithm: Algorithm) -> Result<Jwk, KeyError> {
        let key = match self {
            Self::Rsa(pair, _) => {
                let numbers = RsaPublicKeyComponents::from(pair.public_key());
                PublicKey::rsa(&numbers.n, &numbers.e)
            }
            Self::P256(pair) => match pair.public_key().as_ref().split_at_checked(33) {
                Some(([_, x @ ..], y)) => PublicKey::p256(x, y),
                _ => Err(KeyError::Invalid),
            },
            Self::Ed25519(pair) => PublicKey::ed25519(pair.public_key().as_ref()),
        };
        Jwk::new(key?).owned(algorithm)
    }

    /// The signature in JOSE's form: that of ES256 has 64 bytes (RFC 7518 section 3.4).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &random, message, &mut signature)?;
                Ok(signature)
            }
            Self::P256(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }
}

fn rsa(members: &Members) -> Result<rsa::KeyPair, KeyError> {
    let Members {
        n: Some(n),
        e: Some(e),
        d: Some(d),
        p: Some(p),
        q: Some(q),
        dp: Some(dp),
        dq: Some(dq),
        qi: Some(qi),
        oth: None,
        k: None,
        ..
    } = members
    else {
        return Err(KeyError::Members);
    };
    let public_key = RsaPublicKeyComponents { n, e };
    let numbers = rsa::KeyPairComponents { public_key, d, p, q, dP: dp, dQ: dq, qInv: qi };
    rsa::KeyPair::from_components(&numbers).map_err(|_| KeyError::Invalid)
}

fn p256(members: &Members) -> Result<EcdsaKeyPair, KeyError> {
    let (Some(d), Some(x), Some(y)) = (members.only_d(), &members.x, &members.y) else {
        return Err(KeyError::Members);
    };
    let point = uncompressed(x.as_ref(), y.as_ref())?;
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, d.as_ref(), &point)
        .map_err(|_| KeyError::Invalid)
}

fn ed25519(members: &Members) -> Result<Ed25519KeyPair, KeyError> {
    let (Some(d), Some(x)) = (members.only_d(), &members.x) else {
        return Err(KeyError::Members);
    };
    Ed25519KeyPair::from_seed_and_public_key(d.as_ref(), x.as_ref()).map_err(|_| KeyError::Invalid)
}

fn pem(der: &[u8]) -> Result<PrivateKeyPem, KeyError> {
    let text = pem_rfc7468::encode_string(LABEL, LineEnding::LF, der);
    Ok(PrivateKeyPem(Zeroizing::new(text.map_err(|_| KeyError::Invalid)?)))
}

impl PrivateKeyPem {
    /// The text itself: to write it where it is kept.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKeyPem(…)")
    }
}
