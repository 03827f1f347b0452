//! Connections that read while the writer waits for the disk.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codegrant::HostError;
use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::connection;

/// How many read at a time; the others wait for their turn.
const MOST_AT_ONCE: usize = 4;

/// The readers of one file, opened when they are first needed.
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn of(path: PathBuf) -> Self {
        let turns = Arc::new(Semaphore::new(MOST_AT_ONCE));
        Self { path, idle: Mutex::default(), turns }
    }

    /// Every statement of `work` sees what was committed before it began.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, HostError> {
        let turn = self.turns.clone().acquire_owned().await?;
        let readers = self.clone();
        spawn_blocking(move || {
            let reader = readers.idle().pop();
            let reader = reader.map_or_else(|| connection::for_reading(&readers.path), Ok)?;
            let outcome = work(&reader);
            readers.idle().push(reader);
            drop(turn);
            outcome
        })
        .await?
    }

    /// A panic elsewhere leaves the list whole: nothing is changed halfway.
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
