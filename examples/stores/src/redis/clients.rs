//! The registered clients.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{Client, ClientId, ClientStore, HostError};
use redis::cmd;

use super::Redis;

#[async_trait]
impl ClientStore for Redis {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, HostError> {
        let record = self.reads.read(self.key("client", id.as_str())).await?;
        let read = |record: String| {
            self.clients.read(id, 0, &record, |record, _| Client::from_record(record))
        };
        record.map(read).transpose()
    }
}

impl Redis {
    /// Registers a client, in place of one with the same id.
    pub async fn put_client(&self, client: &Client) -> Result<(), HostError> {
        let key = self.key("client", client.id().as_str());
        self.line.write(cmd("SET").arg(key).arg(client.to_record()?)).await
    }

    /// Removes a client, if there is one; nothing more is issued to it.
    pub async fn remove_client(&self, id: &ClientId) -> Result<(), HostError> {
        self.line.write(cmd("DEL").arg(self.key("client", id.as_str()))).await
    }
}
