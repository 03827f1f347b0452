//! Redis or Valkey, one server or a cluster: any number of machines.

mod accounts;
mod address;
mod clients;
mod consents;
mod grants;
mod line;
mod reads;
mod replays;

use std::sync::Arc;

use codegrant::{Client, ClientId, Grant, GrantId, HostError, Timestamp};
use redis::Script;

use crate::lately::Lately;
use line::Line;
use reads::Reads;

/// By how many seconds the clocks of this program and of Redis may differ. Every
/// record is kept so long at least, whatever its expiry says.
const MARGIN: i64 = 300;

/// No record is kept to a later moment than this, far in the future: Redis
/// counts milliseconds in 64 bits, its scripts count exactly in 53.
const LATEST: i64 = 1 << 40;

/// A Redis database, version 6.2 or later. Cloning shares the connection, which
/// is made anew after a fault; a request waits a few seconds at most.
///
/// A grant, a consent, a proof or a sign-in is one key, written by one script
/// that compares and swaps. What expires is forgotten by Redis itself, five
/// minutes later: by so much may its clock differ from this program's. Only a
/// read is ever sent twice; a write without an answer is an error.
///
/// # What Redis may lose
///
/// An answer is as durable as Redis is told to make it. With its defaults
/// (`appendonly no`) a crash loses up to an hour, with `appendfsync everysec` up
/// to two seconds; a failover loses what the replica has not received, since
/// replication never waits. What was acknowledged and then lost leads to this:
///
/// - a new grant: its code is invalid, and the client starts again;
/// - a redemption: the code can be redeemed again within its lifetime (60
///   seconds by default), and the tokens of the lost redemption are invalid;
/// - a rotation: the refresh token that it replaced is not taken for a replay;
/// - a revocation, a sign-out, a withdrawn consent: it did not happen, what was
///   revoked is valid again until it expires;
/// - a proof that was seen: it can be used once more.
///
/// Who cannot accept this for a crash sets `appendonly yes` and `appendfsync
/// always`. For a failover there is no such setting: `min-replicas-to-write` and
/// `min-replicas-max-lag` bound what is lost, `WAIT` would only tell how far a
/// write came, and a database that commits on a majority is the answer. Always
/// set `maxmemory-policy noeviction`, or Redis forgets what is valid when its
/// memory is full.
#[derive(Clone)]
pub struct Redis {
    line: Arc<Line>,
    reads: Reads,
    prefix: Arc<str>,
    scripts: Arc<Scripts>,
    clients: Arc<Lately<ClientId, Client>>,
    grants: Arc<Lately<GrantId, Grant>>,
}

struct Scripts {
    swap: Script,
    index: Script,
    put_account: Script,
    remove_account: Script,
    end_sessions: Script,
}

impl Redis {
    /// Connects to the database at `url`, which always leads to the primary:
    /// `redis://[user:password@]host[:port][/number]` (`rediss:` with a TLS
    /// feature of the crate `redis`). Parameters:
    ///
    /// - `prefix=NAME` begins every key, so that several servers can share a
    ///   database (1 to 64 letters, digits, `.`, `_` and `-`; `codegrant` if
    ///   there is none). An access list needs `~NAME:*`.
    /// - `cluster=HOST:PORT,…` if the host is a node of a cluster: further nodes
    ///   to ask for the others, or nothing.
    ///
    /// Fails if Redis cannot be reached, is a replica, or holds what a newer
    /// version wrote.
    pub async fn open(url: &str) -> Result<Self, HostError> {
        let (line, prefix) = Line::open(url).await?;
        let scripts = Arc::new(Scripts {
            swap: Script::new(include_str!("swap.lua")),
            index: Script::new(include_str!("index.lua")),
            put_account: Script::new(include_str!("put_account.lua")),
            remove_account: Script::new(include_str!("remove_account.lua")),
            end_sessions: Script::new(include_str!("end_sessions.lua")),
        });
        let line = Arc::new(line);
        let reads = Reads::over(line.clone());
        let (clients, grants) = Default::default();
        Ok(Self { line, reads, prefix, scripts, clients, grants })
    }

    /// The key of a record: its kind has no colon, so that no two meet.
    fn key(&self, kind: &str, name: impl AsRef<[u8]>) -> Vec<u8> {
        let parts = [self.prefix.as_bytes(), b":", kind.as_bytes(), b":", name.as_ref()];
        parts.concat()
    }

    /// What is kept under `key`: a record behind its version.
    async fn kept(&self, key: Vec<u8>) -> Result<Option<String>, HostError> {
        self.reads.read(key).await
    }

    /// Writes `record` under `key` if what is there has the version `over`, or
    /// if nothing is there and `over` is `None`; says whether it did. It stays
    /// until `expires_at` by any clock, or for ever.
    async fn swap(
        &self,
        key: Vec<u8>,
        over: Option<u64>,
        (version, record): (u64, &str),
        expires_at: Option<Timestamp>,
    ) -> Result<bool, HostError> {
        let mut script = self.scripts.swap.key(key);
        script.arg(over.map(|version| version.to_string()).unwrap_or_default());
        script.arg(join(version, record));
        if let Some(expires_at) = expires_at {
            script.arg(seconds(expires_at)).arg(MARGIN);
        }
        self.line.script(&script).await
    }
}

/// How a record and its version are kept.
fn join(version: u64, record: &str) -> String {
    format!("{version} {record}")
}

fn split(kept: &str) -> Result<(u64, &str), HostError> {
    let (version, record) =
        kept.split_once(' ').ok_or_else(|| HostError::new("a key holds no record of ours"))?;
    Ok((version.parse()?, record))
}

fn seconds(moment: Timestamp) -> i64 {
    moment.as_unix().clamp(0, LATEST)
}
