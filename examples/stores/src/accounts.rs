//! People and their sign-ins: the seam of a server with a login page of its own.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{HostError, SessionId, Subject, Timestamp, User};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Where user accounts and login sessions are kept. Every method is one
/// statement, and answers when the database has made it durable.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Keeps `account`, in place of what was kept of the same subject. A user
    /// name that another subject has is an error.
    async fn put_account(&self, account: Account) -> Result<(), HostError>;

    /// The account that signs in as `username`.
    async fn account(&self, username: &str) -> Result<Option<Account>, HostError>;

    /// The subjects of all accounts.
    async fn subjects(&self) -> Result<Vec<Subject>, HostError>;

    /// Forgets an account with its login sessions. What its user allowed stays,
    /// and is worth nothing while the directory does not know them.
    async fn remove_account(&self, subject: &Subject) -> Result<(), HostError>;

    /// Keeps a sign-in under a key that is new.
    async fn begin_session(&self, key: SessionKey, session: LoginSession) -> Result<(), HostError>;

    /// The sign-in of this key, expired or not; `None` once it was ended or swept.
    async fn session(&self, key: SessionKey) -> Result<Option<LoginSession>, HostError>;

    /// Forgets a sign-in, if there is one.
    async fn end_session(&self, key: SessionKey) -> Result<(), HostError>;

    /// Forgets all sign-ins of `subject`, on whatever browsers they are.
    async fn end_sessions(&self, subject: &Subject) -> Result<(), HostError>;

    /// Forgets sign-ins that expired at `now` or earlier, and says how many.
    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64, HostError>;
}

/// Somebody who can sign in.
#[derive(Clone)]
pub struct Account {
    /// Who they are in every token. It never changes and never becomes another's.
    pub subject: Subject,
    /// What they type at the login page.
    pub username: String,
    /// Their password as a PHC string.
    pub password_hash: String,
    /// Their roles and permissions, and what clients may be told of them.
    pub user: Arc<User>,
}

/// The password's hash is nothing for a log.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("subject", &self.subject)
            .field("username", &self.username)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The user whose lists and claims were kept as JSON.
pub(crate) fn user_of(
    roles: &str,
    permissions: &str,
    claims: &str,
) -> Result<Arc<User>, HostError> {
    let roles: Vec<String> = serde_json::from_str(roles)?;
    let permissions: Vec<String> = serde_json::from_str(permissions)?;
    let claims: Map<String, Value> = serde_json::from_str(claims)?;
    let user = User::new().with_roles(roles).with_permissions(permissions);
    Ok(Arc::new(user.with_claims(claims)))
}

/// One sign-in on one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSession {
    /// Its public name, which may appear in logs and tokens.
    pub id: SessionId,
    /// Who signed in.
    pub subject: Subject,
    /// When they proved who they are.
    pub authenticated_at: Timestamp,
    /// When they have to prove it again.
    pub expires_at: Timestamp,
}

/// What a login session is kept under: the SHA-256 of its cookie, so that a
/// stolen database signs nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key of the session whose cookie has this value, which has at least
    /// 128 random bits.
    #[must_use]
    pub fn of(cookie: &str) -> Self {
        Self(Sha256::digest(cookie.as_bytes()).into())
    }

    /// The hash, for a database that keeps it as a column.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
