//! Stores that count their calls, and fail when a test wants them to.
//!
//! No two seams share a method name, so the name alone says which call fails.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use codegrant::memory::{Clients, Codes, Consents};
use codegrant::{
    Authentication, Client, ClientId, ClientSecret, ClientStore, CodeStore, ConsentStore,
    Consented, Directory, Entropy, Grant, GrantId, HostError, SecretHash, SecretVerifier,
    Sha256Secrets, Subject, SystemEntropy, Timestamp, User, UserAuthenticator,
};
use http::request::Parts;

use super::world::{Browser, People};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An error, and nothing was done.
    Before,
    /// It was done, and the answer got lost.
    After,
    /// `replace` says that somebody else was first, and wrote nothing.
    False,
    /// `replace` wrote, yet says that somebody else was first: a driver that
    /// retried by itself does that.
    FalseAfter,
}

/// A fault, the calls that it lets pass first, and the calls that it then hits.
#[derive(Clone, Copy, Debug)]
struct Planned {
    fault: Fault,
    spared: usize,
    hits: usize,
}

/// The watch over all calls.
#[derive(Default)]
pub(crate) struct Seams {
    calls: Mutex<Vec<&'static str>>,
    faults: Mutex<HashMap<&'static str, Planned>>,
    gathering: Mutex<Option<(&'static str, usize)>>,
    gathered: AtomicUsize,
}

/// A seam's implementation under watch.
pub(crate) struct Watched<S> {
    pub(crate) inner: Arc<S>,
    pub(crate) seams: Arc<Seams>,
}

impl Seams {
    /// Every call of `method` fails until [`mend`](Self::mend).
    pub(crate) fn fail(&self, method: &'static str, fault: Fault) {
        self.fail_from(method, fault, 0);
    }

    /// Every call of `method` but the next `spared` ones fails.
    pub(crate) fn fail_from(&self, method: &'static str, fault: Fault, spared: usize) {
        self.plan(method, Planned { fault, spared, hits: usize::MAX });
    }

    /// The next `hits` calls of `method` fail.
    pub(crate) fn fail_times(&self, method: &'static str, fault: Fault, hits: usize) {
        self.plan(method, Planned { fault, spared: 0, hits });
    }

    fn plan(&self, method: &'static str, planned: Planned) {
        self.faults.lock().unwrap().insert(method, planned);
    }

    /// Nothing fails any more.
    pub(crate) fn mend(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// Calls of `method` answer only when `count` of them have been made.
    pub(crate) fn gather(&self, method: &'static str, count: usize) {
        *self.gathering.lock().unwrap() = Some((method, count));
    }

    /// The calls since the last time this was asked, in order.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn begin(&self, method: &'static str) -> Option<Fault> {
        self.calls.lock().unwrap().push(method);
        let mut faults = self.faults.lock().unwrap();
        let planned = faults.get_mut(method)?;
        if let Some(spared) = planned.spared.checked_sub(1) {
            planned.spared = spared;
            return None;
        }
        planned.hits = planned.hits.checked_sub(1)?;
        Some(planned.fault)
    }

    async fn call<T>(
        &self,
        method: &'static str,
        work: impl Future<Output = Result<T, HostError>> + Send,
    ) -> Result<T, HostError> {
        self.work(method, self.begin(method), work).await
    }

    /// Suspends before and after the work, as a database over a network does.
    async fn work<T>(
        &self,
        method: &'static str,
        fault: Option<Fault>,
        work: impl Future<Output = Result<T, HostError>> + Send,
    ) -> Result<T, HostError> {
        suspend_once().await;
        if fault == Some(Fault::Before) {
            return Err(HostError::new(format!("{method} is down")));
        }
        let done = work.await;
        self.meet(method).await;
        suspend_once().await;
        if fault == Some(Fault::After) {
            return Err(HostError::new(format!("the answer of {method} got lost")));
        }
        done
    }

    async fn meet(&self, method: &'static str) {
        let gathering = *self.gathering.lock().unwrap();
        let Some((_, count)) = gathering.filter(|(gathered, _)| *gathered == method) else {
            return;
        };
        self.gathered.fetch_add(1, Ordering::SeqCst);
        while self.gathered.load(Ordering::SeqCst) < count {
            suspend_once().await;
        }
    }
}

async fn suspend_once() {
    let mut suspended = false;
    poll_fn(|context| {
        if std::mem::replace(&mut suspended, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl ClientStore for Watched<Clients> {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, HostError> {
        self.seams.call("client", self.inner.client(id)).await
    }
}

#[async_trait]
impl CodeStore for Watched<Codes> {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        self.seams.call("insert", self.inner.insert(grant)).await
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        self.seams.call("grant", self.inner.grant(id)).await
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        let fault = self.seams.begin("replace");
        let lying = matches!(fault, Some(Fault::False | Fault::FalseAfter));
        let work = async {
            let written = fault != Some(Fault::False) && self.inner.replace(next).await?;
            Ok(written && !lying)
        };
        self.seams.work("replace", fault, work).await
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        self.seams.call("granted_by", self.inner.granted_by(user)).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        self.seams.call("sweep", self.inner.sweep(now)).await
    }
}

#[async_trait]
impl ConsentStore for Watched<Consents> {
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        self.seams.call("consented", self.inner.consented(user, client)).await
    }

    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError> {
        let fault = self.seams.begin("remember");
        let lying = matches!(fault, Some(Fault::False | Fault::FalseAfter));
        let work = async {
            let written = fault != Some(Fault::False) && self.inner.remember(next).await?;
            Ok(written && !lying)
        };
        self.seams.work("remember", fault, work).await
    }
}

#[async_trait]
impl UserAuthenticator for Watched<Browser> {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Authentication>, HostError> {
        self.seams.call("authenticate", self.inner.authenticate(request)).await
    }
}

#[async_trait]
impl Directory for Watched<People> {
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError> {
        self.seams.call("user", self.inner.user(subject)).await
    }
}

#[async_trait]
impl SecretVerifier for Watched<Sha256Secrets> {
    async fn verify(
        &self,
        presented: &ClientSecret,
        hash: Option<&SecretHash>,
    ) -> Result<bool, HostError> {
        self.seams.call("verify", self.inner.verify(presented, hash)).await
    }
}

impl Entropy for Watched<SystemEntropy> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        match self.seams.begin("fill") {
            Some(_) => Err(HostError::new("fill is down")),
            None => self.inner.fill(bytes),
        }
    }
}
