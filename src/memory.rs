//! The embedded stores: everything in memory, gone with the process. For
//! tests, demonstrations, and single nodes that may forget.

use std::borrow::Borrow;
use std::collections::hash_map::{Entry, RandomState};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;

use crate::grant::Grant;
use crate::host::{ClientStore, CodeStore, ConsentStore, HostError, ReplayCache};
use crate::model::client::Client;
use crate::model::consented::Consented;
use crate::model::identity::{ClientId, GrantId, Subject};
use crate::model::timestamp::Timestamp;

/// A [`ClientStore`] in memory.
#[derive(Debug, Default)]
pub struct Clients(RwLock<HashMap<ClientId, Arc<Client>>>);

impl Clients {
    /// A store of these clients.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        let store = Self::default();
        clients.into_iter().for_each(|client| store.put(client));
        store
    }

    /// Adds a client, in place of one with the same id.
    pub fn put(&self, client: Client) {
        write(&self.0).insert(client.id().clone(), Arc::new(client));
    }

    /// Removes a client; nothing more is issued to it.
    pub fn remove(&self, id: &ClientId) {
        write(&self.0).remove(id);
    }
}

#[async_trait]
impl ClientStore for Clients {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, HostError> {
        Ok(read(&self.0).get(id).cloned())
    }
}

/// A [`ConsentStore`] in memory.
#[derive(Debug, Default)]
pub struct Consents(RwLock<HashMap<(Subject, ClientId), Arc<Consented>>>);

#[async_trait]
impl ConsentStore for Consents {
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        Ok(read(&self.0).get(&(user.clone(), client.clone())).cloned())
    }

    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError> {
        let mut kept = write(&self.0);
        let key = (next.subject().clone(), next.client().clone());
        let version = kept.get(&key).map_or(0, |kept| kept.version());
        let first = version == next.replaces();
        if first {
            kept.insert(key, next);
        }
        Ok(first)
    }
}

/// A [`ReplayCache`] in memory.
#[derive(Debug, Default)]
pub struct Replays(RwLock<HashMap<[u8; 32], Timestamp>>);

#[async_trait]
impl ReplayCache for Replays {
    async fn is_first_use(
        &self,
        proof: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<bool, HostError> {
        match write(&self.0).entry(*proof) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(place) => {
                place.insert(expires_at);
                Ok(true)
            }
        }
    }

    async fn forget_proofs(&self, now: Timestamp) -> Result<u64, HostError> {
        let mut kept = write(&self.0);
        let before = kept.len();
        kept.retain(|_, expires_at| *expires_at > now);
        Ok(u64::try_from(before.saturating_sub(kept.len()))?)
    }
}

/// How many grants a sweep looks at before it lets others in.
const SWEPT_AT_ONCE: usize = 256;

/// A [`CodeStore`] in memory.
#[derive(Debug, Default)]
pub struct Codes {
    shelf: RwLock<Shelf>,
    user_hash: RandomState,
}

#[derive(Debug, Default)]
struct Shelf {
    /// Keyed by ids that are random and were sealed: no hashing is needed.
    grants: HashSet<ById, BuildHasherDefault<FirstBytes>>,
    by_user: ByUser,
    /// Grants by when they expire, or by an earlier time at which that is found out.
    by_expiry: BTreeMap<Timestamp, Vec<GrantId>>,
}

/// A grant that is found by its id, which the table need not keep a second time.
#[derive(Debug)]
struct ById(Arc<Grant>);

/// Grants by a keyed hash of their user, shorter than the user's name.
#[derive(Debug, Default)]
struct ByUser {
    /// One of each user, who mostly has no other.
    one: HashMap<u64, GrantId, BuildHasherDefault<FirstBytes>>,
    /// All others. Apart, so that the many entries with one need no room for them.
    others: HashMap<u64, BTreeSet<GrantId>, BuildHasherDefault<FirstBytes>>,
}

impl Codes {
    /// How many grants are kept, expired ones included until the next sweep.
    #[must_use]
    pub fn len(&self) -> usize {
        read(&self.shelf).grants.len()
    }

    /// Whether no grant is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[async_trait]
impl CodeStore for Codes {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        let user = self.user_hash.hash_one(grant.subject());
        let mut shelf = write(&self.shelf);
        let (id, expires_at) = (*grant.id(), grant.expires_at());
        if !shelf.grants.insert(ById(grant)) {
            return Err(HostError::new("the grant's id is taken"));
        }
        shelf.by_expiry.entry(expires_at).or_default().push(id);
        shelf.by_user.add(user, id);
        Ok(())
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        Ok(read(&self.shelf).grants.get(id).map(|ById(grant)| grant.clone()))
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        let mut shelf = write(&self.shelf);
        let (id, expires_at) = (*next.id(), next.expires_at());
        let Some(ById(kept)) = shelf.grants.get(&id) else { return Ok(false) };
        if kept.version() != next.replaces() {
            return Ok(false);
        }
        let is_sooner = expires_at < kept.expires_at();
        shelf.grants.replace(ById(next));
        if is_sooner {
            shelf.by_expiry.entry(expires_at).or_default().push(id);
        }
        Ok(true)
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let shelf = read(&self.shelf);
        let ids = shelf.by_user.get(self.user_hash.hash_one(user));
        let grants = ids.filter_map(|id| shelf.grants.get(id)).map(|ById(grant)| grant);
        Ok(grants.filter(|grant| grant.subject() == user).cloned().collect())
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        let mut count: u64 = 0;
        loop {
            let swept = write(&self.shelf).take_expired(now, &self.user_hash);
            let Some(swept) = swept else { return Ok(count) };
            count = count.saturating_add(u64::try_from(swept.len())?);
        }
    }
}

impl Shelf {
    /// Looks at some of the grants that are due, and gives those back that it forgot,
    /// to be dropped when others may get in: a lock that is free for no time at all
    /// lets nobody in. `None` if none is due.
    fn take_expired(&mut self, now: Timestamp, user_hash: &RandomState) -> Option<Vec<ById>> {
        let mut due = self.by_expiry.first_entry().filter(|due| *due.key() <= now)?;
        let ids = due.get_mut();
        let some = ids.split_off(ids.len().saturating_sub(SWEPT_AT_ONCE));
        if ids.is_empty() {
            due.remove();
        }
        let mut swept = Vec::with_capacity(some.len());
        for id in some {
            let Some(ById(grant)) = self.grants.get(&id) else { continue };
            let expires_at = grant.expires_at();
            if expires_at > now {
                self.by_expiry.entry(expires_at).or_default().push(id);
                continue;
            }
            self.by_user.remove(user_hash.hash_one(grant.subject()), &id);
            swept.extend(self.grants.take(&id));
        }
        Some(swept)
    }
}

impl Borrow<GrantId> for ById {
    fn borrow(&self) -> &GrantId {
        self.0.id()
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.id().hash(hasher);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for ById {}

impl ByUser {
    fn get(&self, user: u64) -> impl Iterator<Item = &GrantId> {
        self.one.get(&user).into_iter().chain(self.others.get(&user).into_iter().flatten())
    }

    fn add(&mut self, user: u64, id: GrantId) {
        match self.one.entry(user) {
            Entry::Vacant(place) => {
                place.insert(id);
            }
            Entry::Occupied(_) => {
                self.others.entry(user).or_default().insert(id);
            }
        }
    }

    fn remove(&mut self, user: u64, id: &GrantId) {
        let Entry::Occupied(mut others) = self.others.entry(user) else {
            self.one.remove(&user);
            return;
        };
        // If it was not among the others, one of them takes its place.
        if !others.get_mut().remove(id)
            && let Some(next) = others.get_mut().pop_first()
        {
            self.one.insert(user, next);
        }
        if others.get().is_empty() {
            others.remove();
        }
    }
}

/// Takes the first eight bytes last written for the hash: they are random already.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A panic elsewhere leaves the maps whole: nothing is changed halfway.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
