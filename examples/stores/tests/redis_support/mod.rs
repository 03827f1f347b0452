//! A look at the keys, and a line that loses answers.

use codegrant::Grant;
use throwaway::redis::Redis as Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

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
