//! The password of a confidential client.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{base64url, constant_time};

/// A client secret in the clear: shown to the client's owner once, or just
/// presented by the client. It does not print and is wiped when dropped.
pub struct ClientSecret(Zeroizing<String>);

/// What is kept of a client secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretHash {
    /// SHA-256, for secrets that nobody can guess, such as
    /// [`ClientSecret::generate`] draws.
    Sha256(#[serde(with = "base64url")] [u8; 32]),
    /// A hash in a format of the host's (a PHC string of Argon2, say), which
    /// its [`SecretVerifier`](crate::SecretVerifier) understands.
    Foreign(Arc<str>),
}

impl ClientSecret {
    /// The secret with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret that these random bits spell, in base64url.
    pub(crate) fn from_random(bits: &[u8; 32]) -> Self {
        Self::new(URL_SAFE_NO_PAD.encode(bits))
    }

    /// The text itself: to hand it out once, or to verify it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What to keep of a secret that has at least 128 bits of entropy. Hashes of the
    /// same secret are equal, so two are also how to compare one with one that came.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::Sha256(self.sha256())
    }

    /// Whether `hash` is this secret's, in constant time. The hash is computed
    /// even when there is none to compare with.
    pub(crate) fn matches(&self, hash: Option<&[u8; 32]>) -> bool {
        let mine = self.sha256();
        let is_equal = constant_time::are_equal(&mine, hash.unwrap_or(&[0; 32]));
        is_equal && hash.is_some()
    }

    fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl From<Zeroizing<String>> for ClientSecret {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(_) => f.write_str("SecretHash::Sha256(…)"),
            Self::Foreign(_) => f.write_str("SecretHash::Foreign(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_matches() {
        let secret = ClientSecret::from_random(&[7; 32]);
        let SecretHash::Sha256(hash) = secret.hash() else { panic!("not SHA-256") };
        assert!(secret.matches(Some(&hash)));
        assert!(!ClientSecret::new("other").matches(Some(&hash)));
        assert!(!secret.matches(None));
    }

    #[test]
    fn neither_secret_nor_hash_shows_itself() {
        let secret = ClientSecret::new("hunter2");
        assert_eq!(
            format!("{secret:?} {:?}", secret.hash()),
            "ClientSecret(…) SecretHash::Sha256(…)"
        );
    }
}
