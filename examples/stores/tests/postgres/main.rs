//! What the PostgreSQL adapter promises, on real servers that are stopped,
//! killed and cut off, with grants that a real authorization server made.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

#[path = "../flow/mod.rs"]
mod flow;
mod grants;
mod outages;
mod plans;
mod schema;
mod seams;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use codegrant::{
    Client, ClientId, ClientStore, CodeStore, ConsentStore, Consented, Directory, Grant, GrantId,
    HostError, ReplayCache, SessionId, Subject, Timestamp, User,
};
use flow::Flow;
use stores::{Account, AccountStore, LoginSession, Postgres, SessionKey, Sqlite};
use throwaway::postgres::Postgres as Server;
use tokio_postgres::NoTls;

/// "Within seconds": what the slowest way to an error may take.
const SECONDS: Duration = Duration::from_secs(15);

/// A database of the test's own on the server that all tests share.
struct House {
    db: Postgres,
    url: String,
    _server: Arc<Server>,
}

impl House {
    async fn new() -> Self {
        Self::with("").await
    }

    async fn with(options: &str) -> Self {
        let server = Server::shared();
        let url = format!("{}{options}", server.new_database());
        Self { db: open(&url).await, url, _server: server }
    }

    async fn admin(&self) -> tokio_postgres::Client {
        admin(&self.url).await
    }
}

async fn open(url: &str) -> Postgres {
    Postgres::open(url).await.unwrap()
}

/// A second way into the database, past the adapter.
async fn admin(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn number(admin: &tokio_postgres::Client, sql: &str) -> i64 {
    admin.query_one(sql, &[]).await.unwrap().get(0)
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(SECONDS, work).await.unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(flow::START + seconds)
}

fn subject(name: &str) -> Subject {
    Subject::parse(name).unwrap()
}

fn id(number: u64) -> GrantId {
    GrantId::from_bytes(u128::from(number).to_be_bytes())
}

/// A grant's first two versions, kept nowhere yet.
struct Life {
    first: Arc<Grant>,
    second: Arc<Grant>,
}

impl Life {
    async fn new() -> Self {
        let elsewhere = Sqlite::in_memory().unwrap();
        let flow = Flow::over(&elsewhere);
        let code = flow.code("alice").await;
        let first = elsewhere.granted_by(&subject("alice")).await.unwrap().remove(0);
        flow.redeem(&code).await.unwrap();
        let second = elsewhere.grant(first.id()).await.unwrap().unwrap();
        Self { first, second }
    }

    /// The same under another id.
    fn with_id(&self, id: &GrantId) -> Self {
        let renamed = |grant: &Grant| {
            let record = grant.to_record().unwrap();
            let record = record.replace(&grant.id().to_string(), &id.to_string());
            Arc::new(Grant::from_record(&record, grant.version()).unwrap())
        };
        Self { first: renamed(&self.first), second: renamed(&self.second) }
    }
}

fn assert_same(left: &Grant, right: &Grant) {
    assert_eq!(left.version(), right.version());
    assert_eq!(left.to_record().unwrap(), right.to_record().unwrap());
}

fn account(subject_name: &str, username: &str) -> Account {
    Account {
        subject: subject(subject_name),
        username: username.into(),
        password_hash: "$argon2id$...".into(),
        user: Arc::new(
            User::new()
                .with_roles(["analyst"])
                .with_permissions(["reports:read"])
                .with_claim("name", "Ann 'O\u{0}\" {\u{fc}}")
                .with_claim("address", serde_json::json!({"locality": null, "floors": [1, 2.5]})),
        ),
    }
}

fn session(expires_at: i64) -> LoginSession {
    LoginSession {
        id: SessionId::parse("public name").unwrap(),
        subject: subject("s1"),
        authenticated_at: at(0),
        expires_at: at(expires_at),
    }
}
