//! What users allowed before.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{ClientId, ConsentStore, Consented, HostError, Subject};

use super::Postgres;

#[async_trait]
impl ConsentStore for Postgres {
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        let sql = "SELECT version, record FROM consents WHERE subject = $1 AND client = $2";
        let rows = self.ask(sql, &[&user.as_str(), &client.as_str()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let version: i64 = row.try_get(0)?;
        Ok(Some(Arc::new(Consented::from_record(row.try_get(1)?, u64::try_from(version)?)?)))
    }

    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError> {
        let sql = match next.replaces() {
            0 => {
                "INSERT INTO consents (version, record, subject, client)
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
            }
            _ => {
                "UPDATE consents SET version = $1, record = $2
                 WHERE subject = $3 AND client = $4 AND version + 1 = $1"
            }
        };
        let changed = self
            .change(
                sql,
                &[
                    &i64::try_from(next.version())?,
                    &next.to_record()?,
                    &next.subject().as_str(),
                    &next.client().as_str(),
                ],
            )
            .await?;
        Ok(changed == 1)
    }
}
