//! Grants, and which of them are one user's.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{CodeStore, Grant, GrantId, HostError, Subject, Timestamp};
use redis::cmd;

use super::{MARGIN, Redis, seconds, split};

#[async_trait]
impl CodeStore for Redis {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        self.index(&grant).await?;
        let key = self.key("grant", grant.id().to_string());
        let record = grant.to_record()?;
        self.grants.note(grant.id(), grant.version(), &record, &grant);
        match self.swap(key, None, (grant.version(), &record), Some(grant.expires_at())).await? {
            true => Ok(()),
            false => Err(HostError::new("the grant's id is taken")),
        }
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        let Some(kept) = self.kept(self.key("grant", id.to_string())).await? else {
            return Ok(None);
        };
        let (version, record) = split(&kept)?;
        Ok(Some(self.grants.read(id, version, record, Grant::from_record)?))
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        self.index(&next).await?;
        let key = self.key("grant", next.id().to_string());
        let record = next.to_record()?;
        self.grants.note(next.id(), next.version(), &record, &next);
        let version = (next.version(), &*record);
        self.swap(key, Some(next.replaces()), version, Some(next.expires_at())).await
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let index = self.key("grants", user.as_str());
        let ids: Vec<String> = self.line.read(cmd("ZRANGE").arg(index).arg(0).arg(-1)).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // In a cluster the client asks each node for its own.
        let keys: Vec<_> = ids.iter().map(|id| self.key("grant", id)).collect();
        let kept: Vec<Option<String>> = self.line.read(cmd("MGET").arg(keys)).await?;
        let grants: Result<Vec<_>, HostError> =
            kept.iter().flatten().map(|kept| read_grant(split(kept)?)).collect();
        // An id that was taken when it was listed is another user's grant.
        Ok(grants?.into_iter().filter(|grant| grant.subject() == user).collect())
    }

    /// Redis forgets by itself.
    async fn sweep(&self, _: Timestamp) -> Result<u64, HostError> {
        Ok(0)
    }
}

impl Redis {
    /// Notes that `grant` is one of its user's, for longer than the grant itself
    /// will be kept. Comes before the grant is written: what is listed and not
    /// there is skipped, and stays listed, since it may be on its way; what is
    /// there and not listed would be seen by nobody.
    async fn index(&self, grant: &Grant) -> Result<(), HostError> {
        let mut script = self.scripts.index.key(self.key("grants", grant.subject().as_str()));
        script.arg(grant.id().to_string());
        script.arg(seconds(grant.expires_at())).arg(MARGIN.saturating_mul(2));
        self.line.script(&script).await
    }
}

fn read_grant((version, record): (u64, &str)) -> Result<Arc<Grant>, HostError> {
    Ok(Arc::new(Grant::from_record(record, version)?))
}
