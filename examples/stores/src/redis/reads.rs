//! Reads that come while others are under way go together: one command of many
//! keys costs Redis, and this program, far less than many commands. Half of them
//! go ahead: Redis answers those while the others get ready, and neither sleeps.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codegrant::HostError;
use redis::{Value, cmd, from_redis_value};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::line::Line;

/// Keys in one command, so that none holds up Redis for long.
const MOST: usize = 256;

/// Reads keys, on their own or together. Cloning shares it.
#[derive(Clone)]
pub(super) struct Reads(Arc<Shared>);

struct Shared {
    line: Arc<Line>,
    /// One for each read that is under way, and this.
    under_way: Arc<()>,
    waiting: Mutex<Vec<Waiting>>,
}

struct Waiting {
    key: Vec<u8>,
    answer: oneshot::Sender<Answer>,
}

/// What is kept under a key, if something is.
type Answer = Result<Option<String>, HostError>;

impl Reads {
    pub(super) fn over(line: Arc<Line>) -> Self {
        let (under_way, waiting) = Default::default();
        Self(Arc::new(Shared { line, under_way, waiting }))
    }

    /// Reads `key`, as it is after this call began.
    pub(super) async fn read(&self, key: Vec<u8>) -> Answer {
        let under_way = self.0.under_way.clone();
        // There are the shared one and this read's.
        let alone = Arc::strong_count(&under_way) == 2;
        // The nodes of a cluster answer each for itself, and fail each for itself.
        if alone || self.0.line.is_cluster() {
            return self.0.line.read(cmd("GET").arg(key)).await;
        }
        let ended = |_| Err(HostError::new("the runtime of this program ended"));
        self.join(key).await.unwrap_or_else(ended)
    }

    /// Joins those that wait. They are asked for in a task of their own: a request
    /// may be dropped at any time.
    fn join(&self, key: Vec<u8>) -> oneshot::Receiver<Answer> {
        let (answer, answered) = oneshot::channel();
        let half = Arc::strong_count(&self.0.under_way) / 2;
        let mut waiting = self.waiting();
        waiting.push(Waiting { key, answer });
        if waiting.len() >= half.min(MOST) {
            tokio::spawn(self.clone().ask(mem::take(&mut waiting)));
        } else if waiting.len() == 1 {
            tokio::spawn(self.clone().ask_soon());
        }
        answered
    }

    /// Asks for those that are too few to go ahead.
    async fn ask_soon(self) {
        // Whoever is about to read does so before it is this task's turn again.
        yield_now().await;
        let together = mem::take(&mut *self.waiting());
        if !together.is_empty() {
            self.ask(together).await;
        }
    }

    async fn ask(self, together: Vec<Waiting>) {
        let mut command = cmd("MGET");
        for read in &together {
            command.arg(&read.key);
        }
        let answers: Vec<Answer> = match self.0.line.read::<Vec<Value>>(&command).await {
            Ok(kept) => kept.into_iter().map(|kept| Ok(from_redis_value(kept)?)).collect(),
            Err(error) => vec![Err(error); together.len()],
        };
        for (read, answer) in together.into_iter().zip(answers) {
            // Nobody may be there any more.
            let _ = read.answer.send(answer);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
