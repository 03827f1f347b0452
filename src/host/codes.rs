//! The host's grants.

use std::sync::Arc;

use async_trait::async_trait;

use super::HostError;
use crate::grant::Grant;
use crate::model::identity::{GrantId, Subject};
use crate::model::timestamp::Timestamp;

/// Where grants are kept; a code is the beginning of one, and the tokens that
/// follow are only pointers to it, so this is the one store that decides who
/// may do what.
///
/// It keeps [`Grant::to_record`] under [`Grant::id`] with [`Grant::version`],
/// indexed by [`Grant::subject`] and [`Grant::expires_at`], and never looks
/// inside. Every method is atomic by itself; none is called inside another's
/// transaction.
///
/// [The guide](crate::guide::stores#writing-one) writes one.
#[diagnostic::on_unimplemented(
    note = "put `#[async_trait]` above its `impl CodeStore`, as `codegrant::guide::stores` does"
)]
#[async_trait]
pub trait CodeStore: Send + Sync {
    /// Adds a grant whose id is new. When this returns, the grant survives
    /// whatever the store survives. An answer given before that is a code that
    /// the client finds to be invalid.
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError>;

    /// The grant as the last finished write left it, `None` if it is unknown.
    /// An older state than that lets a revoked token pass; read from the
    /// primary, not from a replica that lags.
    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError>;

    /// Writes `next` if the stored version is [`next.replaces()`](Grant::replaces),
    /// in one step (`UPDATE … WHERE id = ? AND version = ?`); `false`, and
    /// nothing written, if it is another or the grant is gone. A store that
    /// ignores the version redeems a code twice.
    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError>;

    /// Every grant of `user` that was not swept, for a page of connected
    /// applications. One that is missing here is one that nobody sees.
    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError>;

    /// Forgets grants whose [`expires_at`](Grant::expires_at) is `now` or
    /// earlier, and says how many; `Ok(0)` where the database does it. One
    /// forgotten too early takes valid tokens with it. The host calls this
    /// every few minutes.
    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError>;
}
