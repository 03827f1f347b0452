//! The store that the nodes share, and each node's way to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use codegrant::{
    ClientId, CodeStore, ConsentStore, Consented, Grant, GrantId, HostError, Subject, Timestamp,
};
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::atomic::AtomicUsize;

/// What may go wrong between a node and the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Faults {
    None,
    /// A replace is done, and the answer gets lost or is wrongly `false`.
    LostAcknowledgements,
    /// Any call may fail before or after it was done, or be done later.
    Any,
}

/// What goes wrong with one call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Before,
    After,
    FalseAfter,
    Late,
}

/// One node's way to the store.
pub(crate) struct Link {
    pub(crate) codes: Arc<dyn CodeStore>,
    pub(crate) consents: Arc<dyn ConsentStore>,
    pub(crate) faults: Faults,
    failed: AtomicBool,
    turnstile: AtomicUsize,
}

impl Link {
    pub(crate) fn new(
        codes: Arc<dyn CodeStore>,
        consents: Arc<dyn ConsentStore>,
        faults: Faults,
    ) -> Self {
        let (failed, turnstile) = (AtomicBool::new(false), AtomicUsize::new(0));
        Self { codes, consents, faults, failed, turnstile }
    }

    /// Whether anything went wrong since this was asked last.
    pub(crate) fn failed(&self) -> bool {
        self.failed.swap(false, Ordering::SeqCst)
    }

    /// Here any other node may go on first.
    fn give_way(&self) {
        self.turnstile.fetch_add(1, Ordering::SeqCst);
    }

    fn draw(&self, possible: &[Fault]) -> Fault {
        if self.faults == Faults::None || thread_rng().gen_range(0..6) > 0 {
            return Fault::None;
        }
        let fault = possible[thread_rng().gen_range(0..possible.len())];
        self.failed.fetch_or(fault != Fault::None, Ordering::SeqCst);
        fault
    }

    async fn call<T>(
        &self,
        possible: &[Fault],
        work: impl Future<Output = Result<T, HostError>> + Send,
    ) -> Result<T, HostError> {
        let possible = if self.faults == Faults::Any { possible } else { &[Fault::None] };
        let fault = self.draw(possible);
        self.give_way();
        if fault == Fault::Before {
            return Err(HostError::new("the store is down"));
        }
        let done = work.await;
        self.give_way();
        if fault == Fault::After {
            return Err(HostError::new("the answer got lost"));
        }
        done
    }

    /// A compare-and-swap, and all that can go wrong with it.
    async fn swap(
        &self,
        work: impl Future<Output = Result<bool, HostError>> + Send + 'static,
    ) -> Result<bool, HostError> {
        let fault = match self.faults {
            Faults::None => Fault::None,
            Faults::LostAcknowledgements => self.draw(&[Fault::After, Fault::FalseAfter]),
            Faults::Any => {
                self.draw(&[Fault::Before, Fault::After, Fault::FalseAfter, Fault::Late])
            }
        };
        self.give_way();
        match fault {
            Fault::Before => return Err(HostError::new("the store is down")),
            Fault::Late => {
                shuttle::future::spawn(work);
                return Err(HostError::new("the store is slow"));
            }
            Fault::None | Fault::After | Fault::FalseAfter => {}
        }
        let done = work.await;
        self.give_way();
        match fault {
            Fault::After => Err(HostError::new("the answer got lost")),
            Fault::FalseAfter => Ok(false),
            _ => done,
        }
    }
}

const READ: &[Fault] = &[Fault::Before];
const WRITE: &[Fault] = &[Fault::Before, Fault::After];

#[async_trait]
impl CodeStore for Link {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        self.call(WRITE, self.codes.insert(grant)).await
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        self.call(READ, self.codes.grant(id)).await
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        let codes = self.codes.clone();
        self.swap(async move { codes.replace(next).await }).await
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        self.call(READ, self.codes.granted_by(user)).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        self.call(WRITE, self.codes.sweep(now)).await
    }
}

#[async_trait]
impl ConsentStore for Link {
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        self.call(READ, self.consents.consented(user, client)).await
    }

    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError> {
        self.call(WRITE, self.consents.remember(next)).await
    }
}
