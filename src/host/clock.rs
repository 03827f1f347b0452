//! The only place that reads a clock.

use time::OffsetDateTime;

use crate::model::timestamp::Timestamp;

/// Tells the time. Nodes that share a store keep their clocks within seconds
/// of each other: by as much as one of them is wrong, what it judges lives
/// longer or shorter there, and a client's retry that it sees as later than
/// [`Policy::refresh_grace`](crate::Policy::refresh_grace) ends the grant. No
/// clock makes a code work twice or brings back what was revoked.
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
