//! A [`ConsentStore`] with one fault.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use codegrant::{ClientId, ConsentStore, Consented, HostError, Subject};

use super::suspend_once;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    /// Finds what another user allowed the client, where this one was not asked.
    FindsStrangers,
    Truncates,
    TruncatesTheLongest,
    /// Puts the two names together with nothing in between.
    JoinsNames,
    /// Puts a colon in between.
    JoinsNamesByColon,
    FoldsUsers,
    TrimsClients,
    LosesAnswers,
    /// Merges what it is told with what it holds.
    KeepsTheOldAnswer,
    /// Writes a first answer whatever it holds.
    OverwritesByFirstAnswers,
    /// Begins with any version.
    BeginsInTheMiddle,
    TakesEverythingNewer,
    /// Looks at the version, and writes later.
    RemembersInTwoSteps,
    /// Looks whether there is an answer, and writes the first one later.
    BeginsInTwoSteps,
}

pub(crate) struct Consents {
    lie: Lie,
    kept: Mutex<HashMap<String, Arc<Consented>>>,
}

impl Consents {
    pub(crate) fn new(lie: Lie) -> Self {
        Self { lie, kept: Mutex::default() }
    }

    fn key(&self, user: &Subject, client: &ClientId) -> String {
        match self.lie {
            Lie::JoinsNames => format!("{user}{client}"),
            Lie::JoinsNamesByColon => format!("{user}:{client}"),
            Lie::FoldsUsers => format!("{}\n{client}", user.as_str().to_lowercase()),
            Lie::TrimsClients => format!("{user}\n{}", client.as_str().trim_end()),
            _ => format!("{user}\n{client}"),
        }
    }

    fn admits(&self, key: &str, next: &Consented) -> bool {
        let kept = self.kept.lock().unwrap();
        match (kept.get(key).map(|kept| kept.version()), self.lie) {
            (None, Lie::BeginsInTheMiddle) => true,
            (Some(_), Lie::OverwritesByFirstAnswers) if next.replaces() == 0 => true,
            (Some(version), Lie::TakesEverythingNewer) => version < next.version(),
            (version, _) => version.unwrap_or(0) == next.replaces(),
        }
    }

    fn looks_only_once(&self, next: &Consented) -> bool {
        match self.lie {
            Lie::RemembersInTwoSteps => next.replaces() > 0,
            Lie::BeginsInTwoSteps => next.replaces() == 0,
            _ => false,
        }
    }
}

#[async_trait]
impl ConsentStore for Consents {
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        suspend_once().await;
        let kept = self.kept.lock().unwrap();
        let found = kept.get(&self.key(user, client));
        let strangers = kept.values().next().filter(|_| self.lie == Lie::FindsStrangers);
        let Some(found) = found.or(strangers) else { return Ok(None) };
        let record = found.to_record()?;
        let longest = match self.lie {
            Lie::Truncates => 100,
            Lie::TruncatesTheLongest => 16_384,
            _ => usize::MAX,
        };
        let text = record.get(..longest).unwrap_or(&record);
        Ok(Some(Arc::new(Consented::from_record(text, found.version())?)))
    }

    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError> {
        let key = self.key(next.subject(), next.client());
        let admitted = self.admits(&key, &next);
        suspend_once().await;
        let admitted =
            if self.looks_only_once(&next) { admitted } else { self.admits(&key, &next) };
        let mut kept = self.kept.lock().unwrap();
        let before = kept.get(&key).cloned();
        let written = match (before, self.lie) {
            (_, Lie::LosesAnswers) => return Ok(admitted),
            (Some(before), Lie::KeepsTheOldAnswer) => {
                Arc::new(Consented::from_record(&before.to_record()?, next.version())?)
            }
            _ => next,
        };
        if admitted {
            kept.insert(key, written);
        }
        Ok(admitted)
    }
}
