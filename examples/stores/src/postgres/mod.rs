//! PostgreSQL, and what speaks like it (CockroachDB, YugabyteDB): any number of
//! servers and machines.
//!
//! Every method of a seam is one statement on its own, so nothing is locked
//! between two statements and no isolation level is too weak.

mod accounts;
mod clients;
mod consents;
mod failure;
mod grants;
mod replays;
mod schema;
mod statement;

use std::sync::Arc;

use codegrant::{Client, ClientId, Grant, GrantId, HostError};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::{Config, NoTls};

use crate::lately::Lately;
use failure::explain;
use statement::{CONNECT, CONNECT_EACH, Heard, SERVER_LIMIT_MS, WAIT};

/// How many connections one [`Postgres`] opens at most.
const MOST_CONNECTIONS: usize = 16;

/// A database of the server's own, behind a pool of connections that cloning
/// shares.
///
/// A write is answered when it is as durable as the operator's
/// `synchronous_commit` makes it, which is left alone. A database that does not
/// answer is an error within seconds, and serves again when it is back.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    heard: Arc<Heard>,
    clients: Arc<Lately<ClientId, Client>>,
    grants: Arc<Lately<GrantId, Grant>>,
}

impl Postgres {
    /// Connects to `postgres://user:password@host/database` and brings it to the
    /// schema of this version. Of several hosts, the one that takes writes is
    /// used: a replica that lags would let revoked tokens pass.
    ///
    /// Fails for a schema that a newer version has written, and for
    /// `sslmode=require`, since this adapter has no TLS.
    pub async fn open(url: &str) -> Result<Self, HostError> {
        let invalid = |error| HostError::new(format!("the store's URL: {}", explain(&error)));
        let mut config: Config = url.parse().map_err(invalid)?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(HostError::new(
                "sslmode=require: this adapter has no TLS; give Manager::from_config a connector",
            ));
        }
        let options = config.get_options().unwrap_or_default();
        config.options(format!("-c statement_timeout={SERVER_LIMIT_MS} {options}"));
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_EACH);
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
            .max_size(MOST_CONNECTIONS)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(CONNECT))
            .runtime(Runtime::Tokio1)
            .build()?;
        let (heard, clients, grants) = Default::default();
        let database = Self { pool, heard, clients, grants };
        schema::bring_up_to_date(&database).await?;
        Ok(database)
    }
}
