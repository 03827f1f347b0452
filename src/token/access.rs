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
        let mut payload = Vec::with_capacity(48);
        payload.extend_from_slice(self.grant.as_bytes());
        payload.extend_from_slice(self.seed.as_bytes());
        payload.extend_from_slice(&self.expires_at.as_unix().to_be_bytes());
        payload.extend_from_slice(&self.scope.0.to_be_bytes());
        sealer.seal(Kind::AccessToken, &payload)
    }

    pub(crate) fn open(sealer: &Sealer, text: &str) -> Option<Self> {
        let opened = sealer.open(Kind::AccessToken, text)?;
        let (grant, rest) = opened.payload().split_first_chunk()?;
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
