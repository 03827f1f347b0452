//! One at a time, without a runtime.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Lets one through at a time; the others wait.
#[derive(Default)]
pub(super) struct Turns(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    taken: bool,
    waiting: Vec<Waker>,
}

/// Whoever has it is the only one. It ends when dropped, half-way too.
pub(super) struct Turn<'t>(&'t Turns);

impl Turns {
    pub(super) async fn take(&self) -> Turn<'_> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Turn<'_>> {
        let mut queue = self.queue();
        if !std::mem::replace(&mut queue.taken, true) {
            return Poll::Ready(Turn(self));
        }
        if !queue.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            queue.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All are woken: one that was dropped while it waited takes nobody's turn along.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.taken = false;
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn only_one_has_the_turn_and_the_others_are_woken_when_it_ends() {
        let turns = Turns::default();
        let woken = [Arc::new(Woken::default()), Arc::new(Woken::default())];
        let [one, other] = woken.clone().map(Waker::from);
        let mut first = pin!(turns.take());
        let mut second = pin!(turns.take());
        let mut third = Box::pin(turns.take());
        let Poll::Ready(turn) = first.as_mut().poll(&mut Context::from_waker(&one)) else {
            panic!("nobody else has it")
        };
        for _ in 0..3 {
            assert!(second.as_mut().poll(&mut Context::from_waker(&one)).is_pending());
            assert!(third.as_mut().poll(&mut Context::from_waker(&other)).is_pending());
        }
        drop(turn);
        assert_eq!(woken.map(|woken| woken.0.load(Ordering::SeqCst)), [1, 1]);
        drop(third);
        assert!(second.as_mut().poll(&mut Context::from_waker(&one)).is_ready());
    }
}
