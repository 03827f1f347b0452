//! Passwords, by Argon2id.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use codegrant::HostError;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::cookie::random_value;

/// Each verification takes a core and, unless configured otherwise, 19 MiB, so
/// only so many run at once.
const MOST_AT_ONCE: usize = 4;

pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    places: Arc<Semaphore>,
    /// The hash of a password that nobody has.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) async fn new(cost: Params) -> Result<Self, HostError> {
        let mut passwords = Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, cost),
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            nobody: Arc::from(""),
        };
        passwords.nobody = passwords.hash(&random_value()?).await?.into();
        Ok(passwords)
    }

    /// The PHC string to keep of `password`.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, HostError> {
        let password = password.to_owned();
        let argon2 = self.argon2.clone();
        self.run(move || Ok(argon2.hash_password(password.as_bytes())?.to_string())).await
    }

    /// Whether `password` is the one of `hash`; without a hash, `false` after
    /// the same work, so that the time it takes tells nobody who has an account.
    pub(crate) async fn verify(
        &self,
        password: &str,
        hash: Option<String>,
    ) -> Result<bool, HostError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let password = password.to_owned();
        let argon2 = self.argon2.clone();
        self.run(move || {
            let hash = PasswordHash::new(&hash)?;
            match argon2.verify_password(password.as_bytes(), &hash) {
                Ok(()) => Ok(exists),
                Err(Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Runs `work` on a thread of its own. Its place is taken until it is done,
    /// even if nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HostError> + Send + 'static,
    ) -> Result<T, HostError> {
        let place = self.places.clone().acquire_owned().await?;
        spawn_blocking(move || {
            let _place = place;
            work()
        })
        .await?
    }
}
