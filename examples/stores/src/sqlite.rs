//! SQLite, bundled: one file, one machine, any number of processes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use codegrant::{
    ClientId, CodeStore, ConsentStore, Consented, Directory, Grant, GrantId, HostError, SessionId,
    Subject, Timestamp, User,
};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::accounts::{Account, AccountStore, LoginSession, SessionKey};

const SCHEMA: &str = include_str!("schema.sql");
const SCHEMA_VERSION: i64 = 1;

/// A database file. Cloning shares the connection, which serves one statement
/// at a time; an answer comes when the disk has it.
#[derive(Clone)]
pub struct Sqlite(Arc<Mutex<Connection>>);

impl Sqlite {
    /// Opens the file, which is made for its owner's eyes only if it is not
    /// there, and brings it to the schema of this version.
    ///
    /// Fails for a file that a newer version has written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, HostError> {
        create_private(path.as_ref())?;
        Self::prepare(Connection::open(path)?)
    }

    /// A database in memory, gone with the last clone.
    pub fn in_memory() -> Result<Self, HostError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(mut connection: Connection) -> Result<Self, HostError> {
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        apply_schema(&mut connection)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` on a thread that may wait for the disk. Work that has begun
    /// is finished even if nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, HostError> {
        let connection = self.0.clone().lock_owned().await;
        spawn_blocking(move || work(&connection)).await?
    }
}

#[async_trait]
impl CodeStore for Sqlite {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        self.run(move |db| {
            let sql = "INSERT INTO grants (id, version, subject, expires_at, record)
                       VALUES (?, ?, ?, ?, ?)";
            db.prepare_cached(sql)?.execute(params![
                grant.id().as_bytes(),
                i64::try_from(grant.version())?,
                grant.subject().as_str(),
                grant.expires_at().as_unix(),
                grant.to_record()?,
            ])?;
            Ok(())
        })
        .await
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        let id = *id;
        self.run(move |db| {
            let sql = "SELECT version, record FROM grants WHERE id = ?";
            let row = db
                .prepare_cached(sql)?
                .query_row([id.as_bytes()], |row| row.try_into())
                .optional()?;
            row.map(read_grant).transpose()
        })
        .await
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        self.run(move |db| {
            let sql = "UPDATE grants SET version = ?, expires_at = ?, record = ?
                       WHERE id = ? AND version = ?";
            let changed = db.prepare_cached(sql)?.execute(params![
                i64::try_from(next.version())?,
                next.expires_at().as_unix(),
                next.to_record()?,
                next.id().as_bytes(),
                i64::try_from(next.replaces())?,
            ])?;
            Ok(changed == 1)
        })
        .await
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let user = user.clone();
        self.run(move |db| {
            let sql = "SELECT version, record FROM grants WHERE subject = ?";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map([user.as_str()], |row| row.try_into())?;
            rows.map(|row| read_grant(row?)).collect()
        })
        .await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        self.run(move |db| {
            let sql = "DELETE FROM grants WHERE expires_at <= ?";
            Ok(u64::try_from(db.prepare_cached(sql)?.execute([now.as_unix()])?)?)
        })
        .await
    }
}

#[async_trait]
impl ConsentStore for Sqlite {
    async fn consented(
        &self,
        user: &Subject,
        client: &ClientId,
    ) -> Result<Option<Arc<Consented>>, HostError> {
        let (user, client) = (user.clone(), client.clone());
        self.run(move |db| {
            let sql = "SELECT version, record FROM consents WHERE subject = ? AND client = ?";
            let row: Option<(i64, String)> = db
                .prepare_cached(sql)?
                .query_row([user.as_str(), client.as_str()], |row| row.try_into())
                .optional()?;
            let Some((version, record)) = row else { return Ok(None) };
            Ok(Some(Arc::new(Consented::from_record(&record, u64::try_from(version)?)?)))
        })
        .await
    }

    async fn remember(&self, next: Arc<Consented>) -> Result<bool, HostError> {
        self.run(move |db| {
            let sql = match next.replaces() {
                0 => {
                    "INSERT INTO consents (version, record, subject, client)
                     VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"
                }
                _ => {
                    "UPDATE consents SET version = ?1, record = ?2
                     WHERE subject = ?3 AND client = ?4 AND version = ?1 - 1"
                }
            };
            let changed = db.prepare_cached(sql)?.execute(params![
                i64::try_from(next.version())?,
                next.to_record()?,
                next.subject().as_str(),
                next.client().as_str(),
            ])?;
            Ok(changed == 1)
        })
        .await
    }
}

#[async_trait]
impl Directory for Sqlite {
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError> {
        let subject = subject.clone();
        self.run(move |db| {
            let sql = "SELECT roles, permissions FROM accounts WHERE subject = ?";
            let row = db
                .prepare_cached(sql)?
                .query_row([subject.as_str()], |row| row.try_into())
                .optional()?;
            row.map(read_user).transpose()
        })
        .await
    }
}

#[async_trait]
impl AccountStore for Sqlite {
    async fn put_account(&self, account: Account) -> Result<(), HostError> {
        self.run(move |db| {
            let sql = "INSERT INTO accounts (subject, username, password_hash, roles, permissions)
                       VALUES (?, ?, ?, ?, ?)
                       ON CONFLICT (subject) DO UPDATE SET
                           username = excluded.username, password_hash = excluded.password_hash,
                           roles = excluded.roles, permissions = excluded.permissions";
            db.prepare_cached(sql)?.execute([
                account.subject.as_str(),
                &account.username,
                &account.password_hash,
                &serde_json::to_string(account.user.roles())?,
                &serde_json::to_string(account.user.permissions())?,
            ])?;
            Ok(())
        })
        .await
    }

    async fn account(&self, username: &str) -> Result<Option<Account>, HostError> {
        let username = username.to_owned();
        self.run(move |db| {
            let sql = "SELECT subject, password_hash, roles, permissions
                       FROM accounts WHERE username = ?";
            let row: Option<(String, String, String, String)> =
                db.prepare_cached(sql)?.query_row([&username], |row| row.try_into()).optional()?;
            let Some((subject, password_hash, roles, permissions)) = row else { return Ok(None) };
            Ok(Some(Account {
                subject: Subject::parse(subject)?,
                username,
                password_hash,
                user: read_user((roles, permissions))?,
            }))
        })
        .await
    }

    async fn subjects(&self) -> Result<Vec<Subject>, HostError> {
        self.run(|db| {
            let mut statement = db.prepare_cached("SELECT subject FROM accounts")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.map(|subject| Ok(Subject::parse(subject?)?)).collect()
        })
        .await
    }

    async fn remove_account(&self, subject: &Subject) -> Result<(), HostError> {
        let subject = subject.clone();
        self.run(move |db| {
            let sql = "DELETE FROM accounts WHERE subject = ?";
            db.prepare_cached(sql)?.execute([subject.as_str()])?;
            Ok(())
        })
        .await
    }

    async fn begin_session(&self, key: SessionKey, session: LoginSession) -> Result<(), HostError> {
        self.run(move |db| {
            let sql = "INSERT INTO sessions (key, id, subject, authenticated_at, expires_at)
                       VALUES (?, ?, ?, ?, ?)";
            db.prepare_cached(sql)?.execute(params![
                key.as_bytes(),
                session.id.as_str(),
                session.subject.as_str(),
                session.authenticated_at.as_unix(),
                session.expires_at.as_unix(),
            ])?;
            Ok(())
        })
        .await
    }

    async fn session(&self, key: SessionKey) -> Result<Option<LoginSession>, HostError> {
        self.run(move |db| {
            let sql =
                "SELECT id, subject, authenticated_at, expires_at FROM sessions WHERE key = ?";
            let row: Option<(String, String, i64, i64)> = db
                .prepare_cached(sql)?
                .query_row([key.as_bytes()], |row| row.try_into())
                .optional()?;
            let Some((id, subject, authenticated_at, expires_at)) = row else { return Ok(None) };
            Ok(Some(LoginSession {
                id: SessionId::parse(id)?,
                subject: Subject::parse(subject)?,
                authenticated_at: Timestamp::from_unix(authenticated_at),
                expires_at: Timestamp::from_unix(expires_at),
            }))
        })
        .await
    }

    async fn end_session(&self, key: SessionKey) -> Result<(), HostError> {
        self.run(move |db| {
            db.prepare_cached("DELETE FROM sessions WHERE key = ?")?.execute([key.as_bytes()])?;
            Ok(())
        })
        .await
    }

    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64, HostError> {
        self.run(move |db| {
            let sql = "DELETE FROM sessions WHERE expires_at <= ?";
            Ok(u64::try_from(db.prepare_cached(sql)?.execute([now.as_unix()])?)?)
        })
        .await
    }
}

fn read_grant((version, record): (i64, String)) -> Result<Arc<Grant>, HostError> {
    Ok(Arc::new(Grant::from_record(&record, u64::try_from(version)?)?))
}

fn read_user((roles, permissions): (String, String)) -> Result<Arc<User>, HostError> {
    let roles: Vec<String> = serde_json::from_str(&roles)?;
    let permissions: Vec<String> = serde_json::from_str(&permissions)?;
    Ok(Arc::new(User::new().with_roles(roles).with_permissions(permissions)))
}

/// Creates the tables in a file that has none. Processes that start together
/// take turns.
fn apply_schema(connection: &mut Connection) -> Result<(), HostError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = transaction.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
    match version {
        0 => {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            Ok(transaction.commit()?)
        }
        SCHEMA_VERSION => Ok(()),
        _ => Err(HostError::new(format!(
            "the database has schema version {version}, this program knows up to {SCHEMA_VERSION}: \
             start the newer program that wrote it"
        ))),
    }
}

/// Password hashes are in it: on Unix, only its owner may read a new file.
fn create_private(path: &Path) -> Result<(), HostError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| {
        HostError::new(format!("the database {} cannot be opened: {error}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_waits_for_the_disk_and_references_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let db = Sqlite::open(directory.path().join("test.db")).unwrap();
        let setting = |name: &'static str| {
            db.run(move |db| {
                Ok(db.query_row(name, [], |row| row.get::<_, rusqlite::types::Value>(0))?)
            })
        };
        assert_eq!(setting("PRAGMA journal_mode").await.unwrap(), "wal".to_owned().into());
        assert_eq!(setting("PRAGMA synchronous").await.unwrap(), 2.into());
        assert_eq!(setting("PRAGMA foreign_keys").await.unwrap(), 1.into());
    }
}
