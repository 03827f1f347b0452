//! Futures over stores in memory.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What `future` gives: stores in memory never wait, so neither does it.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a store in memory waited"),
    }
}
