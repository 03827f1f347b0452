//! The keys that sign tokens, and the public halves that are published.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use zeroize::Zeroizing;

use crate::host::{HostError, Signer};
use crate::jose::jwk::{Jwk, JwkSet, SignatureError};
use crate::jose::jws::{self, JwsError, Unsigned, Verified};
use crate::jose::key_error::KeyError;
use crate::jose::private_key::{PrivateKey, PrivateKeyPem};
use crate::model::algorithm::Algorithm;

/// A key that signs tokens by one algorithm. Its name, the `kid`, is the RFC 7638
/// thumbprint of its public half. Cloning shares it, and it does not print.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    public: Arc<Jwk>,
    holder: Holder,
}

/// Who has the private half.
#[derive(Clone)]
enum Holder {
    Here(Arc<PrivateKey>),
    Elsewhere(Arc<dyn Signer>),
}

/// All the signing keys in use: of each algorithm the first signs, and every one
/// is published. Cloning shares them, and their rotation.
///
/// Clients keep what they read of the published keys for as long as its
/// `Cache-Control: max-age` says, and need not look again before. To change a
/// key while servers run, so that no client ever fails to verify, [`rotate`] on
/// every node, each time to the keys of one line:
///
/// 1. `[old, new]`: the new key is published. When the last node has it, wait
///    `max-age`.
/// 2. `[new, old]`: the new key signs, and every client knows it by now. When the
///    last node has it, wait until the last token that the old one signed has
///    expired and, where clients send ID tokens back as hints, for as long as their
///    sessions last: a hint of a key that is gone is refused.
/// 3. `[new]`: the old key is gone.
///
/// A key that was stolen is left out at once instead.
///
/// [`rotate`]: Self::rotate
#[derive(Clone)]
pub struct KeySet(Arc<RwLock<Arc<Ring>>>);

/// The keys of one moment.
struct Ring {
    keys: Vec<SigningKey>,
    published: JwkSet,
    document: Arc<str>,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
enum SignError {
    #[error("there is no key for {0}")]
    NoKey(Algorithm),
    #[error("the key could not sign")]
    Failed,
    #[error("what the signer made is no signature of its key: {0}")]
    NotItsOwn(#[source] SignatureError),
}

impl SigningKey {
    /// A new key, drawn by the cryptographic library. RSA keys have 2048 bits.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let drawn = draw(algorithm).map_err(|_| KeyError::Generation)?;
        Self::here(algorithm, PrivateKey::from_pkcs8(algorithm, &drawn)?)
    }

    /// The key of a PEM file: one block `PRIVATE KEY`, not encrypted.
    pub fn from_pkcs8_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::here(algorithm, PrivateKey::from_pkcs8_pem(algorithm, pem)?)
    }

    /// The key of a private JWK. Its own `kid` is not kept.
    pub fn from_jwk(algorithm: Algorithm, private_jwk: &str) -> Result<Self, KeyError> {
        Self::here(algorithm, PrivateKey::from_jwk(algorithm, private_jwk)?)
    }

    /// The key that `signer` has, and its public half as a JWK.
    pub fn from_signer(
        algorithm: Algorithm,
        public_jwk: &str,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, KeyError> {
        let public = Arc::new(Jwk::parse(public_jwk)?.owned(algorithm)?);
        Ok(Self { algorithm, public, holder: Holder::Elsewhere(signer) })
    }

    /// The key as a PEM file. One that a [`Signer`] has cannot be told.
    pub fn to_pkcs8_pem(&self) -> Result<PrivateKeyPem, KeyError> {
        match &self.holder {
            Holder::Here(private) => private.to_pkcs8_pem(),
            Holder::Elsewhere(_) => Err(KeyError::Elsewhere),
        }
    }

    /// The algorithm that the key signs by.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's name.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    fn here(algorithm: Algorithm, private: PrivateKey) -> Result<Self, KeyError> {
        let public = Arc::new(private.public(algorithm)?);
        Ok(Self { algorithm, public, holder: Holder::Here(Arc::new(private)) })
    }

    /// The signature over `message`: right whenever there is one.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, HostError> {
        match &self.holder {
            Holder::Here(private) => Ok(private.sign(message).map_err(|_| SignError::Failed)?),
            Holder::Elsewhere(signer) => {
                let signature = signer.sign(message).await?;
                let judged = self.public.verify(self.algorithm, message, &signature);
                judged.map_err(SignError::NotItsOwn)?;
                Ok(signature)
            }
        }
    }
}

/// A key of the library's drawing, as PKCS#8.
fn draw(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let random = SystemRandom::new();
    let kept = |pkcs8: &[u8]| Zeroizing::new(pkcs8.to_vec());
    match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 => rsa::KeyPair::generate(rsa::KeySize::Rsa2048)?
            .as_der()
            .map(|der: Pkcs8V1Der<'_>| kept(der.as_ref())),
        Algorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .map(|der| kept(der.as_ref())),
        Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8v1(&random).map(|der| kept(der.as_ref())),
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm, self.kid())
    }
}

impl KeySet {
    /// A set of these keys. Fails without any, and with two of one name.
    pub fn new(keys: impl IntoIterator<Item = SigningKey>) -> Result<Self, KeyError> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(Ring::new(keys)?)))))
    }

    /// Signs with these keys, and publishes them, from now on. Nothing changes
    /// if they are refused.
    pub fn rotate(&self, keys: impl IntoIterator<Item = SigningKey>) -> Result<(), KeyError> {
        let next = Arc::new(Ring::new(keys)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// The public halves as a JWK Set (RFC 7517 section 5), to be published.
    #[must_use]
    pub fn jwks(&self) -> Arc<str> {
        self.ring().document.clone()
    }

    /// The algorithms that there is a key for, in the keys' order.
    #[must_use]
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        for key in &self.ring().keys {
            if !algorithms.contains(&key.algorithm) {
                algorithms.push(key.algorithm);
            }
        }
        algorithms
    }

    /// `claims`, which are JSON, as a signed token of the type `typ`, such as
    /// `at+jwt`. Fails without a key for `algorithm`, and when a [`Signer`] does.
    pub async fn sign(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: &[u8],
    ) -> Result<String, HostError> {
        let ring = self.ring();
        let mut keys = ring.keys.iter();
        let first = keys.find(|key| key.algorithm == algorithm);
        let key = first.ok_or(SignError::NoKey(algorithm))?;
        let token = Unsigned::new(algorithm, key.kid(), typ, claims);
        let signature = key.sign(token.signing_input()).await?;
        Ok(token.signed(&signature))
    }

    /// What `token` says, if a key of this set signed it as a token of the type
    /// `typ`: one that signs no more, too, as long as it is published.
    pub(crate) fn verify(&self, token: &str, typ: &str) -> Result<Verified, JwsError> {
        jws::verify(&self.ring().published, token, typ)
    }

    fn ring(&self) -> Arc<Ring> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeySet").field(&self.ring().keys).finish()
    }
}

impl Ring {
    fn new(keys: impl IntoIterator<Item = SigningKey>) -> Result<Self, KeyError> {
        let keys: Vec<_> = keys.into_iter().collect();
        if keys.is_empty() {
            return Err(KeyError::Empty);
        }
        let published = JwkSet::new(keys.iter().map(|key| key.public.clone()).collect())?;
        Ok(Self { document: published.to_json().into(), published, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::generate(Algorithm::EdDsa).unwrap()
    }

    async fn signed_by(keys: &KeySet) -> String {
        keys.sign(Algorithm::EdDsa, "JWT", b"{}").await.unwrap()
    }

    #[tokio::test]
    async fn a_key_that_signs_no_more_verifies_as_long_as_it_is_published() {
        let (old, new) = (key(), key());
        let keys = KeySet::new([old.clone()]).unwrap();
        let token = signed_by(&keys).await;
        for ring in [vec![old.clone(), new.clone()], vec![new.clone(), old.clone()]] {
            keys.rotate(ring).unwrap();
            assert_eq!(keys.verify(&token, "JWT").unwrap().kid, old.kid());
        }
        assert_eq!(keys.verify(&signed_by(&keys).await, "JWT").unwrap().kid, new.kid());
        keys.rotate([new]).unwrap();
        assert_eq!(keys.verify(&token, "JWT"), Err(JwsError::UnknownKey));
    }

    #[tokio::test]
    async fn a_token_is_only_taken_for_its_own_type() {
        let keys = KeySet::new([key()]).unwrap();
        let token = signed_by(&keys).await;
        assert!(keys.verify(&token, "JWT").is_ok());
        assert_eq!(keys.verify(&token, "at+jwt"), Err(JwsError::Type));
    }

    #[tokio::test]
    async fn a_token_of_another_set_is_refused() {
        let token = signed_by(&KeySet::new([key()]).unwrap()).await;
        let judged = KeySet::new([key()]).unwrap().verify(&token, "JWT");
        assert_eq!(judged, Err(JwsError::UnknownKey));
    }
}
