//! What users allowed before.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{ClientId, ConsentStore, Consented, HostError, Subject};

use super::{Redis, split};

#[async_trait]
impl ConsentStore for Redis {
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        let Some(kept) = self.kept(self.consent_key(user, client)).await? else { return Ok(None) };
        let (version, record) = split(&kept)?;
        Ok(Some(Arc::new(Consented::from_record(record, version)?)))
    }

    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError> {
        let key = self.consent_key(next.subject(), next.client());
        let over = (next.replaces() > 0).then_some(next.replaces());
        self.swap(key, over, (next.version(), &*next.to_record()?), None).await
    }
}

impl Redis {
    /// Both names may hold a colon: the length tells where the first ends.
    fn consent_key(&self, user: &Subject, client: &ClientId) -> Vec<u8> {
        let (user, client) = (user.as_str(), client.as_str());
        self.key("consent", format!("{}:{user}:{client}", user.len()))
    }
}
