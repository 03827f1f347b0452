//! What every door needs: the host's parts and the rules.

use std::sync::Arc;

use crate::grant::Grant;
use crate::host::{
    ClientStore, Clock, CodeStore, ConsentStore, Directory, Entropy, HostError, SecretVerifier,
    UserAuthenticator,
};
use crate::model::issuer::Issuer;
use crate::model::timestamp::Timestamp;
use crate::policy::Policy;
use crate::token::credential::Sealer;

pub(crate) struct Service {
    pub(crate) issuer: Issuer,
    /// The issuer as a query's value, for `iss` in every redirect.
    pub(crate) encoded_issuer: String,
    /// The authorization endpoint's address.
    pub(crate) authorization_endpoint: String,
    pub(crate) policy: Policy,
    pub(crate) sealer: Sealer,
    pub(crate) clients: Arc<dyn ClientStore>,
    pub(crate) codes: Arc<dyn CodeStore>,
    pub(crate) users: Arc<dyn UserAuthenticator>,
    pub(crate) consents: Arc<dyn ConsentStore>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) secrets: Arc<dyn SecretVerifier>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Service {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Random bytes for an id, a seed or an attempt.
    pub(crate) fn draw<const N: usize>(&self) -> Result<[u8; N], HostError> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes `next`; `false` if somebody else was first.
    ///
    /// When the store did not say that it wrote, what it holds decides: this
    /// very attempt means that only the answer was lost. If it still holds what
    /// `next` was made from, the write may yet arrive, so nothing is known.
    pub(crate) async fn commit(&self, next: &Arc<Grant>) -> Result<bool, HostError> {
        let written = self.codes.replace(next.clone()).await;
        if let Ok(true) = written {
            return Ok(true);
        }
        let found = self.codes.grant(next.id()).await?;
        if found.as_ref().is_some_and(|found| found.is_same_attempt(next)) {
            return Ok(true);
        }
        match written {
            Err(error) if found.is_none_or(|found| found.version() < next.version()) => Err(error),
            _ => Ok(false),
        }
    }
}
