//! Proofs that were seen.

use async_trait::async_trait;
use codegrant::{HostError, ReplayCache, Timestamp};

use super::Redis;

#[async_trait]
impl ReplayCache for Redis {
    async fn is_first_use(
        &self,
        proof: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<bool, HostError> {
        self.swap(self.key("proof", proof), None, (1, "seen"), Some(expires_at)).await
    }

    /// Redis forgets by itself.
    async fn forget_proofs(&self, _: Timestamp) -> Result<u64, HostError> {
        Ok(0)
    }
}
