//! Opaque access tokens: a pointer to a grant, and what differs from one token
//! to the next.

use super::credential::{Kind, Sealer};
use crate::grant::Seed;
use crate::model::identity::GrantId;
use crate::model::scope::ScopeChoice;
use crate::model::timestamp::Timestamp;

/// Points at an active grant until it expires.
pub(crate) struct AccessToken {
    pub(crate) grant: GrantId,
    pub(crate) seed: Seed,
    pub(crate) expires_at: Timestamp,
    pub(crate) scope: ScopeChoice,
}

impl AccessToken {
    pub(crate) fn seal(&self, sealer: &Sealer) -> String {
        let (expires_at, scope) = (self.expires_at.as_unix(), self.scope.0);
        sealer.seal(
            Kind::AccessToken,
            &[
                self.grant.as_bytes(),
                self.seed.as_bytes(),
                &expires_at.to_be_bytes(),
                &scope.to_be_bytes(),
            ],
        )
    }

    pub(crate) fn open(sealer: &Sealer, text: &str) -> Option<Self> {
        let payload: [u8; 48] = sealer.open_exactly(Kind::AccessToken, text)?;
        let (grant, rest) = payload.split_first_chunk()?;
        let (seed, rest) = rest.split_first_chunk()?;
        let (expires_at, rest) = rest.split_first_chunk()?;
        let scope = rest.try_into().ok()?;
        Some(Self {
            grant: GrantId::from_bytes(*grant),
            seed: Seed::from_bytes(*seed),
            expires_at: Timestamp::from_unix(i64::from_be_bytes(*expires_at)),
            scope: ScopeChoice(u64::from_be_bytes(scope)),
        })
    }
}
