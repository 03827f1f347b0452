//! How a grant is kept: JSON with a format number.

use serde::{Deserialize, Serialize};

use super::{Facts, Grant};

const FORMAT: u32 = 1;

/// A record that this version of the crate cannot read, and so must not rewrite.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A newer version of the crate wrote it; upgrade this node.
    #[error("the grant's record has format {0}, this version reads up to {FORMAT}")]
    Newer(u32),
    /// It is damaged, or has fields that this version does not know.
    #[error("the grant's record cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Written<'g> {
    format: u32,
    grant: &'g Facts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    #[serde(rename = "format")]
    _format: u32,
    grant: Facts,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Grant {
    /// The grant as text for a store to keep. It holds no usable credential.
    ///
    /// Fails only if memory does.
    pub fn to_record(&self) -> Result<String, RecordError> {
        Ok(serde_json::to_string(&Written { format: FORMAT, grant: &self.facts })?)
    }

    /// The grant that a store kept, at the version its column says.
    ///
    /// Fails for a record of a newer format or with unknown fields, so that
    /// nodes can be upgraded one by one without an old one rewriting what it
    /// does not understand.
    pub fn from_record(record: &str, version: u64) -> Result<Self, RecordError> {
        let Format { format } = serde_json::from_str(record)?;
        if format > FORMAT {
            return Err(RecordError::Newer(format));
        }
        let Read { grant, .. } = serde_json::from_str(record)?;
        Ok(Self { version, facts: grant })
    }
}
