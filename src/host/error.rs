//! What a host says when it cannot answer.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Something of the host's failed: a store is down, a lookup timed out, a
/// record cannot be read. It is never a protocol error; clients see 503
/// `temporarily_unavailable`, and nothing they presented is consumed: unless the
/// very write that would have consumed it ended in an error and its outcome could
/// not be read back either. Then nobody can know, and should the write have
/// landed, the client's next try is a replay that ends the grant.
///
/// Any error converts with `?`; the source is kept for the host's log, in the
/// answer's [`Cause`](crate::Cause). Keep secrets out of its text.
#[derive(Clone)]
pub struct HostError(Arc<dyn Error + Send + Sync>);

impl HostError {
    /// An error with this source, or this text.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}

/// `HostError` itself is not an [`Error`], so that every error can convert into
/// it; it dereferences to the one that it holds.
impl<E: Error + Send + Sync + 'static> From<E> for HostError {
    fn from(source: E) -> Self {
        Self::new(source)
    }
}

impl Deref for HostError {
    type Target = dyn Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
