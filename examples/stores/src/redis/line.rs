//! The way to Redis: one connection for all requests, made anew after a fault.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use codegrant::HostError;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisFuture,
    RedisResult, RetryMethod, ScriptInvocation, Value, cmd, from_redis_value,
};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::address::{Place, parse};

/// What the keys mean, and how records are kept under them. To be raised with
/// every change that an older program would misread.
const LAYOUT: u32 = 1;

/// How long a request waits for a connection, and then for its answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The shared connection. Every command goes through here.
pub(super) struct Line {
    place: Place,
    layout_key: String,
    wire: RwLock<Option<Arc<Wire>>>,
    /// Held by the one who makes a connection.
    connecting: Mutex<()>,
}

/// An open connection. Cloning shares it.
#[derive(Clone)]
enum Wire {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

#[derive(Clone, Copy)]
enum Request<'r> {
    Command(&'r Cmd),
    Script(&'r ScriptInvocation<'r>),
}

impl Line {
    /// Connects, and says what all keys begin with.
    pub(super) async fn open(url: &str) -> Result<(Self, Arc<str>), HostError> {
        let (place, prefix) = parse(url)?;
        let layout_key = format!("{prefix}:layout");
        let (wire, connecting) = (RwLock::default(), Mutex::default());
        let line = Self { place, layout_key, wire, connecting };
        match line.wire().await {
            Ok(_) => Ok((line, prefix.into())),
            Err(error) => Err(HostError::new(format!("Redis cannot be used: {error}"))),
        }
    }

    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self.place, Place::Cluster(_))
    }

    /// Asks for what changes nothing, a second time if the connection turns out
    /// to be dead: Redis, or something between, closes those that are idle.
    pub(super) async fn read<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, HostError> {
        let request = Request::Command(command);
        let answer = match self.once(request).await {
            Err(error) if error.is_connection_dropped() => self.once(request).await,
            answer => answer,
        };
        Ok(from_redis_value(answer?)?)
    }

    /// Sends a command once. After an error nobody knows whether it was executed.
    pub(super) async fn write<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, HostError> {
        Ok(from_redis_value(self.once(Request::Command(command)).await?)?)
    }

    /// Runs a script once, like a [`write`](Self::write).
    pub(super) async fn script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, HostError> {
        Ok(from_redis_value(self.once(Request::Script(script)).await?)?)
    }

    async fn once(&self, request: Request<'_>) -> RedisResult<Value> {
        let wire = self.wire().await?;
        let answer = in_time(request.send(&mut Wire::clone(&wire))).await;
        if answer.as_ref().is_err_and(calls_for_another) {
            self.hang_up(&wire);
        }
        answer
    }

    /// The connection, which the first who needs it makes.
    async fn wire(&self) -> RedisResult<Arc<Wire>> {
        match self.open_wire() {
            Some(wire) => Ok(wire),
            // What happens rarely must not make every request's future large.
            None => Box::pin(in_time(self.new_wire())).await,
        }
    }

    async fn new_wire(&self) -> RedisResult<Arc<Wire>> {
        let _turn = self.connecting.lock().await;
        if let Some(wire) = self.open_wire() {
            return Ok(wire);
        }
        let wire = Arc::new(self.connect().await?);
        *self.wire.write().unwrap_or_else(PoisonError::into_inner) = Some(wire.clone());
        Ok(wire)
    }

    fn open_wire(&self) -> Option<Arc<Wire>> {
        self.wire.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a connection and refuses a layout that this program does not know.
    /// That begins with a write, which a replica would refuse: on a replica,
    /// what was revoked could still be read as valid.
    async fn connect(&self) -> RedisResult<Wire> {
        let mut wire = match &self.place {
            Place::Server(client) => {
                Wire::Server(client.get_multiplexed_async_connection_with_config(&patient()).await?)
            }
            Place::Cluster(client) => Wire::Cluster(client.get_async_connection().await?),
        };
        let key = &self.layout_key;
        let _: Value = cmd("SET").arg(key).arg(LAYOUT).arg("NX").query_async(&mut wire).await?;
        let layout: u32 = cmd("GET").arg(key).query_async(&mut wire).await?;
        if layout != LAYOUT {
            let detail = format!(
                "layout {layout}, this program knows up to {LAYOUT}: start the newer program that \
                 wrote it"
            );
            return Err((ErrorKind::Client, "the database has a newer layout", detail).into());
        }
        Ok(wire)
    }

    /// Leaves `wire` to those who still wait for its answers; the next request
    /// makes another.
    fn hang_up(&self, wire: &Arc<Wire>) {
        let mut current = self.wire.write().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|current| Arc::ptr_eq(current, wire));
    }
}

impl Request<'_> {
    /// A script that Redis does not know is refused before it does anything,
    /// loaded, and then run: it is never run twice.
    async fn send(self, wire: &mut Wire) -> RedisResult<Value> {
        match self {
            Self::Command(command) => command.query_async(wire).await,
            Self::Script(script) => script.invoke_async(wire).await,
        }
    }
}

impl ConnectionLike for Wire {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(wire) => wire.req_packed_command(cmd),
            Self::Cluster(wire) => wire.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(wire) => wire.req_packed_commands(cmd, offset, count),
            Self::Cluster(wire) => wire.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(wire) => wire.get_db(),
            Self::Cluster(wire) => wire.get_db(),
        }
    }
}

/// Whether the next request is better off with another connection: this one is
/// dead, silent, or leads to a server that does not keep the key any more.
fn calls_for_another(error: &RedisError) -> bool {
    !matches!(error.retry_method(), RetryMethod::NoRetry | RetryMethod::WaitAndRetry)
}

async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match timeout(PATIENCE, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "Redis does not answer").into()),
    }
}

/// The time limit is ours: it covers waiting for the connection too.
fn patient() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None)
}
