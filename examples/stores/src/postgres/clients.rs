//! The registered clients.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{Client, ClientId, ClientStore, HostError};

use super::Postgres;

#[async_trait]
impl ClientStore for Postgres {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, HostError> {
        let rows = self.ask("SELECT record FROM clients WHERE id = $1", &[&id.as_str()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let parse = |record: &str, _| Client::from_record(record);
        Ok(Some(self.clients.read(id, 0, row.try_get(0)?, parse)?))
    }
}

impl Postgres {
    /// Registers a client, in place of one with the same id.
    pub async fn put_client(&self, client: &Client) -> Result<(), HostError> {
        let sql = "INSERT INTO clients (id, record) VALUES ($1, $2)
                   ON CONFLICT (id) DO UPDATE SET record = excluded.record";
        self.change(sql, &[&client.id().as_str(), &client.to_record()?]).await?;
        Ok(())
    }

    /// Removes a client, if there is one; nothing more is issued to it.
    pub async fn remove_client(&self, id: &ClientId) -> Result<(), HostError> {
        self.change("DELETE FROM clients WHERE id = $1", &[&id.as_str()]).await?;
        Ok(())
    }
}
