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
/// answer's [`Cause`](crate::Cause). Keep secrets out of its text. `?` also hands it
/// on as a `Box<dyn Error>`; where a library wants a type that is an [`Error`], make one
/// of that, such as [`io::Error::other`](std::io::Error::other).
///
/// ```
/// use codegrant::HostError;
///
/// fn open(port: &str) -> Result<u16, HostError> {
///     Ok(port.parse()?)
/// }
///
/// fn run() -> Result<u16, Box<dyn std::error::Error>> {
///     Ok(open("8080")?)
/// }
/// assert_eq!(run()?, 8080);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// So that `?` hands it on where any error is taken, as in `main`.
impl From<HostError> for Box<dyn Error + Send + Sync> {
    fn from(error: HostError) -> Self {
        Box::new(error.0)
    }
}

/// The same where the error stays on its thread.
impl From<HostError> for Box<dyn Error> {
    fn from(error: HostError) -> Self {
        Box::new(error.0)
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
