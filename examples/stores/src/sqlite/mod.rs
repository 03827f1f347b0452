//! SQLite, bundled: one file, one machine, any number of processes.

mod accounts;
mod clients;
mod connection;
mod consents;
mod grants;
mod readers;
mod replays;
mod schema;
mod sweep;
mod writer;

use std::path::Path;
use std::sync::Arc;

use codegrant::{Client, ClientId, Grant, GrantId, HostError};
use rusqlite::Connection;

use crate::lately::Lately;
use readers::Readers;
use writer::Writer;

/// A database file. Cloning shares its connections: one that writes, and some
/// that read beside it.
///
/// A write is answered when the disk has it, and all that wait for the disk
/// share one wait. A read sees every write that was answered before it began.
#[derive(Clone)]
pub struct Sqlite(Arc<Parts>);

struct Parts {
    writer: Writer,
    /// `None` in memory, where the writer's connection is the only one.
    readers: Option<Readers>,
    clients: Lately<ClientId, Client>,
    grants: Lately<GrantId, Grant>,
}

impl Sqlite {
    /// Opens the file, which is made for its owner's eyes only if it is not
    /// there, and brings it to the schema of this version.
    ///
    /// Fails for a file that a newer version has written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, HostError> {
        let path = connection::private_file(path.as_ref())?;
        let writer = Writer::start(connection::for_writing(&path)?)?;
        Ok(Self::of(writer, Some(Readers::start(&path)?)))
    }

    /// A database in memory, gone with the last clone.
    pub fn in_memory() -> Result<Self, HostError> {
        let writer = Writer::start(connection::in_memory()?)?;
        Ok(Self::of(writer, None))
    }

    fn of(writer: Writer, readers: Option<Readers>) -> Self {
        let (clients, grants) = (Lately::default(), Lately::default());
        Self(Arc::new(Parts { writer, readers, clients, grants }))
    }

    /// Reads in one transaction per statement, on a thread that may wait for
    /// the disk. For what else a host keeps in the same file, too.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, HostError> {
        match &self.0.readers {
            Some(readers) => readers.read(work).await,
            None => self.0.writer.write(work).await,
        }
    }

    /// Writes all that `work` does or nothing, in the order of the calls, and
    /// answers when the disk has it. `work` must not end the transaction; it is
    /// finished even if nobody waits for it any more. An error from the disk
    /// leaves open whether it has it.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, HostError> {
        self.0.writer.write(work).await
    }
}
