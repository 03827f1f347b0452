//! Proofs that may be used only once.

use async_trait::async_trait;

use super::HostError;
use crate::model::timestamp::Timestamp;

/// Remembers, for all nodes, which one-time proofs were seen, by a hash of
/// what makes each of them unique: for proofs of possession and client
/// assertions, which no endpoint of this version asks for yet.
#[async_trait]
pub trait ReplayCache: Send + Sync {
    /// Notes `proof` until `expires_at` and says whether it was new, in one
    /// step: of two that bring the same, one is told `true`. A wrong `true` lets
    /// a stolen proof be used again.
    async fn is_first_use(
        &self,
        proof: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<bool, HostError>;

    /// Forgets proofs that expired at `now` or earlier, and says how many;
    /// `Ok(0)` where the database does it.
    async fn forget_proofs(&self, now: Timestamp) -> Result<u64, HostError>;
}
