//! Grants as the store keeps them: read, compared and swapped, ended.

use std::sync::Arc;

use crate::cause::{Cause, CredentialError};
#[cfg(feature = "openid")]
use crate::grant::Attempt;
use crate::grant::{Grant, Refusal};
use crate::host::{CodeStore, Directory, HostError};
use crate::model::identity::{GrantId, Subject};
use crate::model::resource::Resources;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::observer::{Audit, Event};
use crate::provider::Provider;
use crate::token::access::{AccessToken, Life};
use crate::token::credential::Sealer;

/// How often a write may lose against others before the client is asked to
/// come back.
pub(crate) const MOST_ROUNDS: usize = 8;

/// How often a store may fail to say whether it wrote.
const MOST_READ_BACKS: usize = 3;

/// What a valid access token points at.
pub(crate) struct Opened {
    pub(crate) grant: Arc<Grant>,
    pub(crate) scope: Scope,
    pub(crate) audience: Resources,
    pub(crate) life: Life,
    /// What names it: the part of a JWT that is sealed. An opaque token is all
    /// sealed.
    pub(crate) sealed: Option<String>,
}

/// The host's store, and the only way to it. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Grants {
    codes: Arc<dyn CodeStore>,
    provider: Option<Provider>,
    audit: Audit,
}

impl Grants {
    pub(crate) fn new(codes: Arc<dyn CodeStore>) -> Self {
        Self { codes, provider: None, audit: Audit::default() }
    }

    /// The same, of which `audit` hears.
    pub(crate) fn heard_by(self, audit: Audit) -> Self {
        Self { audit, ..self }
    }

    /// The same, to which JWT access tokens that `provider` signed lead too.
    pub(crate) fn with_tokens_of(self, provider: Option<Provider>) -> Self {
        Self { provider, ..self }
    }

    pub(crate) async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        self.codes.insert(grant).await
    }

    pub(crate) async fn find(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        self.codes.grant(id).await
    }

    pub(crate) async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        self.codes.granted_by(user).await
    }

    /// What `text` points at, if it is an access token that is valid now: a
    /// forged or expired one never reaches the store.
    pub(crate) async fn open(
        &self,
        sealer: &Sealer,
        text: &str,
        now: Timestamp,
    ) -> Result<Opened, Cause> {
        let (token, sealed) =
            self.token(sealer, text).ok_or(Cause::Token(CredentialError::Forged))?;
        if now >= token.life.expires_at() {
            return Err(Cause::Token(Refusal::Expired.into()));
        }
        let grant = self.find(&token.grant).await?;
        let grant = grant.ok_or(Cause::Token(CredentialError::Unknown))?;
        let (scope, audience) = grant
            .access(&token.seed, token.selection)
            .map_err(|refusal| Cause::Token(refusal.into()))?;
        Ok(Opened { grant, scope, audience, life: token.life, sealed })
    }

    /// The access token that this server made `text` of, in either format and
    /// expired or not. Of a JWT also what is sealed in it.
    fn token(&self, sealer: &Sealer, text: &str) -> Option<(AccessToken, Option<String>)> {
        if let Some(token) = AccessToken::open(sealer, text) {
            return Some((token, None));
        }
        let (token, sealed) = self.provider.as_ref()?.open(sealer, text)?;
        Some((token, Some(sealed)))
    }

    /// Writes `next` and tells what that was; `false` if somebody else was first.
    pub(crate) async fn commit<'g>(
        &self,
        next: &'g Arc<Grant>,
        event: fn(&'g Grant) -> Event<'g>,
    ) -> Result<bool, HostError> {
        let is_written = self.write(next).await?;
        if is_written {
            self.audit.tell(event(next));
        }
        Ok(is_written)
    }

    /// Writes `next`; `false` if somebody else was first.
    ///
    /// When the store did not say that it wrote, what it holds decides: this
    /// very attempt means that only the answer was lost. If it still holds what
    /// `next` was made from, the write may yet arrive, so nothing is known.
    async fn write(&self, next: &Arc<Grant>) -> Result<bool, HostError> {
        let written = self.codes.replace(next.clone()).await;
        if let Ok(true) = written {
            return Ok(true);
        }
        let found = self.read_back(next.id()).await?;
        if found.as_ref().is_some_and(|found| found.is_same_attempt(next)) {
            return Ok(true);
        }
        match written {
            Err(error) if found.is_none_or(|found| found.version() < next.version()) => Err(error),
            _ => Ok(false),
        }
    }

    /// Ends a grant that was found, whatever others make of it meanwhile. One
    /// that is gone has ended by itself.
    pub(crate) async fn end(&self, found: Arc<Grant>) -> Result<(), Cause> {
        let mut grant = found;
        for _ in 0..MOST_ROUNDS {
            if grant.is_ended() || self.commit(&grant.end(), Event::GrantEnded).await? {
                return Ok(());
            }
            let Some(latest) = self.find(grant.id()).await? else { return Ok(()) };
            grant = latest;
        }
        Err(Cause::Contention)
    }

    /// The user of a grant that was found; `None` if `directory` does not know them
    /// any more, which ends it.
    pub(crate) async fn living_user(
        &self,
        directory: &dyn Directory,
        grant: &Arc<Grant>,
    ) -> Result<Option<Arc<User>>, Cause> {
        let user = directory.user(grant.subject()).await?;
        if user.is_none() {
            self.end(grant.clone()).await?;
        }
        Ok(user)
    }

    /// Ends those of `user`'s grants that are `meant`. One that cannot be ended
    /// does not save the others; the first error is what is told.
    pub(crate) async fn end_all(
        &self,
        user: &Subject,
        meant: impl Fn(&Grant) -> bool,
    ) -> Result<(), Cause> {
        let mut ended = Ok(());
        for grant in self.granted_by(user).await?.into_iter().filter(|grant| meant(grant)) {
            ended = ended.and(self.end(grant).await);
        }
        ended
    }

    /// Signs a grant out that was found, whatever others make of it meanwhile;
    /// `true` if it was this attempt that has to tell its client.
    #[cfg(feature = "openid")]
    pub(crate) async fn sign_out(
        &self,
        found: &Arc<Grant>,
        attempt: Attempt,
    ) -> Result<bool, Cause> {
        let mut grant = found.clone();
        for _ in 0..MOST_ROUNDS {
            let Some(departure) = grant.sign_out(attempt) else { return Ok(false) };
            if self.write(&departure.next).await? {
                if departure.next.is_ended() && !grant.is_ended() {
                    self.audit.tell(Event::GrantEnded(&departure.next));
                }
                return Ok(departure.is_told);
            }
            let Some(latest) = self.find(grant.id()).await? else { return Ok(false) };
            grant = latest;
        }
        Err(Cause::Contention)
    }

    /// After a write of unknown outcome a store that is coming back is asked
    /// more than once: without an answer, the client's next try is a replay.
    async fn read_back(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        let mut found = self.find(id).await;
        for _ in 1..MOST_READ_BACKS {
            if found.is_ok() {
                break;
            }
            found = self.find(id).await;
        }
        found
    }
}
