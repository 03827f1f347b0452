//! Connections on which nothing arrives are given up.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_io_timeout::TimeoutStream;

/// How long a connection may rest, before its first request and between two.
const REST: Duration = Duration::from_secs(30);

/// What accepts connections, for as long as they are used.
#[derive(Clone)]
pub(crate) struct WhileUsed<A>(pub(crate) A);

impl<A, I, S> Accept<I, S> for WhileUsed<A>
where
    A: Accept<I, S>,
    A::Stream: AsyncRead + AsyncWrite,
    A::Future: Send + 'static,
{
    type Stream = Pin<Box<TimeoutStream<A::Stream>>>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepting = self.0.accept(stream, service);
        Box::pin(async {
            let (stream, service) = accepting.await?;
            let mut stream = TimeoutStream::new(stream);
            stream.set_read_timeout(Some(REST));
            Ok((Box::pin(stream), service))
        })
    }
}
