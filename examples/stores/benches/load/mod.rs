//! The load: clients that come back as soon as they are answered.

mod bare;
mod library;

pub use bare::{Bare, new_id, row_like};
pub use library::{House, Library};

use std::future::{Future, ready};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// What a client of the server does.
#[derive(Clone, Copy)]
pub enum Operation {
    AuthorizeAndRedeem,
    Refresh,
    Validate,
    /// Gives a live grant's refresh token back.
    Revoke,
    /// Presents a redeemed code again, which ends its grant.
    Replay,
}

impl Operation {
    pub const ALL: [Self; 5] =
        [Self::AuthorizeAndRedeem, Self::Refresh, Self::Validate, Self::Revoke, Self::Replay];

    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizeAndRedeem => "authorize + redeem",
            Self::Refresh => "refresh",
            Self::Validate => "validate",
            Self::Revoke => "revoke",
            Self::Replay => "replay",
        }
    }

    /// Whether each visit takes a grant out of use, so that one has to be made
    /// before it.
    pub const fn ends_a_grant(self) -> bool {
        matches!(self, Self::Revoke | Self::Replay)
    }
}

/// One of the clients.
pub trait Visitor: Send + 'static {
    /// What a visit takes for granted. Its time does not count.
    fn prepare(&mut self, _: Operation) -> impl Future<Output = ()> + Send {
        ready(())
    }

    fn visit(&mut self, operation: Operation) -> impl Future<Output = ()> + Send;
}

/// Operations a second of all visitors at once, each coming again and again for
/// `time`, and at least once. What they spend on preparing is taken out.
pub async fn load<V: Visitor>(visitors: &mut Vec<V>, operation: Operation, time: Duration) -> f64 {
    let start = Instant::now();
    let mut visits = JoinSet::new();
    for mut visitor in visitors.drain(..) {
        visits.spawn(async move {
            let (mut count, mut preparing) = (0, Duration::ZERO);
            while count == 0 || start.elapsed() < time {
                let begun = Instant::now();
                visitor.prepare(operation).await;
                preparing += begun.elapsed();
                visitor.visit(operation).await;
                count += 1;
            }
            (visitor, count, preparing)
        });
    }
    let (mut all, mut preparing) = (0, 0.0);
    for (visitor, count, unpaid) in visits.join_all().await {
        visitors.push(visitor);
        all += count;
        preparing += unpaid.as_secs_f64();
    }
    f64::from(all) / (start.elapsed().as_secs_f64() - preparing / visitors.len() as f64)
}
