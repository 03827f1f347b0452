//! Time as the protocol counts it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A moment in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `seconds` after (or, negative, before) the Unix epoch.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// The moment that comes `span` later, fractions of a second dropped.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(span.as_secs()))
    }

    /// Whole seconds from `earlier` to this moment; 0 if it was not earlier.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(moment: OffsetDateTime) -> Self {
        Self(moment.unix_timestamp())
    }
}

/// Fails for years that `time` cannot represent.
impl TryFrom<Timestamp> for OffsetDateTime {
    type Error = time::error::ComponentRange;

    fn try_from(moment: Timestamp) -> Result<Self, Self::Error> {
        Self::from_unix_timestamp(moment.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_to_and_from_the_time_crate() {
        let moment = Timestamp::from_unix(1_700_000_000);
        let there = OffsetDateTime::try_from(moment).unwrap();
        assert_eq!(there.year(), 2023);
        assert_eq!(Timestamp::from(there), moment);
    }

    #[test]
    fn far_futures_saturate_instead_of_wrapping() {
        let end = Timestamp::from_unix(i64::MAX - 1).plus(Duration::from_secs(u64::MAX));
        assert_eq!(end.as_unix(), i64::MAX);
    }
}
