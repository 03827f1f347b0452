//! Access tokens: a pointer to a grant, and what differs from one token to the
//! next. An opaque one is nothing else.

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

/// From when to when a token is valid, and what tells it from others of the
/// same second, in eight bytes: sealed with the rest of the token it fits the
/// one block that HMAC hashes fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life(u64);

/// Seconds since 1970 for five centuries, a day and a half, and the rest.
const LIFETIME_BITS: u32 = 17;
const MARK_BITS: u32 = 13;
const LONGEST_LIFETIME: u64 = (1 << LIFETIME_BITS) - 1;
const LARGEST_MARK: u64 = (1 << MARK_BITS) - 1;

impl AccessToken {
    pub(crate) fn seal(&self, sealer: &Sealer) -> String {
        self.seal_as(Kind::AccessToken, sealer)
    }

    pub(crate) fn open(sealer: &Sealer, text: &str) -> Option<Self> {
        Self::open_as(Kind::AccessToken, sealer, text)
    }

    pub(super) fn seal_as(&self, kind: Kind, sealer: &Sealer) -> String {
        sealer.seal(
            kind,
            &[
                self.grant.as_bytes(),
                self.seed.as_bytes(),
                &self.life.0.to_be_bytes(),
                &self.selection.scope.0.to_be_bytes(),
                &self.selection.resources.0.to_be_bytes(),
            ],
        )
    }

    pub(super) fn open_as(kind: Kind, sealer: &Sealer, text: &str) -> Option<Self> {
        let payload: [u8; 50] = sealer.open_exactly(kind, text)?;
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
    /// The time from `issued_at` to `expires_at`, at most 36 hours, with what
    /// fits of `mark`.
    pub(crate) fn new(issued_at: Timestamp, expires_at: Timestamp, mark: u64) -> Self {
        let issued = u64::try_from(issued_at.as_unix()).unwrap_or(0);
        let lifetime = expires_at.seconds_since(issued_at).min(LONGEST_LIFETIME);
        Self((issued << LIFETIME_BITS | lifetime) << MARK_BITS | mark & LARGEST_MARK)
    }

    pub(crate) fn issued_at(self) -> Timestamp {
        let issued = self.0 >> (LIFETIME_BITS + MARK_BITS);
        Timestamp::from_unix(i64::try_from(issued).unwrap_or(i64::MAX))
    }

    pub(crate) fn expires_at(self) -> Timestamp {
        self.issued_at().plus(Duration::from_secs(self.0 >> MARK_BITS & LONGEST_LIFETIME))
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
    fn a_mark_tells_tokens_of_one_second_apart_and_changes_nothing_else() {
        let at = Timestamp::from_unix;
        let [one, other] = [1, u64::MAX].map(|mark| Life::new(at(5), at(9), mark));
        assert_ne!(one, other);
        for life in [one, other] {
            assert_eq!((life.issued_at(), life.expires_at()), (at(5), at(9)));
        }
    }

    #[test]
    fn a_life_keeps_both_of_its_ends() {
        let at = Timestamp::from_unix;
        for (from, to) in [(0, 0), (1_800_000_000, 1_800_000_600), (17_000_000_000, 17_000_086_400)]
        {
            let life = Life::new(at(from), at(to), 7);
            assert_eq!((life.issued_at(), life.expires_at()), (at(from), at(to)));
        }
        assert_eq!(Life::new(at(10), at(5), 0).expires_at(), at(10));
    }
}
