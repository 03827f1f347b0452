//! Accounts, what their users may do, and their sign-ins.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{Directory, HostError, SessionId, Subject, Timestamp, User};
use rusqlite::{OptionalExtension, params};

use super::{Sqlite, sweep};
use crate::accounts::{Account, AccountStore, LoginSession, SessionKey, user_of};

#[async_trait]
impl Directory for Sqlite {
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError> {
        let subject = subject.clone();
        self.read(move |db| {
            let sql = "SELECT roles, permissions, claims FROM accounts WHERE subject = ?";
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
        let roles = serde_json::to_string(account.user.roles())?;
        let permissions = serde_json::to_string(account.user.permissions())?;
        let claims = serde_json::to_string(account.user.claims())?;
        self.write(move |db| {
            let sql = "INSERT INTO accounts
                           (subject, username, password_hash, roles, permissions, claims)
                       VALUES (?, ?, ?, ?, ?, ?)
                       ON CONFLICT (subject) DO UPDATE SET
                           username = excluded.username, password_hash = excluded.password_hash,
                           roles = excluded.roles, permissions = excluded.permissions,
                           claims = excluded.claims";
            db.prepare_cached(sql)?.execute([
                account.subject.as_str(),
                &account.username,
                &account.password_hash,
                &roles,
                &permissions,
                &claims,
            ])?;
            Ok(())
        })
        .await
    }

    async fn account(&self, username: &str) -> Result<Option<Account>, HostError> {
        let username = username.to_owned();
        self.read(move |db| {
            let sql = "SELECT subject, password_hash, roles, permissions, claims
                       FROM accounts WHERE username = ?";
            let row: Option<(String, String, String, String, String)> =
                db.prepare_cached(sql)?.query_row([&username], |row| row.try_into()).optional()?;
            let Some((subject, password_hash, roles, permissions, claims)) = row else {
                return Ok(None);
            };
            Ok(Some(Account {
                subject: Subject::parse(subject)?,
                username,
                password_hash,
                user: read_user((roles, permissions, claims))?,
            }))
        })
        .await
    }

    async fn subjects(&self) -> Result<Vec<Subject>, HostError> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT subject FROM accounts")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.map(|subject| Ok(Subject::parse(subject?)?)).collect()
        })
        .await
    }

    async fn remove_account(&self, subject: &Subject) -> Result<(), HostError> {
        let subject = subject.clone();
        self.write(move |db| {
            let sql = "DELETE FROM accounts WHERE subject = ?";
            db.prepare_cached(sql)?.execute([subject.as_str()])?;
            Ok(())
        })
        .await
    }

    async fn begin_session(&self, key: SessionKey, session: LoginSession) -> Result<(), HostError> {
        self.write(move |db| {
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
        self.read(move |db| {
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
        self.write(move |db| {
            db.prepare_cached("DELETE FROM sessions WHERE key = ?")?.execute([key.as_bytes()])?;
            Ok(())
        })
        .await
    }

    async fn end_sessions(&self, subject: &Subject) -> Result<(), HostError> {
        let subject = subject.clone();
        self.write(move |db| {
            let sql = "DELETE FROM sessions WHERE subject = ?";
            db.prepare_cached(sql)?.execute([subject.as_str()])?;
            Ok(())
        })
        .await
    }

    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64, HostError> {
        self.forget(sweep::SESSIONS, now).await
    }
}

fn read_user(
    (roles, permissions, claims): (String, String, String),
) -> Result<Arc<User>, HostError> {
    user_of(&roles, &permissions, &claims)
}
