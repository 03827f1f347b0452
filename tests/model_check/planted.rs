//! Stores with a fault that must be found.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use codegrant::memory::Codes;
use codegrant::{CodeStore, Grant, GrantId, HostError, Subject, Timestamp};
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::atomic::AtomicUsize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// Replaces whatever it holds.
    IgnoresTheVersion,
    /// Looks at the version, and writes later.
    ReplacesInTwoSteps,
    /// Reads from a replica that is one version behind, now and then.
    Lags,
    /// Forgets to list what was inserted last.
    ListsTooFew,
}

pub(crate) struct Planted {
    plant: Plant,
    inner: Codes,
    before: Mutex<HashMap<GrantId, Arc<Grant>>>,
    last: Mutex<Option<GrantId>>,
    turnstile: AtomicUsize,
}

impl Planted {
    pub(crate) fn new(plant: Plant) -> Self {
        let (before, last) = (Mutex::default(), Mutex::default());
        Self { plant, inner: Codes::default(), before, last, turnstile: AtomicUsize::new(0) }
    }

    /// Whatever is there.
    async fn overwrite(&self, next: &Grant) -> Result<bool, HostError> {
        let Some(kept) = self.inner.grant(next.id()).await? else { return Ok(false) };
        let next = Grant::from_record(&next.to_record()?, kept.version() + 1)?;
        self.inner.replace(Arc::new(next)).await
    }
}

#[async_trait]
impl CodeStore for Planted {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        *self.last.lock().unwrap() = Some(*grant.id());
        self.inner.insert(grant).await
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        let before = self.before.lock().unwrap().get(id).cloned();
        let lags = self.plant == Plant::Lags && thread_rng().gen_bool(0.3);
        match before.filter(|_| lags) {
            Some(before) => Ok(Some(before)),
            None => self.inner.grant(id).await,
        }
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        let kept = self.inner.grant(next.id()).await?;
        let admitted = kept.as_ref().is_some_and(|kept| kept.version() == next.replaces());
        if let Some(kept) = kept.filter(|_| admitted) {
            self.before.lock().unwrap().insert(*next.id(), kept);
        }
        match self.plant {
            Plant::IgnoresTheVersion => self.overwrite(&next).await,
            Plant::ReplacesInTwoSteps if admitted => {
                self.turnstile.fetch_add(1, Ordering::SeqCst);
                self.overwrite(&next).await
            }
            _ => self.inner.replace(next).await,
        }
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let mut listed = self.inner.granted_by(user).await?;
        let last = *self.last.lock().unwrap();
        listed.retain(|grant| self.plant != Plant::ListsTooFew || last != Some(*grant.id()));
        Ok(listed)
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        self.inner.sweep(now).await
    }
}
