//! Redis, a server of its own on the loopback interface that writes every
//! change to the disk before it answers.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{Client, ClientStore, CodeStore};
use redis::aio::MultiplexedConnection;
use redis::{Script, cmd};
use throwaway::redis::Redis as Server;

use super::{Candidate, Database, Row};

const MARGIN: i64 = 300;
/// Grants that one script adds, so that no script runs for long.
const BATCH: usize = 10_000;
const FILL: &str = "
    for _ = 1, tonumber(ARGV[1]) do
        local id = ''
        for _ = 1, 4 do id = id .. string.format('%08x', math.random(0, 2147483647)) end
        redis.call('SET', 'codegrant:grant:' .. id, ARGV[2], 'EXAT', ARGV[3])
        redis.call('ZADD', 'codegrant:grants:user-' .. math.random(1, 1000000), ARGV[3], id)
    end";

pub struct Redis;

#[async_trait]
impl Database for Redis {
    fn name(&self) -> &'static str {
        "Redis"
    }

    async fn open(&self) -> Arc<dyn Candidate> {
        let server = Server::start().unwrap();
        let db = stores::Redis::open(&server.url()).await.unwrap();
        let client = redis::Client::open(server.url()).unwrap();
        let wire = client.get_multiplexed_async_connection().await.unwrap();
        let swap = Script::new(include_str!("../../src/redis/swap.lua"));
        let index = Script::new(include_str!("../../src/redis/index.lua"));
        Arc::new(Loopback { db, wire, swap, index, _server: server })
    }
}

struct Loopback {
    db: stores::Redis,
    wire: MultiplexedConnection,
    swap: Script,
    index: Script,
    _server: Server,
}

impl Loopback {
    /// What a write of a grant is made of: its user's index, then the grant.
    async fn write(&self, row: Row, over: &str) -> bool {
        let mut wire = self.wire.clone();
        let id = name(row.id);
        let mut index = self.index.key(format!("codegrant:grants:{}", row.subject));
        index.arg(&id).arg(row.expires_at).arg(2 * MARGIN);
        index.invoke_async::<()>(&mut wire).await.unwrap();
        let mut swap = self.swap.key(format!("codegrant:grant:{id}"));
        swap.arg(over).arg(format!("{} {}", row.version, row.record));
        swap.arg(row.expires_at).arg(MARGIN);
        swap.invoke_async(&mut wire).await.unwrap()
    }
}

#[async_trait]
impl Candidate for Loopback {
    fn clients(&self) -> Arc<dyn ClientStore> {
        Arc::new(self.db.clone())
    }

    fn codes(&self) -> Arc<dyn CodeStore> {
        Arc::new(self.db.clone())
    }

    async fn register(&self, client: &Client) {
        self.db.put_client(client).await.unwrap();
    }

    async fn fill(&self, row: &Row, count: usize) {
        let (fill, kept) = (Script::new(FILL), format!("{} {}", row.version, row.record));
        let mut left = count;
        while left > 0 {
            let batch = left.min(BATCH);
            let mut call = fill.prepare_invoke();
            call.arg(batch).arg(&kept).arg(row.expires_at);
            call.invoke_async::<()>(&mut self.wire.clone()).await.unwrap();
            left -= batch;
        }
    }

    async fn bare_client(&self, id: &'static str) -> String {
        let key = format!("codegrant:client:{id}");
        cmd("GET").arg(key).query_async(&mut self.wire.clone()).await.unwrap()
    }

    async fn bare_insert(&self, row: Row) {
        assert!(self.write(row, "").await);
    }

    async fn bare_grant(&self, id: [u8; 16]) -> (i64, String) {
        let key = format!("codegrant:grant:{}", name(id));
        let kept: String = cmd("GET").arg(key).query_async(&mut self.wire.clone()).await.unwrap();
        let (version, record) = kept.split_once(' ').unwrap();
        (version.parse().unwrap(), record.to_owned())
    }

    async fn bare_replace(&self, row: Row) -> bool {
        let over = (row.version - 1).to_string();
        self.write(row, &over).await
    }
}

fn name(id: [u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(id)
}
