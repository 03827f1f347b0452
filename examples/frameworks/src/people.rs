//! The users: their passwords, and what is known of them.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use async_trait::async_trait;
use codegrant::{Directory, HostError, Subject, User};

use crate::sessions::random;

/// Everybody, by name.
pub(crate) struct People {
    accounts: HashMap<&'static str, Account>,
    /// The hash of a password that nobody has.
    nobody: String,
}

struct Account {
    password_hash: String,
    user: Arc<User>,
}

impl People {
    /// One who may read reports, and one who may not, whatever they allow.
    pub(crate) fn demonstration() -> Result<Self, Box<dyn Error>> {
        let alice = User::new()
            .with_roles(["analyst"])
            .with_permissions(["reports:read"])
            .with_claim("name", "Alice Pleasance Liddell")
            .with_claim("email", "alice@people.example")
            .with_claim("email_verified", true);
        let account = |password: &str, user| {
            let hashed = hash(password).map_err(|error| error.to_string());
            hashed.map(|password_hash| Account { password_hash, user: Arc::new(user) })
        };
        let alice = ("alice", account("wonderland", alice)?);
        let bob = ("bob", account("builder", User::new())?);
        let nobody = hash(&random()).map_err(|error| error.to_string())?;
        Ok(Self { accounts: HashMap::from([alice, bob]), nobody })
    }

    /// Who has this user name and password. An unknown name takes as long as a
    /// wrong password.
    pub(crate) async fn authenticate(
        &self,
        username: &str,
        password: &str,
    ) -> Result<Option<Subject>, HostError> {
        let account = self.accounts.get(username);
        let hash = account.map_or(&self.nobody, |account| &account.password_hash).clone();
        let password = password.to_owned();
        let is_right = tokio::task::spawn_blocking(move || verify(&password, &hash)).await??;
        match account.filter(|_| is_right) {
            Some(_) => Ok(Some(Subject::parse(username)?)),
            None => Ok(None),
        }
    }
}

#[async_trait]
impl Directory for People {
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError> {
        Ok(self.accounts.get(subject.as_str()).map(|account| account.user.clone()))
    }
}

fn hash(password: &str) -> Result<String, password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

fn verify(password: &str, hash: &str) -> Result<bool, password_hash::Error> {
    let hash = PasswordHash::new(hash)?;
    match Argon2::default().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}
