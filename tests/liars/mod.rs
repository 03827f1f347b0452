//! Stores that keep all of their promises but one.

pub(crate) mod codes;
pub(crate) mod consents;
pub(crate) mod replays;

use std::future::poll_fn;
use std::task::Poll;

/// Lets others run in between, as a database over a network does.
async fn suspend_once() {
    let mut suspended = false;
    poll_fn(|context| {
        if std::mem::replace(&mut suspended, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
