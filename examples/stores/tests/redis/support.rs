//! Records to keep, a look at the keys, and a line that loses answers.

use std::sync::Arc;

use codegrant::{CodeStore, Grant, GrantId, SessionId, Subject, Timestamp, User};
use stores::{Account, LoginSession, Redis};
use throwaway::redis::Redis as Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::flow::{self, Flow};

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(flow::START + seconds)
}

pub(crate) fn subject(name: &str) -> Subject {
    Subject::parse(name).unwrap()
}

pub(crate) fn assert_same(left: &Grant, right: &Grant) {
    assert_eq!(left.version(), right.version());
    assert_eq!(left.to_record().unwrap(), right.to_record().unwrap());
}

pub(crate) async fn start() -> (Server, Redis) {
    let server = Server::start().unwrap();
    let db = Redis::open(&server.url()).await.unwrap();
    (server, db)
}

/// A grant that `user` has just allowed, straight from the database.
pub(crate) async fn fresh_grant(db: &Redis, flow: &Flow, user: &str) -> Arc<Grant> {
    let before: Vec<GrantId> =
        db.granted_by(&subject(user)).await.unwrap().iter().map(|grant| *grant.id()).collect();
    flow.code(user).await;
    let mut grants = db.granted_by(&subject(user)).await.unwrap();
    grants.retain(|grant| !before.contains(grant.id()));
    assert_eq!(grants.len(), 1);
    grants.remove(0)
}

/// The three versions of a grant's life, as they were in another database.
pub(crate) async fn a_life(elsewhere: &Redis) -> [Arc<Grant>; 3] {
    let flow = Flow::over(elsewhere);
    let code = flow.code("alice").await;
    let first = elsewhere.granted_by(&subject("alice")).await.unwrap().remove(0);
    flow.redeem(&code).await.unwrap();
    let second = elsewhere.grant(first.id()).await.unwrap().unwrap();
    assert_eq!(flow.redeem(&code).await, Err(400));
    let third = elsewhere.grant(first.id()).await.unwrap().unwrap();
    [first, second, third]
}

pub(crate) fn account(subject_name: &str, username: &str) -> Account {
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

pub(crate) fn session(expires_at: i64) -> LoginSession {
    LoginSession {
        id: SessionId::parse("public name").unwrap(),
        subject: subject("s1"),
        authenticated_at: at(0),
        expires_at: at(expires_at),
    }
}

/// The keys as Redis has them.
pub(crate) struct Keys<'s>(&'s Server);

impl<'s> Keys<'s> {
    pub(crate) fn of(server: &'s Server) -> Self {
        Self(server)
    }

    pub(crate) fn grant(&self, grant: &Grant) -> String {
        format!("codegrant:grant:{}", grant.id())
    }

    /// When Redis forgets a grant.
    pub(crate) fn expiry(&self, grant: &Grant) -> i64 {
        self.number("EXPIRETIME", &self.grant(grant))
    }

    pub(crate) fn seconds_left(&self, grant: &Grant) -> i64 {
        self.number("TTL", &self.grant(grant))
    }

    pub(crate) fn index_expiry(&self, user: &str) -> i64 {
        self.number("EXPIRETIME", &format!("codegrant:grants:{user}"))
    }

    pub(crate) fn index_seconds_left(&self, user: &str) -> i64 {
        self.number("TTL", &format!("codegrant:grants:{user}"))
    }

    fn number(&self, command: &str, key: &str) -> i64 {
        self.0.command(&[command, key]).unwrap().trim_start_matches(':').parse().unwrap()
    }
}

/// Stands between a store and Redis, and closes the connection in place of the
/// answer to a script that wrote a grant.
pub(crate) struct LosesAnswers(String);

impl LosesAnswers {
    pub(crate) async fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let server = server.address();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(carry(client, server));
            }
        });
        Self(url)
    }

    pub(crate) fn url(&self) -> String {
        self.0.clone()
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream) {
    let (mut request, mut answer) = ([0; 16 * 1024], [0; 16 * 1024]);
    let mut is_lost = false;
    loop {
        tokio::select! {
            Ok(length @ 1..) = client.read(&mut request) => {
                let text = String::from_utf8_lossy(&request[..length]);
                is_lost = text.contains("EVALSHA") && text.contains(":grant:");
                server.write_all(&request[..length]).await.unwrap();
            }
            Ok(length @ 1..) = server.read(&mut answer) => {
                if is_lost {
                    return;
                }
                client.write_all(&answer[..length]).await.unwrap();
            }
            else => return,
        }
    }
}
