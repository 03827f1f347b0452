//! How a grant is kept.

use super::Grant;
use crate::model::record::{self, RecordError};

impl Grant {
    /// The grant as text for a store to keep. It holds no usable credential.
    ///
    /// Fails only if memory does.
    pub fn to_record(&self) -> Result<String, RecordError> {
        record::write(&self.facts)
    }

    /// The grant that a store kept, at the version its column says.
    ///
    /// Fails for a record of a newer format or with unknown fields, so that
    /// nodes can be upgraded one by one without an old one rewriting what it
    /// does not understand.
    pub fn from_record(record: &str, version: u64) -> Result<Self, RecordError> {
        Ok(Self { version, facts: record::read(record)? })
    }
}
