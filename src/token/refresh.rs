//! Refresh tokens: a pointer to a grant, and how often it was rotated.

use std::num::NonZeroU32;

use super::credential::{Kind, Sealer};
use crate::grant::Seed;
use crate::model::identity::GrantId;

/// Points at an active grant until the next generation is used.
pub(crate) struct RefreshToken {
    pub(crate) grant: GrantId,
    pub(crate) seed: Seed,
    pub(crate) generation: NonZeroU32,
}

impl RefreshToken {
    pub(crate) fn seal(&self, sealer: &Sealer) -> String {
        let generation = self.generation.get().to_be_bytes();
        let parts: [&[u8]; 3] = [self.grant.as_bytes(), self.seed.as_bytes(), &generation];
        sealer.seal(Kind::RefreshToken, &parts)
    }

    pub(crate) fn open(sealer: &Sealer, text: &str) -> Option<Self> {
        let payload: [u8; 36] = sealer.open_exactly(Kind::RefreshToken, text)?;
        let (grant, rest) = payload.split_first_chunk()?;
        let (seed, rest) = rest.split_first_chunk()?;
        let generation = rest.try_into().ok()?;
        Some(Self {
            grant: GrantId::from_bytes(*grant),
            seed: Seed::from_bytes(*seed),
            generation: NonZeroU32::new(u32::from_be_bytes(generation))?,
        })
    }
}
