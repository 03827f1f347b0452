//! The registered clients.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{Client, ClientId, ClientStore, HostError};
use rusqlite::OptionalExtension;

use super::Sqlite;

#[async_trait]
impl ClientStore for Sqlite {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, HostError> {
        let key = id.clone();
        let record = self.read(move |db| {
            let sql = "SELECT record FROM clients WHERE id = ?";
            let mut statement = db.prepare_cached(sql)?;
            Ok(statement.query_row([key.as_str()], |row| row.get(0)).optional()?)
        });
        let read = |record: String| {
            self.0.clients.read(id, 0, &record, |record, _| Client::from_record(record))
        };
        record.await?.map(read).transpose()
    }
}

impl Sqlite {
    /// Registers a client, in place of one with the same id.
    pub async fn put_client(&self, client: &Client) -> Result<(), HostError> {
        let (id, record) = (client.id().clone(), client.to_record()?);
        self.write(move |db| {
            let sql = "INSERT INTO clients (id, record) VALUES (?, ?)
                       ON CONFLICT (id) DO UPDATE SET record = excluded.record";
            db.prepare_cached(sql)?.execute([id.as_str(), &record])?;
            Ok(())
        })
        .await
    }

    /// Removes a client, if there is one; nothing more is issued to it.
    pub async fn remove_client(&self, id: &ClientId) -> Result<(), HostError> {
        let id = id.clone();
        self.write(move |db| {
            db.prepare_cached("DELETE FROM clients WHERE id = ?")?.execute([id.as_str()])?;
            Ok(())
        })
        .await
    }
}
