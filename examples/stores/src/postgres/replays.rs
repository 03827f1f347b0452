//! Proofs that were seen.

use async_trait::async_trait;
use codegrant::{HostError, ReplayCache, Timestamp};

use super::Postgres;

#[async_trait]
impl ReplayCache for Postgres {
    async fn is_first_use(
        &self,
        proof: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<bool, HostError> {
        let sql = "INSERT INTO proofs (proof, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let changed = self.change(sql, &[&proof.as_slice(), &expires_at.as_unix()]).await?;
        Ok(changed == 1)
    }

    async fn forget_proofs(&self, now: Timestamp) -> Result<u64, HostError> {
        self.forget("proofs", "proof", now).await
    }
}
