//! A JWK's members as they are read (RFC 7517 section 4, RFC 7518 section 6,
//! RFC 8037 section 2), before anything is made of them.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, Visitor};
use zeroize::Zeroizing;

use super::json;
use super::key_error::KeyError;
use super::public_key::PublicKey;
use crate::model::algorithm::Algorithm;

#[derive(Deserialize)]
pub(super) struct Members {
    kty: String,
    crv: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    pub(super) kid: Option<String>,
    pub(super) n: Option<Octets>,
    pub(super) e: Option<Octets>,
    pub(super) x: Option<Octets>,
    pub(super) y: Option<Octets>,
    pub(super) d: Option<Octets>,
    pub(super) p: Option<Octets>,
    pub(super) q: Option<Octets>,
    pub(super) dp: Option<Octets>,
    pub(super) dq: Option<Octets>,
    pub(super) qi: Option<Octets>,
    pub(super) oth: Option<IgnoredAny>,
    pub(super) k: Option<Octets>,
}

/// What a key is there for, as `key_ops` spells it.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    Sign,
    Verify,
}

/// The types of keys that sign here.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Rsa,
    P256,
    Ed25519,
}

/// The bytes of a member, which may be secret: wiped when dropped.
pub(super) struct Octets(Zeroizing<Vec<u8>>);

impl Members {
    pub(super) fn parse(jwk: &str) -> Result<Self, KeyError> {
        json::parse(jwk.as_bytes()).ok_or(KeyError::Jwk)
    }

    /// The type of the key, if it may do `operation`, and every member that says
    /// what it is for agrees.
    pub(super) fn kind(&self, operation: Operation) -> Result<Kind, KeyError> {
        if self.purpose.as_ref().is_some_and(|purpose| purpose != "sig")
            || self.key_ops.as_ref().is_some_and(|names| !operation.is_allowed(names))
        {
            return Err(KeyError::Use);
        }
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => Ok(Kind::Rsa),
            ("EC", Some("P-256")) => Ok(Kind::P256),
            ("OKP", Some("Ed25519")) => Ok(Kind::Ed25519),
            _ => Err(KeyError::Algorithm),
        }
    }

    /// The one algorithm that the key is for, if it names one.
    pub(super) fn algorithm(&self) -> Result<Option<Algorithm>, KeyError> {
        let parse = |name| Algorithm::parse(name).ok_or(KeyError::Algorithm);
        self.alg.as_deref().map(parse).transpose()
    }

    /// The public half.
    pub(super) fn public_key(&self, kind: Kind) -> Result<PublicKey, KeyError> {
        match (kind, self) {
            (Kind::Rsa, Self { n: Some(n), e: Some(e), x: None, y: None, .. }) => {
                PublicKey::rsa(n.as_ref(), e.as_ref())
            }
            (Kind::P256, Self { x: Some(x), y: Some(y), n: None, e: None, .. }) => {
                PublicKey::p256(x.as_ref(), y.as_ref())
            }
            (Kind::Ed25519, Self { x: Some(x), y: None, n: None, e: None, .. }) => {
                PublicKey::ed25519(x.as_ref())
            }
            _ => Err(KeyError::Members),
        }
    }

    /// Whether there is more than the public half.
    pub(super) const fn is_private(&self) -> bool {
        self.d.is_some() || self.has_secrets_besides_d()
    }

    /// The one secret of a key that is not RSA.
    pub(super) fn only_d(&self) -> Option<&Octets> {
        if self.has_secrets_besides_d() { None } else { self.d.as_ref() }
    }

    const fn has_secrets_besides_d(&self) -> bool {
        self.p.is_some()
            || self.q.is_some()
            || self.dp.is_some()
            || self.dq.is_some()
            || self.qi.is_some()
            || self.oth.is_some()
            || self.k.is_some()
    }
}

impl Operation {
    /// Signing and verifying are two sides of one use; any other beside them
    /// is not (RFC 7517 section 4.3).
    fn is_allowed(self, names: &[String]) -> bool {
        let wanted = match self {
            Self::Sign => "sign",
            Self::Verify => "verify",
        };
        let distinct: BTreeSet<_> = names.iter().map(String::as_str).collect();
        distinct.len() == names.len()
            && distinct.contains(wanted)
            && distinct.is_subset(&BTreeSet::from(["sign", "verify"]))
    }
}

impl AsRef<[u8]> for Octets {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64Url)
    }
}

/// Reads base64url in its one spelling: no padding, no stray bits at the end.
struct Base64Url;

impl Visitor<'_> for Base64Url {
    type Value = Octets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64url without padding")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Octets, E> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| E::custom("not base64url"))?;
        Ok(Octets(Zeroizing::new(bytes)))
    }
}
