//! The tables, and how a file of an older version gets them.

use codegrant::HostError;
use rusqlite::{Connection, TransactionBehavior};

/// Each one leads from the version before it to its own, the first from an
/// empty file. One that was released never changes.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema_1.sql"), include_str!("schema_2.sql"), include_str!("schema_3.sql")];

/// Brings the file to the newest version. Processes that start together take turns.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), HostError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = transaction.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
    let newest = MIGRATIONS.len();
    let Some(missing) = usize::try_from(version).ok().and_then(|done| MIGRATIONS.get(done..))
    else {
        return Err(HostError::new(format!(
            "the database has schema version {version}, this program knows up to {newest}: \
             start the newer program that wrote it"
        )));
    };
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", i64::try_from(newest)?)?;
    Ok(transaction.commit()?)
}
