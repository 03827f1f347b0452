//! The load: clients that come back as soon as they are answered.

mod bare;
mod library;

pub use bare::{Bare, new_id, row_like};
pub use library::{House, Library};

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// What a client of the server does.
#[derive(Clone, Copy)]
pub enum Operation {
    AuthorizeAndRedeem,
    Refresh,
    Validate,
}

impl Operation {
    pub const ALL: [Self; 3] = [Self::AuthorizeAndRedeem, Self::Refresh, Self::Validate];

    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizeAndRedeem => "authorize + redeem",
            Self::Refresh => "refresh",
            Self::Validate => "validate",
        }
    }
}

/// One of the clients.
pub trait Visitor: Send + 'static {
    fn visit(&mut self, operation: Operation) -> impl Future<Output = ()> + Send;
}

/// Operations a second of all visitors at once, each coming again and again for
/// `time`, and at least once.
pub async fn load<V: Visitor>(visitors: &mut Vec<V>, operation: Operation, time: Duration) -> f64 {
    let start = Instant::now();
    let mut visits = JoinSet::new();
    for mut visitor in visitors.drain(..) {
        visits.spawn(async move {
            let mut count = 0;
            while count == 0 || start.elapsed() < time {
                visitor.visit(operation).await;
                count += 1;
            }
            (visitor, count)
        });
    }
    let mut all = 0;
    for (visitor, count) in visits.join_all().await {
        visitors.push(visitor);
        all += count;
    }
    f64::from(all) / start.elapsed().as_secs_f64()
}
