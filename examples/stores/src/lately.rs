//! What was read lately: a record that is still the same is not taken apart anew.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use codegrant::{HostError, RecordError};

/// How many are remembered; then all are forgotten, and it starts over.
const MOST: usize = 4096;

/// Values beside the records that they were read from. The database is asked
/// every time, so that what it says is what counts.
pub(crate) struct Lately<K, T>(RwLock<HashMap<K, Seen<T>>>);

struct Seen<T> {
    version: u64,
    record: Box<str>,
    value: Arc<T>,
}

impl<K: Clone + Eq + Hash, T> Lately<K, T> {
    /// What `record` says, which the database has just given for `key`.
    pub(crate) fn read(
        &self,
        key: &K,
        version: u64,
        record: &str,
        parse: impl FnOnce(&str, u64) -> Result<T, RecordError>,
    ) -> Result<Arc<T>, HostError> {
        if let Some(value) = self.still(key, version, record) {
            return Ok(value);
        }
        let value = Arc::new(parse(record, version)?);
        self.note(key, version, record, &value);
        Ok(value)
    }

    /// Remembers what is about to be written as `record`.
    pub(crate) fn note(&self, key: &K, version: u64, record: &str, value: &Arc<T>) {
        let seen = Seen { version, record: record.into(), value: value.clone() };
        let mut values = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if values.len() >= MOST && !values.contains_key(key) {
            values.clear();
        }
        values.insert(key.clone(), seen);
    }

    fn still(&self, key: &K, version: u64, record: &str) -> Option<Arc<T>> {
        let values = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let seen = values.get(key)?;
        let same = seen.version == version && *seen.record == *record;
        same.then(|| seen.value.clone())
    }
}

impl<K, T> Default for Lately<K, T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Texts = Lately<&'static str, String>;

    fn read(texts: &Texts, key: &'static str, version: u64, record: &str) -> Arc<String> {
        texts.read(&key, version, record, |record, _| Ok(record.to_owned())).unwrap()
    }

    #[test]
    fn what_is_still_the_same_is_read_once() {
        let texts = Texts::default();
        let first = read(&texts, "a", 1, "one");
        assert!(Arc::ptr_eq(&first, &read(&texts, "a", 1, "one")));
    }

    #[test]
    fn another_record_version_or_key_is_read_anew() {
        let texts = Texts::default();
        let first = read(&texts, "a", 1, "one");
        assert_eq!(*read(&texts, "a", 1, "two"), "two");
        for (key, version) in [("a", 2), ("b", 1)] {
            assert!(!Arc::ptr_eq(&first, &read(&texts, key, version, "one")));
        }
    }

    #[test]
    fn what_was_written_needs_no_reading_but_only_as_it_was_written() {
        let texts = Texts::default();
        let written = Arc::new("value".to_owned());
        texts.note(&"a", 7, "record", &written);
        assert!(Arc::ptr_eq(&written, &read(&texts, "a", 7, "record")));
        assert_eq!(*read(&texts, "a", 7, "what another node wrote"), "what another node wrote");
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let numbers = Lately::<usize, usize>::default();
        for number in 0..=MOST {
            numbers.note(&number, 1, "", &Arc::new(number));
        }
        assert_eq!(numbers.0.read().unwrap().len(), 1);
    }
}
