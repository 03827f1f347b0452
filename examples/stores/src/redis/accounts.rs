//! Accounts, what their users may do, and their sign-ins.
//!
//! An account and its username change together, in one script, so all accounts
//! are in one slot of a cluster. The sign-ins are anywhere: each one names the
//! birth of the account it belongs to, and ends with it; to end them all, the
//! account is born again.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{Directory, HostError, SessionId, Subject, Timestamp, User};
use redis::cmd;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Redis, split};
use crate::accounts::{Account, AccountStore, LoginSession, SessionKey};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountRecord {
    username: String,
    password_hash: String,
    roles: Vec<String>,
    permissions: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    claims: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionRecord {
    id: SessionId,
    subject: Subject,
    authenticated_at: Timestamp,
    expires_at: Timestamp,
}

impl Redis {
    /// A key that is in one slot with all others made here.
    fn account_key(&self, kind: &str) -> String {
        let prefix = &self.prefix;
        format!("{prefix}:{{{prefix}}}:{kind}")
    }

    /// An account's record and birth: a number that no other account ever has,
    /// not even one of the same subject after this one was removed.
    async fn born(&self, subject: &Subject) -> Result<Option<(u64, AccountRecord)>, HostError> {
        let key = self.account_key("accounts");
        let kept: Option<String> =
            self.line.read(cmd("HGET").arg(key).arg(subject.as_str())).await?;
        let Some(kept) = kept else { return Ok(None) };
        let (birth, record) = split(&kept)?;
        Ok(Some((birth, serde_json::from_str(record)?)))
    }
}

#[async_trait]
impl Directory for Redis {
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError> {
        Ok(self.born(subject).await?.map(|(_, record)| record.into_user()))
    }
}

#[async_trait]
impl AccountStore for Redis {
    async fn put_account(&self, account: Account) -> Result<(), HostError> {
        let record = AccountRecord {
            username: account.username,
            password_hash: account.password_hash,
            roles: account.user.roles().to_vec(),
            permissions: account.user.permissions().to_vec(),
            claims: account.user.claims().clone(),
        };
        let mut script = self.scripts.put_account.key(self.account_key("accounts"));
        script.key(self.account_key("usernames")).key(self.account_key("births"));
        script.arg(account.subject.as_str()).arg(&record.username);
        script.arg(serde_json::to_string(&record)?);
        match self.line.script(&script).await? {
            true => Ok(()),
            false => Err(HostError::new("the username is another account's")),
        }
    }

    async fn account(&self, username: &str) -> Result<Option<Account>, HostError> {
        let key = self.account_key("usernames");
        let subject: Option<String> = self.line.read(cmd("HGET").arg(key).arg(username)).await?;
        let Some(subject) = subject.map(Subject::parse).transpose()? else { return Ok(None) };
        let Some((_, mut record)) = self.born(&subject).await? else { return Ok(None) };
        // It may have got another name between the two questions.
        if record.username != username {
            return Ok(None);
        }
        let username = std::mem::take(&mut record.username);
        let password_hash = std::mem::take(&mut record.password_hash);
        Ok(Some(Account { subject, username, password_hash, user: record.into_user() }))
    }

    async fn subjects(&self) -> Result<Vec<Subject>, HostError> {
        let key = self.account_key("accounts");
        let subjects: Vec<String> = self.line.read(cmd("HKEYS").arg(key)).await?;
        subjects.into_iter().map(|subject| Ok(Subject::parse(subject)?)).collect()
    }

    async fn remove_account(&self, subject: &Subject) -> Result<(), HostError> {
        let mut script = self.scripts.remove_account.key(self.account_key("accounts"));
        script.key(self.account_key("usernames")).arg(subject.as_str());
        self.line.script(&script).await
    }

    async fn begin_session(&self, key: SessionKey, session: LoginSession) -> Result<(), HostError> {
        let Some((birth, _)) = self.born(&session.subject).await? else {
            return Err(HostError::new("there is no account for this session"));
        };
        let expires_at = session.expires_at;
        let record = serde_json::to_string(&SessionRecord {
            id: session.id,
            subject: session.subject,
            authenticated_at: session.authenticated_at,
            expires_at,
        })?;
        let key = self.key("session", key.as_bytes());
        match self.swap(key, None, (birth, &record), Some(expires_at)).await? {
            true => Ok(()),
            false => Err(HostError::new("the session's key is taken")),
        }
    }

    async fn session(&self, key: SessionKey) -> Result<Option<LoginSession>, HostError> {
        let kept = self.kept(self.key("session", key.as_bytes())).await?;
        let Some(kept) = kept else { return Ok(None) };
        let (birth, record) = split(&kept)?;
        let record: SessionRecord = serde_json::from_str(record)?;
        let account = self.born(&record.subject).await?;
        Ok(account.filter(|(of_account, _)| *of_account == birth).map(|_| LoginSession {
            id: record.id,
            subject: record.subject,
            authenticated_at: record.authenticated_at,
            expires_at: record.expires_at,
        }))
    }

    async fn end_session(&self, key: SessionKey) -> Result<(), HostError> {
        self.line.write(cmd("DEL").arg(self.key("session", key.as_bytes()))).await
    }

    async fn end_sessions(&self, subject: &Subject) -> Result<(), HostError> {
        let mut script = self.scripts.end_sessions.key(self.account_key("accounts"));
        script.key(self.account_key("births")).arg(subject.as_str());
        self.line.script(&script).await
    }

    /// Redis forgets by itself.
    async fn sweep_sessions(&self, _: Timestamp) -> Result<u64, HostError> {
        Ok(0)
    }
}

impl AccountRecord {
    fn into_user(self) -> Arc<User> {
        let user = User::new().with_roles(self.roles).with_permissions(self.permissions);
        Arc::new(user.with_claims(self.claims))
    }
}
