//! Public keys under their names: JWK and JWK Set (RFC 7517).

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lc_rs::signature::ParsedPublicKey;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::json;
use super::key_error::KeyError;
use super::members::{Members, Operation};
use super::public_key::PublicKey;
use crate::model::algorithm::Algorithm;

/// A public key with its name, and the one algorithm it is for if it says so.
pub(crate) struct Jwk {
    kid: String,
    algorithm: Option<Algorithm>,
    key: PublicKey,
}

/// Why a signature proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error("the key is not for this algorithm")]
    Algorithm,
    #[error("the signature is wrong")]
    Wrong,
}

/// Public keys, no two of one name.
pub(crate) struct JwkSet(Vec<Arc<Jwk>>);

impl Jwk {
    /// A key that somebody else publishes. Without a `kid` its thumbprint names it.
    pub(crate) fn parse(jwk: &str) -> Result<Self, KeyError> {
        Self::read(&Members::parse(jwk)?)
    }

    fn read(members: &Members) -> Result<Self, KeyError> {
        if members.is_private() {
            return Err(KeyError::Private);
        }
        let key = members.public_key(members.kind(Operation::Verify)?)?;
        let algorithm = members.algorithm()?;
        if algorithm.is_some_and(|algorithm| key.verifier(algorithm).is_none()) {
            return Err(KeyError::Algorithm);
        }
        let kid = members.kid.clone().unwrap_or_else(|| key.thumbprint());
        Ok(Self { kid, algorithm, key })
    }

    /// A key that names no algorithm yet.
    pub(super) fn new(key: PublicKey) -> Self {
        Self { kid: key.thumbprint(), algorithm: None, key }
    }

    /// The key as one of our own: for `algorithm` alone, named by its thumbprint.
    pub(crate) fn owned(self, algorithm: Algorithm) -> Result<Self, KeyError> {
        self.verifier(algorithm).ok_or(KeyError::Algorithm)?;
        Ok(Self { kid: self.key.thumbprint(), algorithm: Some(algorithm), ..self })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether the key's owner signed `message` by `algorithm`.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let verifier = self.verifier(algorithm).ok_or(SignatureError::Algorithm)?;
        verifier.verify_sig(message, signature).map_err(|_| SignatureError::Wrong)
    }

    /// The key itself says what it is for; whoever presents a signature does not.
    fn verifier(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        let other = self.algorithm.is_some_and(|own| own != algorithm);
        if other { None } else { self.key.verifier(algorithm) }
    }

    /// As it is published.
    fn to_value(&self) -> Value {
        let members = self.key.members().map(|(name, value)| (name.to_owned(), value.into()));
        let mut jwk: Map<String, Value> = members.collect();
        jwk.insert("kid".into(), self.kid.as_str().into());
        jwk.insert("use".into(), "sig".into());
        if let Some(algorithm) = self.algorithm {
            jwk.insert("alg".into(), algorithm.as_str().into());
        }
        jwk.into()
    }
}

impl JwkSet {
    pub(crate) fn new(keys: Vec<Arc<Jwk>>) -> Result<Self, KeyError> {
        let names: BTreeSet<_> = keys.iter().map(|key| key.kid()).collect();
        if names.len() == keys.len() { Ok(Self(keys)) } else { Err(KeyError::Twice) }
    }

    /// The keys of somebody else that can sign for us here. Others are passed
    /// over (RFC 7517 section 5), but who publishes a secret is not to be trusted.
    pub(crate) fn parse(set: &str) -> Result<Self, KeyError> {
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<Members>,
        }
        let Keys { keys } = json::parse(set.as_bytes()).ok_or(KeyError::Jwk)?;
        let read = keys.iter().map(Jwk::read);
        let usable = read.filter(|key| matches!(key, Ok(_) | Err(KeyError::Private)));
        Self::new(usable.map(|key| key.map(Arc::new)).collect::<Result<_, _>>()?)
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&Jwk> {
        self.0.iter().map(|key| &**key).find(|key| key.kid == kid)
    }

    /// The document that `jwks_uri` leads to.
    pub(crate) fn to_json(&self) -> String {
        let keys: Value = self.0.iter().map(|key| key.to_value()).collect();
        serde_json::json!({ "keys": keys }).to_string()
    }
}
