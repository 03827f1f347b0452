//! What users allowed before.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{ClientId, ConsentStore, Consented, HostError, Subject};
use rusqlite::{OptionalExtension, params};

use super::Sqlite;

#[async_trait]
impl ConsentStore for Sqlite {
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        let (user, client) = (user.clone(), client.clone());
        self.read(move |db| {
            let sql = "SELECT version, record FROM consents WHERE subject = ? AND client = ?";
            let row: Option<(i64, String)> = db
                .prepare_cached(sql)?
                .query_row([user.as_str(), client.as_str()], |row| row.try_into())
                .optional()?;
            let Some((version, record)) = row else { return Ok(None) };
            Ok(Some(Arc::new(Consented::from_record(&record, u64::try_from(version)?)?)))
        })
        .await
    }

    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError> {
        let version = i64::try_from(next.version())?;
        let record = next.to_record()?;
        self.write(move |db| {
            let sql = match next.replaces() {
                0 => {
                    "INSERT INTO consents (version, record, subject, client)
                     VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"
                }
                _ => {
                    "UPDATE consents SET version = ?1, record = ?2
                     WHERE subject = ?3 AND client = ?4 AND version = ?1 - 1"
                }
            };
            let changed = db.prepare_cached(sql)?.execute(params![
                version,
                record,
                next.subject().as_str(),
                next.client().as_str(),
            ])?;
            Ok(changed == 1)
        })
        .await
    }
}
