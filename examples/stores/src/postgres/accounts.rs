//! Accounts, what their users may do, and their sign-ins.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{Directory, HostError, SessionId, Subject, Timestamp, User};
use tokio_postgres::Row;

use super::Postgres;
use crate::accounts::{Account, AccountStore, LoginSession, SessionKey, user_of};

#[async_trait]
impl Directory for Postgres {
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError> {
        let sql = "SELECT roles, permissions, claims FROM accounts WHERE subject = $1";
        let rows = self.ask(sql, &[&subject.as_str()]).await?;
        rows.first().map(|row| read_user(row, 0)).transpose()
    }
}

#[async_trait]
impl AccountStore for Postgres {
    async fn put_account(&self, account: Account) -> Result<(), HostError> {
        let sql = "INSERT INTO accounts
                       (subject, username, password_hash, roles, permissions, claims)
                   VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (subject) DO UPDATE SET
                       username = excluded.username, password_hash = excluded.password_hash,
                       roles = excluded.roles, permissions = excluded.permissions,
                       claims = excluded.claims";
        self.change(
            sql,
            &[
                &account.subject.as_str(),
                &account.username,
                &account.password_hash,
                &serde_json::to_string(account.user.roles())?,
                &serde_json::to_string(account.user.permissions())?,
                &serde_json::to_string(account.user.claims())?,
            ],
        )
        .await?;
        Ok(())
    }

    /// PostgreSQL's texts cannot have a NUL, so nobody's name has one.
    async fn account(&self, username: &str) -> Result<Option<Account>, HostError> {
        if username.contains('\0') {
            return Ok(None);
        }
        let sql = "SELECT subject, password_hash, roles, permissions, claims
                   FROM accounts WHERE username = $1";
        let rows = self.ask(sql, &[&username]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Account {
            subject: Subject::parse(row.try_get::<_, &str>(0)?)?,
            username: username.to_owned(),
            password_hash: row.try_get(1)?,
            user: read_user(row, 2)?,
        }))
    }

    async fn subjects(&self) -> Result<Vec<Subject>, HostError> {
        let rows = self.ask("SELECT subject FROM accounts", &[]).await?;
        rows.iter().map(|row| Ok(Subject::parse(row.try_get::<_, &str>(0)?)?)).collect()
    }

    async fn remove_account(&self, subject: &Subject) -> Result<(), HostError> {
        self.change("DELETE FROM accounts WHERE subject = $1", &[&subject.as_str()]).await?;
        Ok(())
    }

    async fn begin_session(&self, key: SessionKey, session: LoginSession) -> Result<(), HostError> {
        let sql = "INSERT INTO sessions (key, id, subject, authenticated_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5)";
        self.change(
            sql,
            &[
                &key.as_bytes().as_slice(),
                &session.id.as_str(),
                &session.subject.as_str(),
                &session.authenticated_at.as_unix(),
                &session.expires_at.as_unix(),
            ],
        )
        .await?;
        Ok(())
    }

    async fn session(&self, key: SessionKey) -> Result<Option<LoginSession>, HostError> {
        let sql = "SELECT id, subject, authenticated_at, expires_at FROM sessions WHERE key = $1";
        let rows = self.ask(sql, &[&key.as_bytes().as_slice()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(LoginSession {
            id: SessionId::parse(row.try_get::<_, &str>(0)?)?,
            subject: Subject::parse(row.try_get::<_, &str>(1)?)?,
            authenticated_at: Timestamp::from_unix(row.try_get(2)?),
            expires_at: Timestamp::from_unix(row.try_get(3)?),
        }))
    }

    async fn end_session(&self, key: SessionKey) -> Result<(), HostError> {
        let sql = "DELETE FROM sessions WHERE key = $1";
        self.change(sql, &[&key.as_bytes().as_slice()]).await?;
        Ok(())
    }

    async fn end_sessions(&self, subject: &Subject) -> Result<(), HostError> {
        let sql = "DELETE FROM sessions WHERE subject = $1";
        self.change(sql, &[&subject.as_str()]).await?;
        Ok(())
    }

    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64, HostError> {
        self.forget("sessions", "key", now).await
    }
}

/// The user whose columns are the ones from `first` on.
fn read_user(row: &Row, first: usize) -> Result<Arc<User>, HostError> {
    let column = |place: usize| row.try_get(first.saturating_add(place));
    user_of(column(0)?, column(1)?, column(2)?)
}
