//! The secret part of codes and tokens.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::model::base64url;

/// 128 random bits that a code or token carries. Whoever knows them (and the
/// server secret) holds the credential, so no record does, and they do not print.
#[derive(Clone, Copy)]
pub(crate) struct Seed([u8; 16]);

/// What the record holds instead.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SeedHash(#[serde(with = "base64url")] [u8; 32]);

impl Seed {
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What access tokens carry where this is what the refresh token carries:
    /// a resource server that learns the one does not learn the other.
    pub(crate) fn for_access(&self) -> Self {
        let digest = Sha256::new_with_prefix(b"codegrant access token").chain_update(self.0);
        let mut seed = [0; 16];
        seed.iter_mut().zip(digest.finalize()).for_each(|(byte, derived)| *byte = derived);
        Self(seed)
    }

    pub(crate) fn hash(&self) -> SeedHash {
        SeedHash(Sha256::digest(self.0).into())
    }
}

impl SeedHash {
    /// Whether `seed` is the one that was hashed, in constant time.
    pub(crate) fn is_of(&self, seed: &Seed) -> bool {
        seed.hash().0.ct_eq(&self.0).into()
    }
}

impl fmt::Debug for SeedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeedHash(…)")
    }
}
