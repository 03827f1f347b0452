//! Opaque access tokens: a pointer to a grant, and what differs from one token
//! to the next.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::credential::{Kind, Sealer};
use crate::grant::{Seed, Selection};
use crate::model::identity::GrantId;
use crate::model::resource::ResourceChoice;
use crate::model::scope::ScopeChoice;
use crate::model::timestamp::Timestamp;

/// Points at an active grant until it expires.
pub(crate) struct AccessToken {
    pub(crate) grant: GrantId,
    pub(crate) seed: Seed,
    pub(crate) life: Life,
    pub(crate) selection: Selection,
}

/// From when to when a token is valid, in eight bytes: sealed with the rest of
/// the token it fits the one block that HMAC hashes fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life(u64);

const LIFETIME_BITS: u32 = 24;

impl AccessToken {
    pub(crate) fn seal(&self, sealer: &Sealer) -> String {
        sealer.seal(
            Kind::AccessToken,
            &[
                self.grant.as_bytes(),
                self.seed.as_bytes(),
                &self.life.0.to_be_bytes(),
                &self.selection.scope.0.to_be_bytes(),
                &self.selection.resources.0.to_be_bytes(),
            ],
        )
    }

    pub(crate) fn open(sealer: &Sealer, text: &str) -> Option<Self> {
        let payload: [u8; 50] = sealer.open_exactly(Kind::AccessToken, text)?;
        let (grant, rest) = payload.split_first_chunk()?;
        let (seed, rest) = rest.split_first_chunk()?;
        let (life, rest) = rest.split_first_chunk()?;
        let (scope, rest) = rest.split_first_chunk()?;
        let resources = rest.try_into().ok()?;
        Some(Self {
            grant: GrantId::from_bytes(*grant),
            seed: Seed::from_bytes(*seed),
            life: Life(u64::from_be_bytes(*life)),
            selection: Selection {
                scope: ScopeChoice(u64::from_be_bytes(*scope)),
                resources: ResourceChoice(u16::from_be_bytes(resources)),
            },
        })
    }
}

impl Life {
    /// The time from `issued_at` to `expires_at`, which is not longer than half
    /// a year.
    pub(crate) fn new(issued_at: Timestamp, expires_at: Timestamp) -> Self {
        let issued = u64::try_from(issued_at.as_unix()).unwrap_or(0);
        let expires = u64::try_from(expires_at.as_unix()).unwrap_or(0);
        let longest = (1 << LIFETIME_BITS) - 1;
        Self(issued << LIFETIME_BITS | expires.saturating_sub(issued).min(longest))
    }

    pub(crate) fn issued_at(self) -> Timestamp {
        Timestamp::from_unix(i64::try_from(self.0 >> LIFETIME_BITS).unwrap_or(i64::MAX))
    }

    pub(crate) fn expires_at(self) -> Timestamp {
        self.issued_at().plus(Duration::from_secs(self.0 & ((1 << LIFETIME_BITS) - 1)))
    }
}

/// `jti`: names a token in logs and answers without being of use to anybody.
pub(crate) fn jti(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_keeps_both_of_its_ends() {
        let at = Timestamp::from_unix;
        for (from, to) in
            [(0, 0), (1_800_000_000, 1_800_000_600), (99_999_999_999, 100_000_086_399)]
        {
            let life = Life::new(at(from), at(to));
            assert_eq!((life.issued_at(), life.expires_at()), (at(from), at(to)));
        }
        assert_eq!(Life::new(at(-5), at(-1)).expires_at(), at(0));
        assert_eq!(Life::new(at(10), at(5)).expires_at(), at(10));
    }
}
