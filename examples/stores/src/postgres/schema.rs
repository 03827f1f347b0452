//! The tables, and how they come to be.

use std::time::Duration;

use codegrant::HostError;
use deadpool_postgres::Client;
use tokio::time::timeout;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::Postgres;
use super::failure::Failure;

/// What leads from each version to the next; an empty database has version 0.
const MIGRATIONS: [&str; 2] = [include_str!("schema_1.sql"), include_str!("schema_2.sql")];

/// Its one row says what version the other tables have.
const VERSION_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS schema_version (
        is_only_row BOOLEAN NOT NULL PRIMARY KEY CHECK (is_only_row),
        version     BIGINT  NOT NULL
    );
    INSERT INTO schema_version (is_only_row, version) VALUES (true, 0) ON CONFLICT DO NOTHING";

/// How long all of it may take, waiting for other processes included.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often others may be in the way.
const MOST_RACES: usize = 20;

/// Leaves the database at the version that this program knows, whoever else is
/// about to do the same. One that has it needs no right to create anything.
pub(super) async fn bring_up_to_date(database: &Postgres) -> Result<(), HostError> {
    let late = |_| HostError::new("the schema is being changed by somebody who does not finish");
    timeout(PATIENCE, migrate(&mut database.lend().await?)).await.map_err(late)?
}

async fn migrate(client: &mut Client) -> Result<(), HostError> {
    let newest = i64::try_from(MIGRATIONS.len())?;
    let mut races = 0..MOST_RACES;
    loop {
        let step = match version(client).await.map_err(Failure::from)? {
            Some(version) if version == newest => return Ok(()),
            Some(version) => match MIGRATIONS.get(usize::try_from(version)?) {
                Some(migration) => advance(client, version, migration).await,
                None => return Err(newer(version, newest)),
            },
            None => client.batch_execute(VERSION_TABLE).await,
        };
        match step {
            Err(error) if is_race(&error) && races.next().is_some() => {}
            outcome => outcome.map_err(Failure::from)?,
        }
    }
}

/// The version of the tables, if anybody has begun to make them.
async fn version(client: &Client) -> Result<Option<i64>, Error> {
    match client.query_opt("SELECT version FROM schema_version", &[]).await {
        Ok(row) => row.map(|row| row.try_get(0)).transpose(),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Runs a migration if the version is still the one it starts from. The lock
/// on the row makes others wait. A database that loses it with every statement
/// that defines something runs these twice, and counts them once.
async fn advance(client: &mut Client, version: i64, migration: &str) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    let patience = format!("SET LOCAL statement_timeout = {}", PATIENCE.as_millis());
    transaction.batch_execute(&patience).await?;
    let still = "SELECT version FROM schema_version WHERE version = $1 FOR UPDATE";
    if transaction.query_opt(still, &[&version]).await?.is_none() {
        return Ok(());
    }
    transaction.batch_execute(migration).await?;
    let done = "UPDATE schema_version SET version = version + 1 WHERE version = $1";
    transaction.execute(done, &[&version]).await?;
    transaction.commit().await
}

/// `IF NOT EXISTS` looks first and creates then: of two that do so at once, one
/// fails, and finds it there when it looks again.
fn is_race(error: &Error) -> bool {
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_OBJECT,
    ]
    .iter()
    .any(|race| error.code() == Some(race))
}

fn newer(version: i64, newest: i64) -> HostError {
    HostError::new(format!(
        "the database has schema version {version}, this program knows up to {newest}: \
         start the newer program that wrote it"
    ))
}
