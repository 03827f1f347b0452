//! A [`ReplayCache`] with one fault.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use codegrant::{Clock, HostError, ReplayCache, SystemClock, Timestamp};

use super::suspend_once;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    /// Not a lie: the database forgets what has expired, whoever asks it to.
    ForgetsByItself,
    /// Says yes to everything.
    RemembersNothing,
    /// Says no to everything.
    RemembersEverything,
    /// Remembers the beginning of a proof.
    Truncates,
    /// Remembers a proof as text, and takes cases for the same.
    Folds,
    /// Looks for the proof, and notes it later.
    NotesInTwoSteps,
    ForgetsEverything,
    ForgetsASecondEarly,
    ForgetsASecondLate,
}

pub(crate) struct Replays {
    lie: Lie,
    kept: Mutex<HashMap<Vec<u8>, Timestamp>>,
}

impl Replays {
    pub(crate) fn new(lie: Lie) -> Self {
        Self { lie, kept: Mutex::default() }
    }

    /// The proofs as they are now.
    fn kept(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Timestamp>> {
        let mut kept = self.kept.lock().unwrap();
        if self.lie == Lie::ForgetsByItself {
            let now = SystemClock.now();
            kept.retain(|_, expires_at| *expires_at > now);
        }
        kept
    }

    fn key(&self, proof: &[u8; 32]) -> Vec<u8> {
        let mut key = proof.to_vec();
        match self.lie {
            Lie::Truncates => key.truncate(30),
            Lie::Folds if key[0] == 26 << 2 => key[0] = 0,
            _ => {}
        }
        key
    }
}

#[async_trait]
impl ReplayCache for Replays {
    async fn is_first_use(
        &self,
        proof: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<bool, HostError> {
        let key = self.key(proof);
        let is_new = || !self.kept().contains_key(&key);
        let seen = is_new();
        suspend_once().await;
        let seen = if self.lie == Lie::NotesInTwoSteps { seen } else { is_new() };
        self.kept().entry(key.clone()).or_insert(expires_at);
        Ok(match self.lie {
            Lie::RemembersNothing => true,
            Lie::RemembersEverything => false,
            _ => seen,
        })
    }

    async fn forget_proofs(&self, now: Timestamp) -> Result<u64, HostError> {
        suspend_once().await;
        let now = now.as_unix();
        let mut kept = self.kept();
        let before = kept.len();
        kept.retain(|_, expires_at| match self.lie {
            Lie::ForgetsEverything => false,
            Lie::ForgetsASecondEarly => expires_at.as_unix() > now.saturating_add(1),
            Lie::ForgetsASecondLate => expires_at.as_unix() >= now,
            _ => expires_at.as_unix() > now,
        });
        Ok(u64::try_from(before.saturating_sub(kept.len()))?)
    }
}
