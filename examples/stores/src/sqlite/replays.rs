//! Proofs that were seen.

use async_trait::async_trait;
use codegrant::{HostError, ReplayCache, Timestamp};
use rusqlite::params;

use super::{Sqlite, sweep};

#[async_trait]
impl ReplayCache for Sqlite {
    async fn is_first_use(
        &self,
        proof: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<bool, HostError> {
        let proof = *proof;
        self.write(move |db| {
            let sql = "INSERT INTO proofs (proof, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING";
            let added = db.prepare_cached(sql)?.execute(params![proof, expires_at.as_unix()])?;
            Ok(added == 1)
        })
        .await
    }

    async fn forget_proofs(&self, now: Timestamp) -> Result<u64, HostError> {
        self.forget(sweep::PROOFS, now).await
    }
}
