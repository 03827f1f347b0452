//! Authorization codes (RFC 6749 section 4.1.2).

use super::credential::{Kind, Sealer};
use crate::grant::Seed;
use crate::model::identity::GrantId;

/// Points at a grant whose redemption is awaited.
pub(crate) struct Code {
    pub(crate) grant: GrantId,
    pub(crate) seed: Seed,
}

impl Code {
    pub(crate) fn seal(&self, sealer: &Sealer) -> String {
        sealer.seal(Kind::Code, &[self.grant.as_bytes(), self.seed.as_bytes()])
    }

    pub(crate) fn open(sealer: &Sealer, text: &str) -> Option<Self> {
        let payload: [u8; 32] = sealer.open_exactly(Kind::Code, text)?;
        let (grant, rest) = payload.split_first_chunk()?;
        let seed = rest.try_into().ok()?;
        Some(Self { grant: GrantId::from_bytes(*grant), seed: Seed::from_bytes(seed) })
    }
}
