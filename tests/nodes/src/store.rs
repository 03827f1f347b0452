//! The databases that nodes share.

use std::path::PathBuf;
use std::sync::Arc;

use stores::Database;
use tempfile::TempDir;
use throwaway::postgres::Postgres;
use throwaway::redis::Redis;
use tokio::task::block_in_place;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One file, and every process opens it.
    Sqlite,
    /// A server of its own.
    Postgres,
    /// A server that acknowledges what its disk has.
    Redis,
}

/// A running database, empty at first; it ends with this value.
pub struct Store {
    place: Place,
    url: String,
}

enum Place {
    File { _directory: TempDir },
    Postgres(Arc<Postgres>),
    Redis(Redis),
}

impl Store {
    /// One that stays up: a server may be shared with other tests, a database
    /// is not.
    #[must_use]
    pub fn start(kind: Kind) -> Self {
        block_in_place(|| match kind {
            Kind::Postgres => {
                let server = Postgres::shared();
                Self { url: server.new_database(), place: Place::Postgres(server) }
            }
            Kind::Sqlite | Kind::Redis => Self::start_alone(kind),
        })
    }

    /// One that nobody else uses, so that it can be stopped and killed.
    #[must_use]
    pub fn start_alone(kind: Kind) -> Self {
        block_in_place(|| match kind {
            Kind::Sqlite => {
                let directory = TempDir::with_prefix("codegrant-nodes-").expect("a directory");
                let url = format!("sqlite:{}", directory.path().join("shared.db").display());
                Self { place: Place::File { _directory: directory }, url }
            }
            Kind::Postgres => {
                let server = Postgres::start();
                Self { url: server.url(), place: Place::Postgres(Arc::new(server)) }
            }
            Kind::Redis => {
                let server = Redis::start().unwrap_or_else(|error| panic!("{error}"));
                Self { url: server.url(), place: Place::Redis(server) }
            }
        })
    }

    /// As the server's configuration takes it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        self.url.strip_prefix("sqlite:").map(PathBuf::from)
    }

    /// A way to it of the caller's own, as another process would have.
    pub async fn open(&self) -> Arc<dyn Database> {
        open(&self.url).await
    }

    /// Shuts the server down in good order.
    pub fn stop(&mut self) {
        block_in_place(|| match &mut self.place {
            Place::File { .. } => panic!("a file has no server that could be stopped"),
            Place::Postgres(server) => alone(server).stop(),
            Place::Redis(server) => server.stop().expect("Redis stops"),
        });
    }

    /// Ends the server at once, as a crash would.
    pub fn kill(&mut self) {
        block_in_place(|| match &mut self.place {
            Place::File { .. } => panic!("a file has no server that could be killed"),
            Place::Postgres(server) => alone(server).kill(),
            Place::Redis(server) => server.kill().expect("Redis can be killed"),
        });
    }

    /// Starts the server again, where it was, with what it had.
    pub fn restart(&mut self) {
        block_in_place(|| match &mut self.place {
            Place::File { .. } => {}
            Place::Postgres(server) => alone(server).restart(),
            Place::Redis(server) => server.restart().expect("Redis starts again"),
        });
    }
}

/// The database at `url`, which may lead through a proxy.
pub async fn open(url: &str) -> Arc<dyn Database> {
    match url.split_once(':') {
        Some(("sqlite", path)) => Arc::new(stores::Sqlite::open(path).expect("SQLite opens")),
        Some(("postgres", _)) => {
            Arc::new(stores::Postgres::open(url).await.expect("PostgreSQL answers"))
        }
        _ => Arc::new(stores::Redis::open(url).await.expect("Redis answers")),
    }
}

fn alone(server: &mut Arc<Postgres>) -> &mut Postgres {
    Arc::get_mut(server).expect("only a store that is alone may be stopped")
}
