//! The secret part of codes and tokens.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::{base64url, constant_time};

/// 128 random bits that a code or token carries. Whoever knows them (and the
/// server secret) holds the credential, so no record does, and they do not print.
#[derive(Clone, Copy)]
pub(crate) struct Seed([u8; 16]);

/// What the record holds instead: as many bits of its hash as a seed has, which are
/// as hard to find one for as the seed is to guess.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SeedHash(#[serde(with = "base64url")] [u8; 16]);

impl Seed {
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What the access tokens carry that are issued with this seed: where a refresh
    /// token carries it, another one.
    pub(crate) fn of_access_tokens(&self, has_refresh_token: bool) -> Self {
        if has_refresh_token { self.for_access() } else { *self }
    }

    /// What access tokens carry where this is what the refresh token carries:
    /// a resource server that learns the one does not learn the other.
    pub(crate) fn for_access(&self) -> Self {
        Self(half(Sha256::new_with_prefix(b"codegrant access token").chain_update(self.0)))
    }

    pub(crate) fn hash(&self) -> SeedHash {
        SeedHash(half(Sha256::new_with_prefix(self.0)))
    }
}

impl SeedHash {
    /// Whether `seed` is the one that was hashed, in constant time.
    pub(crate) fn is_of(&self, seed: &Seed) -> bool {
        constant_time::are_equal(&seed.hash().0, &self.0)
    }
}

/// Half of a hash: 128 bits.
fn half(hash: Sha256) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(hash.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    half
}

impl fmt::Debug for SeedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeedHash(…)")
    }
}
