//! A [`CodeStore`] with one fault.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use codegrant::{Clock, CodeStore, Grant, GrantId, HostError, Subject, SystemClock, Timestamp};

use super::suspend_once;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    /// Not a lie: the database forgets what has expired, whoever sweeps.
    ForgetsByItself,
    /// Not a lie either: it does so some time later.
    ForgetsLater,
    /// Makes up a grant for an id that it does not know.
    FindsStrangers,
    /// Says that it wrote, and did not.
    LosesInserts,
    LosesReplaces,
    /// Keeps the first 255 bytes of a record.
    Truncates,
    /// Keeps as much as a small column takes.
    TruncatesTheLongest,
    /// Keeps every grant under the version that it was inserted with.
    ForgetsTheVersion,
    /// Takes ids for the same whose text differs in case only.
    FoldsIds,
    /// Answers once in a while from a replica that lags.
    Lags,
    OverwritesOnInsert,
    /// Refuses a second insert, and enters it in the user's list all the same.
    ListsRefusedInserts,
    /// Looks whether an id is free, and inserts later.
    InsertsInTwoSteps,
    /// Replaces whatever it holds.
    IgnoresTheVersion,
    /// Replaces any version by a later one.
    TakesEverythingNewer,
    /// Refuses, and writes all the same.
    WritesWhatItRefuses,
    InsertsOnReplace,
    /// Looks at the version, and writes later.
    ReplacesInTwoSteps,
    /// Lists all grants of a user but one.
    ForgetsOne,
    /// Lists as many as fit a page.
    ListsOnePage,
    /// Lists what a grant was when it was inserted.
    ListsFirstVersions,
    HidesTheEnded,
    /// Lists everybody's.
    ListsEverybodys,
    FoldsUsers,
    TrimsUsers,
    /// Looks users up with `LIKE`.
    MatchesUsers,
    SweepsEverything,
    SweepsByFirstVersion,
    /// Keeps a grant as long as any of its versions might have lived.
    SweepsByLongestVersion,
    SweepsASecondEarly,
    SweepsASecondLate,
    /// Forgets a grant, but not that the user has it.
    SweepsHalf,
    MiscountsTheSwept,
}

/// All versions of each grant, the latest last.
type Kept = BTreeMap<GrantId, Vec<Arc<Grant>>>;

pub(crate) struct Codes {
    lie: Lie,
    kept: Mutex<Kept>,
    reads: Mutex<u32>,
    ghosts: Mutex<Vec<Arc<Grant>>>,
}

impl Codes {
    pub(crate) fn new(lie: Lie) -> Self {
        Self { lie, kept: Mutex::default(), reads: Mutex::default(), ghosts: Mutex::default() }
    }

    fn lies(&self, lie: Lie) -> bool {
        self.lie == lie
    }

    /// The grants as they are now.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        let mut kept = self.kept.lock().unwrap();
        if self.lies(Lie::ForgetsByItself) {
            let now = SystemClock.now();
            kept.retain(|_, versions| versions.last().unwrap().expires_at() > now);
        }
        kept
    }

    fn key(&self, id: &GrantId) -> GrantId {
        let mut bytes = *id.as_bytes();
        if self.lies(Lie::FoldsIds) && bytes[0] == 26 << 2 {
            bytes[0] = 0;
        }
        GrantId::from_bytes(bytes)
    }

    /// The grant as it is read back.
    fn read(&self, grant: &Grant) -> Result<Arc<Grant>, HostError> {
        let record = grant.to_record()?;
        let longest = match self.lie {
            Lie::Truncates => 255,
            Lie::TruncatesTheLongest => 16_384,
            _ => usize::MAX,
        };
        let version = if self.lies(Lie::ForgetsTheVersion) { 1 } else { grant.version() };
        let text = record.get(..longest).unwrap_or(&record);
        Ok(Arc::new(Grant::from_record(text, version)?))
    }

    fn is_of(&self, grant: &Grant, user: &Subject) -> bool {
        let (mine, asked) = (grant.subject().as_str(), user.as_str());
        match self.lie {
            Lie::ListsEverybodys => true,
            Lie::FoldsUsers => mine.eq_ignore_ascii_case(asked),
            Lie::TrimsUsers => mine.trim_end() == asked.trim_end(),
            Lie::MatchesUsers if asked.ends_with('%') => {
                mine.starts_with(asked.trim_end_matches('%'))
            }
            _ => mine == asked,
        }
    }

    fn has_expired(&self, versions: &[Arc<Grant>], now: Timestamp) -> bool {
        let first = versions.first().unwrap().expires_at().as_unix();
        let latest = versions.last().unwrap().expires_at().as_unix();
        let longest = versions.iter().map(|version| version.expires_at().as_unix()).max().unwrap();
        match self.lie {
            Lie::SweepsEverything => true,
            Lie::ForgetsLater => false,
            Lie::SweepsByFirstVersion => first <= now.as_unix(),
            Lie::SweepsByLongestVersion => longest <= now.as_unix(),
            Lie::SweepsASecondEarly => latest <= now.as_unix().saturating_add(1),
            Lie::SweepsASecondLate => latest < now.as_unix(),
            _ => latest <= now.as_unix(),
        }
    }
}

#[async_trait]
impl CodeStore for Codes {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        let key = self.key(grant.id());
        let is_taken = || self.kept().contains_key(&key);
        let taken = is_taken();
        suspend_once().await;
        let taken = if self.lies(Lie::InsertsInTwoSteps) { taken } else { is_taken() };
        if taken && !self.lies(Lie::OverwritesOnInsert) {
            if self.lies(Lie::ListsRefusedInserts) {
                self.ghosts.lock().unwrap().push(grant);
            }
            return Err(HostError::new("the id is taken"));
        }
        if !self.lies(Lie::LosesInserts) {
            self.kept().insert(key, vec![grant]);
        }
        Ok(())
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        suspend_once().await;
        let kept = self.kept();
        let Some(versions) = kept.get(&self.key(id)) else {
            let anybodys = kept.values().next().and_then(|versions| versions.last());
            let stranger = anybodys.filter(|_| self.lies(Lie::FindsStrangers));
            return stranger.map(|grant| self.read(grant)).transpose();
        };
        let mut reads = self.reads.lock().unwrap();
        *reads = reads.wrapping_add(1);
        let lag = usize::from(self.lies(Lie::Lags) && reads.is_multiple_of(100));
        versions.iter().rev().nth(lag).map(|grant| self.read(grant)).transpose()
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        let key = self.key(next.id());
        let admits = || {
            let kept = self.kept();
            let latest = kept.get(&key).and_then(|versions| versions.last());
            latest.map_or(self.lies(Lie::InsertsOnReplace), |latest| match self.lie {
                Lie::IgnoresTheVersion => true,
                Lie::TakesEverythingNewer => latest.version() < next.version(),
                _ => latest.version() == next.replaces(),
            })
        };
        let admitted = admits();
        suspend_once().await;
        let admitted = if self.lies(Lie::ReplacesInTwoSteps) { admitted } else { admits() };
        let mut kept = self.kept();
        let is_known = kept.contains_key(&key);
        if admitted && !self.lies(Lie::LosesReplaces)
            || is_known && self.lies(Lie::WritesWhatItRefuses)
        {
            kept.entry(key).or_default().push(next);
        }
        Ok(admitted)
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        suspend_once().await;
        let kept = self.kept();
        let versions = kept.values().filter_map(|versions| match self.lie {
            Lie::ListsFirstVersions => versions.first(),
            _ => versions.last(),
        });
        let ghosts = self.ghosts.lock().unwrap();
        let mut listed: Vec<_> = versions
            .chain(&*ghosts)
            .filter(|grant| self.is_of(grant, user))
            .filter(|grant| !(self.lies(Lie::HidesTheEnded) && grant.is_ended()))
            .cloned()
            .collect();
        match self.lie {
            Lie::ForgetsOne if listed.len() > 2 => {
                listed.pop();
            }
            Lie::ListsOnePage => listed.truncate(100),
            _ => {}
        }
        Ok(listed)
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        suspend_once().await;
        let mut kept = self.kept();
        let mut gone = Vec::new();
        kept.retain(|_, versions| {
            let expired = self.has_expired(versions, now);
            gone.extend(versions.last().filter(|_| expired).cloned());
            !expired
        });
        let count = if self.lies(Lie::MiscountsTheSwept) { gone.len().min(1) } else { gone.len() };
        if self.lies(Lie::SweepsHalf) {
            self.ghosts.lock().unwrap().extend(gone);
        }
        Ok(u64::try_from(count)?)
    }
}
