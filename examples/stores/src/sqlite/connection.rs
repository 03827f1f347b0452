//! Connections, and how they wait for those of other processes.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use codegrant::HostError;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema;

/// How long, in milliseconds, a writer waits for those of other processes.
const PATIENCE: i32 = 10_000;

/// How much of the file each reader keeps in memory, in KiB (negative, as SQLite
/// has it): the pages of some thousand grants and the ways to them.
const READERS_PAGES: i32 = -16_000;

/// The one that writes, over the schema of this version.
pub(super) fn for_writing(path: &Path) -> Result<Connection, HostError> {
    prepare(Connection::open(path)?)
}

/// A database of its own.
pub(super) fn in_memory() -> Result<Connection, HostError> {
    prepare(Connection::open_in_memory()?)
}

/// One that only reads, beside the one that writes. It may write the shared
/// memory that they meet in, nothing else.
pub(super) fn for_reading(path: &Path) -> Result<Connection, HostError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_handler(Some(wait_for_others))?;
    connection.pragma_update(None, "cache_size", READERS_PAGES)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn prepare(mut connection: Connection) -> Result<Connection, HostError> {
    connection.busy_handler(Some(wait_for_others))?;
    keep_a_log(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Turns to write-ahead logging, if no other process has done so. Two that turn
/// a new file at once get in each other's way without being made to wait.
fn keep_a_log(connection: &Connection) -> rusqlite::Result<()> {
    let mut looks = 0;
    loop {
        let turned = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        match turned {
            Err(error) if is_busy(&error) && wait_for_others(looks) => {
                looks = looks.saturating_add(1);
            }
            turned => return turned,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Looks again every millisecond. SQLite's own handler soon sleeps a hundred,
/// and would find a busy writer of another process at work each time.
fn wait_for_others(looks: i32) -> bool {
    thread::sleep(Duration::from_millis(1));
    looks < PATIENCE
}

/// The full path of a file that is there. Password hashes are in it: on Unix,
/// only its owner may read a new one.
pub(super) fn private_file(path: &Path) -> Result<PathBuf, HostError> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).and_then(|_| path.canonicalize()).map_err(|error| {
        HostError::new(format!("the database {} cannot be opened: {error}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

    use super::*;

    fn setting(connection: &Connection, name: &str) -> Value {
        connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_commit_waits_for_the_disk_and_references_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let writer = for_writing(&directory.path().join("test.db")).unwrap();
        assert_eq!(setting(&writer, "journal_mode"), "wal".to_owned().into());
        assert_eq!(setting(&writer, "synchronous"), 2.into());
        assert_eq!(setting(&writer, "foreign_keys"), 1.into());
    }

    #[test]
    fn a_writer_waits_for_others_but_not_forever() {
        assert!(wait_for_others(0));
        assert!(!wait_for_others(PATIENCE));
    }

    #[test]
    fn a_reader_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        let _writer = for_writing(&path).unwrap();
        let reader = for_reading(&path).unwrap();
        assert!(reader.execute("DELETE FROM grants", []).is_err());
    }
}
