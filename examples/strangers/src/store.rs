//! Grants, consents and clients in [`redb`], a key-value store in one file.
//!
//! It has one writer at a time, so a comparison and the write that follows it are one
//! step as soon as they are one transaction. It waits for the disk on the threads that
//! tokio keeps for that: a method that blocked would hold up whatever else its thread serves.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{
    Client, ClientId, ClientStore, CodeStore, ConsentStore, Consented, Grant, GrantId, HostError,
    Subject, Timestamp,
};
use redb::{
    AccessGuard, Database, MultimapTableDefinition, ReadTransaction, ReadableDatabase,
    ReadableTable, TableDefinition, WriteTransaction,
};
use tokio::task::spawn_blocking;

type Id = &'static [u8; 16];

/// Version, user, when it may be forgotten, record.
type Row<'a> = (u64, &'a str, i64, &'a str);

const GRANTS: TableDefinition<Id, Row<'static>> = TableDefinition::new("grants");
const BY_USER: MultimapTableDefinition<&str, Id> = MultimapTableDefinition::new("by_user");
const BY_EXPIRY: TableDefinition<(i64, Id), ()> = TableDefinition::new("by_expiry");
/// User and client; version, record.
const CONSENTS: TableDefinition<(&str, &str), (u64, &str)> = TableDefinition::new("consents");
const CLIENTS: TableDefinition<&str, &str> = TableDefinition::new("clients");

/// All three stores in one file. Cloning shares it.
#[derive(Clone)]
pub struct Store(Arc<Database>);

impl Store {
    /// Opens the file at `path`, which is made if there is none.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, HostError> {
        let database = Database::create(path)?;
        let transaction = database.begin_write()?;
        transaction.open_table(GRANTS)?;
        transaction.open_multimap_table(BY_USER)?;
        transaction.open_table(BY_EXPIRY)?;
        transaction.open_table(CONSENTS)?;
        transaction.open_table(CLIENTS)?;
        transaction.commit()?;
        Ok(Self(Arc::new(database)))
    }

    /// Registers `client`, in place of what was registered under its id.
    pub async fn register(&self, client: &Client) -> Result<(), HostError> {
        let (id, record) = (client.id().clone(), client.to_record()?);
        self.write(move |transaction| {
            transaction.open_table(CLIENTS)?.insert(id.as_str(), record.as_str())?;
            Ok(())
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, HostError> {
        let database = self.0.clone();
        spawn_blocking(move || work(&database.begin_read()?)).await?
    }

    /// What `work` writes is on the disk when this returns, or, after an error, nowhere.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, HostError> {
        let database = self.0.clone();
        spawn_blocking(move || {
            let transaction = database.begin_write()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await?
    }
}

#[async_trait]
impl CodeStore for Store {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        self.write(move |transaction| {
            if transaction.open_table(GRANTS)?.get(grant.id().as_bytes())?.is_some() {
                return Err(HostError::new("this grant is there already"));
            }
            let mut by_user = transaction.open_multimap_table(BY_USER)?;
            by_user.insert(grant.subject().as_str(), grant.id().as_bytes())?;
            put(transaction, &grant)
        })
        .await
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        let id = *id;
        self.read(move |transaction| {
            let row = transaction.open_table(GRANTS)?.get(id.as_bytes())?;
            row.map(|row| read_grant(row.value())).transpose()
        })
        .await
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        self.write(move |transaction| {
            let (id, stored) = (next.id().as_bytes(), transaction.open_table(GRANTS)?);
            let expires_at = match stored.get(id)?.as_ref().map(AccessGuard::value) {
                Some((version, _, expires_at, _)) if version == next.replaces() => expires_at,
                _ => return Ok(false),
            };
            drop(stored); // a table is open once at a time
            transaction.open_table(BY_EXPIRY)?.remove((expires_at, id))?;
            put(transaction, &next)?;
            Ok(true)
        })
        .await
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let user = user.clone();
        self.read(move |transaction| {
            let grants = transaction.open_table(GRANTS)?;
            let mut found = Vec::new();
            for id in transaction.open_multimap_table(BY_USER)?.get(user.as_str())? {
                if let Some(row) = grants.get(id?.value())? {
                    found.push(read_grant(row.value())?);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        self.write(move |transaction| {
            let mut grants = transaction.open_table(GRANTS)?;
            let mut by_user = transaction.open_multimap_table(BY_USER)?;
            let mut by_expiry = transaction.open_table(BY_EXPIRY)?;
            let mut swept = 0_u64;
            let due = ..=(now.as_unix(), &[u8::MAX; 16]);
            for entry in by_expiry.extract_from_if(due, |_, ()| true)? {
                let (key, _) = entry?;
                let (_, id) = key.value();
                if let Some(row) = grants.remove(id)? {
                    by_user.remove(row.value().1, id)?;
                    swept = swept.saturating_add(1);
                }
            }
            Ok(swept)
        })
        .await
    }
}

/// Writes `grant` over whatever there is, but for what else says when that expires.
fn put(transaction: &WriteTransaction, grant: &Grant) -> Result<(), HostError> {
    let (id, expires_at) = (grant.id().as_bytes(), grant.expires_at().as_unix());
    let (user, record) = (grant.subject().as_str(), grant.to_record()?);
    let row = (grant.version(), user, expires_at, record.as_str());
    transaction.open_table(GRANTS)?.insert(id, row)?;
    transaction.open_table(BY_EXPIRY)?.insert((expires_at, id), ())?;
    Ok(())
}

fn read_grant((version, _, _, record): Row<'_>) -> Result<Arc<Grant>, HostError> {
    Ok(Arc::new(Grant::from_record(record, version)?))
}

#[async_trait]
impl ConsentStore for Store {
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        let (user, client) = (user.clone(), client.clone());
        self.read(move |transaction| {
            let row = transaction.open_table(CONSENTS)?.get((user.as_str(), client.as_str()))?;
            let Some(row) = row else { return Ok(None) };
            let (version, record) = row.value();
            Ok(Some(Arc::new(Consented::from_record(record, version)?)))
        })
        .await
    }

    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError> {
        self.write(move |transaction| {
            let (key, record) =
                ((next.subject().as_str(), next.client().as_str()), next.to_record()?);
            let mut consents = transaction.open_table(CONSENTS)?;
            let version = consents.get(key)?.map_or(0, |row| row.value().0);
            if version != next.replaces() {
                return Ok(false);
            }
            consents.insert(key, (next.version(), record.as_str()))?;
            Ok(true)
        })
        .await
    }
}

#[async_trait]
impl ClientStore for Store {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, HostError> {
        let id = id.clone();
        self.read(move |transaction| {
            let record = transaction.open_table(CLIENTS)?.get(id.as_str())?;
            let Some(record) = record else { return Ok(None) };
            Ok(Some(Arc::new(Client::from_record(record.value())?)))
        })
        .await
    }
}
