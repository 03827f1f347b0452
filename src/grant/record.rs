//! How a grant is kept: JSON with a format number.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Attempt, Facts, Grant};
use crate::model::identity::GrantId;
use crate::model::pkce::CodeChallenge;

const FORMAT: u32 = 1;

/// A record that this version of the crate cannot read, and so must not rewrite.
#[derive(Debug, thiserror::Error)]
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

/// Bytes as base64url text, for `#[serde(with)]`.
pub(super) mod base64url {
    use super::{Deserialize, Deserializer, Engine, Serializer, URL_SAFE_NO_PAD};

    pub(in super::super) fn serialize<S: Serializer>(
        bytes: &[u8],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        URL_SAFE_NO_PAD
            .decode(text.as_ref())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| serde::de::Error::custom("not base64url of the right length"))
    }
}

macro_rules! as_base64url {
    ($($type:ty : $bytes:expr),+) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let bytes: fn(&Self) -> &[u8] = $bytes;
                base64url::serialize(bytes(self), serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                base64url::deserialize(deserializer).map(Self::from_bytes)
            }
        }
    )+};
}

as_base64url! {
    GrantId: |id| id.as_bytes(),
    Attempt: |attempt| &attempt.0,
    CodeChallenge: |challenge| challenge.as_bytes()
}
