//! One statement: lent a connection, limited in time, repeated only where that
//! cannot do any harm.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use codegrant::{HostError, Timestamp};
use deadpool_postgres::{Client, PoolError};
use tokio::time::{Instant, timeout};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, Statement};

use super::Postgres;
use super::failure::{Failure, explain};

/// How long a statement waits for one of the connections to be free.
pub(super) const WAIT: Duration = Duration::from_secs(4);

/// How long connecting may take, and to each of several addresses.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
pub(super) const CONNECT_EACH: Duration = Duration::from_secs(2);

/// How long the server may work on a statement: a little less than we wait, so
/// that the end of our patience is an answer wherever somebody answers.
pub(super) const SERVER_LIMIT_MS: u64 = 4000;
const ANSWER: Duration = Duration::from_secs(5);

/// After how long without any answer a connection has to show that it is alive,
/// and how long that may take.
const SILENCE: Duration = Duration::from_millis(100);
const PING: Duration = Duration::from_secs(2);

/// How often a statement may be undone because of what others do.
const MOST_CONFLICTS: usize = 8;

/// How many rows one statement of a sweep deletes, so that it is a short one.
const BATCH: u64 = 500;

type Values<'v> = &'v [&'v (dyn ToSql + Sync)];

impl Postgres {
    /// The rows that `sql` selects. It changes nothing, so one that was lost
    /// with its connection is asked once more.
    pub(super) async fn ask(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, HostError> {
        match self.run(self.lend().await?, sql, values).await {
            Err(Failure::Lost(_)) => Ok(self.run(self.lend().await?, sql, values).await?),
            outcome => Ok(outcome?),
        }
    }

    /// How many rows `sql` changed. It is sent once, to a server that has just
    /// shown that it listens; an error says nothing about what it did.
    pub(super) async fn change(&self, sql: &str, values: Values<'_>) -> Result<u64, HostError> {
        Ok(self.run(self.lend_alive().await?, sql, values).await?)
    }

    /// Deletes the rows of `table` that expired at `now` or earlier. One that
    /// lives on while it is being swept is judged again before it is deleted,
    /// hence the first condition. An array and a limit without a parameter lead
    /// the planner to the indexes, however much expired.
    pub(super) async fn forget(
        &self,
        table: &'static str,
        key: &'static str,
        now: Timestamp,
    ) -> Result<u64, HostError> {
        let sql = format!(
            "DELETE FROM {table} WHERE expires_at <= $1 AND {key} = ANY (ARRAY (
                 SELECT {key} FROM {table} WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT {BATCH}))"
        );
        let mut deleted: u64 = 0;
        loop {
            let batch = self.change(&sql, &[&now.as_unix()]).await?;
            deleted = deleted.saturating_add(batch);
            if batch < BATCH {
                return Ok(deleted);
            }
        }
    }

    /// A statement that the server undid has changed nothing, and may be sent
    /// again. One that was refused leaves its connection as good as before.
    async fn run<T: Outcome>(
        &self,
        client: Client,
        sql: &str,
        values: Values<'_>,
    ) -> Result<T, Failure> {
        let mut outcome = once(&client, sql, values).await;
        for _ in 0..MOST_CONFLICTS {
            let Err(Failure::Conflict(_)) = outcome else { break };
            outcome = once(&client, sql, values).await;
        }
        match &outcome {
            Ok(_) => self.heard.now(),
            Err(Failure::Lost(_)) => self.discard(client),
            Err(_) => {}
        }
        outcome
    }

    pub(super) async fn lend(&self) -> Result<Client, HostError> {
        self.pool.get().await.map_err(|error| {
            let reason = match error {
                PoolError::Backend(error) => explain(&error),
                other => other.to_string(),
            };
            HostError::new(format!("no connection to PostgreSQL: {reason}"))
        })
    }

    /// A connection that answers, unless the server has just done so: what is
    /// sent only once must not go where nobody has listened since the server, or
    /// something on the way to it, was restarted.
    async fn lend_alive(&self) -> Result<Client, HostError> {
        let client = self.lend().await?;
        if self.heard.is_recent() || is_alive(&client).await {
            return Ok(client);
        }
        self.discard(client);
        let client = self.lend().await?;
        if is_alive(&client).await {
            return Ok(client);
        }
        self.discard(client);
        Err(HostError::new("PostgreSQL accepts connections, but does not answer"))
    }

    /// Closes a connection. What ended it may have ended all that lie idle, too.
    fn discard(&self, client: Client) {
        drop(Client::take(client));
        *self.heard.last() = None;
        self.pool.retain(|_, _| false);
    }
}

/// When the server was last heard, by whatever connection.
#[derive(Default)]
pub(super) struct Heard(Mutex<Option<Instant>>);

impl Heard {
    fn now(&self) {
        *self.last() = Some(Instant::now());
    }

    fn is_recent(&self) -> bool {
        self.last().is_some_and(|last| last.elapsed() < SILENCE)
    }

    fn last(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a statement gives.
trait Outcome: Sized {
    fn of(
        client: &Client,
        sql: &Statement,
        values: Values<'_>,
    ) -> impl Future<Output = Result<Self, Error>> + Send;
}

/// The rows that it selects.
impl Outcome for Vec<Row> {
    async fn of(client: &Client, sql: &Statement, values: Values<'_>) -> Result<Self, Error> {
        client.query(sql, values).await
    }
}

/// How many rows it changed.
impl Outcome for u64 {
    async fn of(client: &Client, sql: &Statement, values: Values<'_>) -> Result<Self, Error> {
        client.execute(sql, values).await
    }
}

async fn once<T: Outcome>(client: &Client, sql: &str, values: Values<'_>) -> Result<T, Failure> {
    let work = async { Ok(T::of(client, &client.prepare_cached(sql).await?, values).await?) };
    let silence = |_| Failure::Lost(format!("no answer within {} s", ANSWER.as_secs()));
    timeout(ANSWER, work).await.map_err(silence)?
}

async fn is_alive(client: &Client) -> bool {
    matches!(timeout(PING, client.check_connection()).await, Ok(Ok(())))
}
