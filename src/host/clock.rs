//! The only place that reads a clock.

use time::OffsetDateTime;

use crate::model::timestamp::Timestamp;

/// Tells the time. Nodes that share a store keep their clocks within seconds
/// of each other.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the seam the lint points to")]
    fn now(&self) -> Timestamp {
        OffsetDateTime::now_utc().into()
    }
}
