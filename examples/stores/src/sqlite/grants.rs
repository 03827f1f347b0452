//! Grants.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{CodeStore, Grant, GrantId, HostError, Subject, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::{Sqlite, sweep};

#[async_trait]
impl CodeStore for Sqlite {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        let version = i64::try_from(grant.version())?;
        let record = grant.to_record()?;
        self.0.grants.note(grant.id(), grant.version(), &record, &grant);
        self.write(move |db| {
            let sql = "INSERT INTO grants (id, version, subject, expires_at, record)
                       VALUES (?, ?, ?, ?, ?)";
            db.prepare_cached(sql)?.execute(params![
                grant.id().as_bytes(),
                version,
                grant.subject().as_str(),
                grant.expires_at().as_unix(),
                record,
            ])?;
            Ok(())
        })
        .await
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        let key = *id;
        let row = self.read(move |db| {
            let sql = "SELECT version, record FROM grants WHERE id = ?";
            let mut statement = db.prepare_cached(sql)?;
            Ok(statement.query_row([key.as_bytes()], |row| row.try_into()).optional()?)
        });
        let read = |(version, record): (i64, String)| {
            self.0.grants.read(id, u64::try_from(version)?, &record, Grant::from_record)
        };
        row.await?.map(read).transpose()
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        let (version, replaces) = (i64::try_from(next.version())?, i64::try_from(next.replaces())?);
        let record = next.to_record()?;
        self.0.grants.note(next.id(), next.version(), &record, &next);
        self.write(move |db| {
            let sql = "UPDATE grants SET version = ?, expires_at = ?, record = ?
                       WHERE id = ? AND version = ?";
            let changed = db.prepare_cached(sql)?.execute(params![
                version,
                next.expires_at().as_unix(),
                record,
                next.id().as_bytes(),
                replaces,
            ])?;
            Ok(changed == 1)
        })
        .await
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let user = user.clone();
        self.read(move |db| {
            let sql = "SELECT version, record FROM grants WHERE subject = ?";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map([user.as_str()], |row| row.try_into())?;
            rows.map(|row| read_grant(row?)).collect()
        })
        .await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        self.forget(sweep::GRANTS, now).await
    }
}

fn read_grant((version, record): (i64, String)) -> Result<Arc<Grant>, HostError> {
    Ok(Arc::new(Grant::from_record(&record, u64::try_from(version)?)?))
}
