//! One thread writes. Whatever waits when it comes back from the disk goes
//! there together, in one transaction.

use std::iter::once;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use codegrant::HostError;
use crossbeam_channel::{Receiver, Sender, unbounded};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

/// How many writes share one transaction at most, so that no caller and no
/// other process waits long for it.
const MOST_AT_ONCE: usize = 256;

/// The way to the thread, which ends with the last sender. The queue is as long
/// as there are callers who wait.
pub(super) struct Writer(Sender<Box<dyn Write>>);

/// A write that waits for its turn.
trait Write: Send {
    /// Does it, or leaves no trace of it in the transaction.
    fn perform(self: Box<Self>, transaction: &mut Transaction<'_>) -> Answer;

    /// Tells the caller why it was not even begun.
    fn refuse(self: Box<Self>, error: HostError);
}

/// Tells the caller how it went, once it is known whether the disk has it.
type Answer = Box<dyn FnOnce(Result<(), HostError>)>;

/// What `work` makes goes to whoever waits for it, if anybody still does.
struct Waiting<W, T> {
    work: W,
    caller: oneshot::Sender<Result<T, HostError>>,
}

impl Writer {
    pub(super) fn start(mut connection: Connection) -> Result<Self, HostError> {
        let (sender, queue) = unbounded();
        thread::Builder::new().name("sqlite-writer".into()).spawn(move || {
            while let Ok(first) = queue.recv() {
                write_together(&mut connection, first, &queue);
            }
        })?;
        Ok(Self(sender))
    }

    /// Queues `work` and waits until its transaction is committed.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, HostError> {
        let (caller, answer) = oneshot::channel();
        let queued = self.0.send(Box::new(Waiting { work, caller }));
        queued.map_err(|_| HostError::new("the writer of the database has stopped"))?;
        answer.await?
    }
}

/// One transaction for `first` and whatever waits behind it. Other processes
/// may have kept it from beginning; what came meanwhile takes part.
fn write_together(
    connection: &mut Connection,
    first: Box<dyn Write>,
    queue: &Receiver<Box<dyn Write>>,
) {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let batch = once(first).chain(queue.try_iter()).take(MOST_AT_ONCE);
    match begun {
        Ok(mut transaction) => {
            let answers: Vec<_> = batch.map(|write| write.perform(&mut transaction)).collect();
            let committed = transaction.commit().map_err(HostError::from);
            answers.into_iter().for_each(|answer| answer(committed.clone()));
        }
        Err(error) => {
            let error = HostError::from(error);
            batch.for_each(|write| write.refuse(error.clone()));
        }
    }
}

impl<T, W> Write for Waiting<W, T>
where
    T: Send + 'static,
    W: FnOnce(&Connection) -> Result<T, HostError> + Send,
{
    fn perform(self: Box<Self>, transaction: &mut Transaction<'_>) -> Answer {
        let Self { work, caller } = *self;
        // The thread is everybody's: a panic is this caller's alone.
        let performed = catch_unwind(AssertUnwindSafe(|| in_savepoint(transaction, work)))
            .unwrap_or_else(|_| Err(HostError::new("the write panicked")));
        Box::new(move |committed| {
            let _ = caller.send(performed.and_then(|done| committed.map(|()| done)));
        })
    }

    fn refuse(self: Box<Self>, error: HostError) {
        let _ = self.caller.send(Err(error));
    }
}

/// An error undoes what `work` did, and nothing that others did before it.
fn in_savepoint<T>(
    transaction: &mut Transaction<'_>,
    work: impl FnOnce(&Connection) -> Result<T, HostError>,
) -> Result<T, HostError> {
    // A full disk ends the whole transaction; a savepoint would begin another.
    if transaction.is_autocommit() {
        return Err(HostError::new("the database has given up the transaction"));
    }
    let savepoint = transaction.savepoint()?;
    let done = work(&savepoint)?;
    savepoint.commit()?;
    Ok(done)
}
