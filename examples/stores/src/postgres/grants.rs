//! Grants.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{CodeStore, Grant, GrantId, HostError, Subject, Timestamp};
use tokio_postgres::Row;

use super::Postgres;

#[async_trait]
impl CodeStore for Postgres {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        let record = grant.to_record()?;
        self.grants.note(grant.id(), grant.version(), &record, &grant);
        let sql = "INSERT INTO grants (id, version, subject, expires_at, record)
                   VALUES ($1, $2, $3, $4, $5)";
        self.change(
            sql,
            &[
                &grant.id().as_bytes().as_slice(),
                &i64::try_from(grant.version())?,
                &grant.subject().as_str(),
                &grant.expires_at().as_unix(),
                &record,
            ],
        )
        .await?;
        Ok(())
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        let sql = "SELECT version, record FROM grants WHERE id = $1";
        let rows = self.ask(sql, &[&id.as_bytes().as_slice()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let version = u64::try_from(row.try_get::<_, i64>(0)?)?;
        Ok(Some(self.grants.read(id, version, row.try_get(1)?, Grant::from_record)?))
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        let record = next.to_record()?;
        self.grants.note(next.id(), next.version(), &record, &next);
        let sql = "UPDATE grants SET version = $1, expires_at = $2, record = $3
                   WHERE id = $4 AND version = $5";
        let changed = self
            .change(
                sql,
                &[
                    &i64::try_from(next.version())?,
                    &next.expires_at().as_unix(),
                    &record,
                    &next.id().as_bytes().as_slice(),
                    &i64::try_from(next.replaces())?,
                ],
            )
            .await?;
        Ok(changed == 1)
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let sql = "SELECT version, record FROM grants WHERE subject = $1";
        self.ask(sql, &[&user.as_str()]).await?.iter().map(read).collect()
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        self.forget("grants", "id", now).await
    }
}

fn read(row: &Row) -> Result<Arc<Grant>, HostError> {
    let version: i64 = row.try_get(0)?;
    Ok(Arc::new(Grant::from_record(row.try_get(1)?, u64::try_from(version)?)?))
}
