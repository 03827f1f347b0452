//! Threads that read while the writer waits for the disk. They stay awake from
//! one read to the next: waking a thread for each takes longer than to read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

use codegrant::HostError;
use crossbeam_channel::{Receiver, Sender, unbounded};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection;

/// How many read at a time; the others wait for their turn.
const AT_ONCE: usize = 4;

/// The way to the threads, which end with the last sender. The queue is as long
/// as there are callers who wait.
pub(super) struct Readers(Sender<Read>);

/// Reads, and tells the caller what.
type Read = Box<dyn FnOnce(&Connection) + Send>;

impl Readers {
    /// The readers of the file at `path`, which the writer has opened.
    pub(super) fn start(path: &Path) -> Result<Self, HostError> {
        let (sender, queue) = unbounded();
        for _ in 0..AT_ONCE {
            let (connection, queue) = (connection::for_reading(path)?, queue.clone());
            let reader = thread::Builder::new().name("sqlite-reader".into());
            reader.spawn(move || read_on(&connection, &queue))?;
        }
        Ok(Self(sender))
    }

    /// Every statement of `work` sees what was committed before it began.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, HostError> {
        let (caller, answer) = oneshot::channel();
        let queued = self.0.send(Box::new(move |connection| {
            // Nobody waits for what a dropped request asked.
            if !caller.is_closed() {
                let _ = caller.send(perform(work, connection));
            }
        }));
        queued.map_err(|_| HostError::new("the readers of the database have stopped"))?;
        answer.await?
    }
}

fn read_on(connection: &Connection, queue: &Receiver<Read>) {
    for read in queue {
        read(connection);
    }
}

/// The thread is everybody's: a panic is this caller's alone, and so is what
/// `work` saw. A transaction left open would show the next ones the past.
fn perform<T>(
    work: impl FnOnce(&Connection) -> Result<T, HostError>,
    connection: &Connection,
) -> Result<T, HostError> {
    let done = catch_unwind(AssertUnwindSafe(|| work(connection)))
        .unwrap_or_else(|_| Err(HostError::new("the read panicked")));
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    done
}
