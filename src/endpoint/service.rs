//! What every door needs: the host's parts and the rules.

use std::sync::Arc;

use super::endpoints::Endpoints;
use crate::grants::Grants;
use crate::host::{
    ClientStore, Clock, ConsentStore, Directory, Entropy, HostError, SecretVerifier,
    UserAuthenticator,
};
use crate::model::issuer::Issuer;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::policy::Policy;
use crate::token::credential::Sealer;

pub(crate) struct Service {
    pub(crate) issuer: Issuer,
    /// The issuer as a query's value, for `iss` in every redirect.
    pub(crate) encoded_issuer: String,
    /// The authorization endpoint's address.
    pub(crate) authorization_endpoint: String,
    pub(crate) endpoints: Endpoints,
    /// What the metadata says of scopes.
    pub(crate) scopes: Option<Scope>,
    pub(crate) policy: Policy,
    pub(crate) sealer: Sealer,
    pub(crate) clients: Arc<dyn ClientStore>,
    pub(crate) grants: Grants,
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
}
