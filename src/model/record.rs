//! How stores keep our values: JSON with a format number.

use std::error::Error;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The format that this version of the crate writes, and the newest it reads.
const FORMAT: u32 = 1;

/// A record that this version of the crate cannot read, and so must not rewrite.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A newer version of the crate wrote it; upgrade this node.
    #[error("the record has format {0}, this version reads up to {FORMAT}")]
    Newer(u32),
    /// It is damaged, or has fields that this version does not know.
    #[error("the record cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It can be read, and says what cannot be.
    #[error("the record holds what cannot be: {0}")]
    Unfit(#[source] Box<dyn Error + Send + Sync>),
}

#[derive(Serialize)]
struct Written<'f, F> {
    format: u32,
    facts: &'f F,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<F> {
    format: u32,
    facts: F,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// `facts` as a record. Fails only if memory does.
pub(crate) fn write<F: Serialize>(facts: &F) -> Result<String, RecordError> {
    Ok(serde_json::to_string(&Written { format: FORMAT, facts })?)
}

/// The facts of `record`. A record of a newer format or with unknown fields is
/// refused, so that nodes can be upgraded one by one without an old one
/// rewriting what it does not understand.
pub(crate) fn read<F: DeserializeOwned>(record: &str) -> Result<F, RecordError> {
    let Read { format, facts } =
        serde_json::from_str(record).map_err(|error| unread(record, error))?;
    if format > FORMAT { Err(RecordError::Newer(format)) } else { Ok(facts) }
}

/// What a newer version adds is what this one cannot read.
fn unread(record: &str, error: serde_json::Error) -> RecordError {
    match serde_json::from_str(record) {
        Ok(Format { format }) if format > FORMAT => RecordError::Newer(format),
        _ => error.into(),
    }
}
