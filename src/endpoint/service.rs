//! What every door needs: the host's parts and the rules.

use std::sync::Arc;

use super::endpoints::Endpoints;
use crate::cause::Cause;
use crate::grant::Grant;
use crate::grants::Grants;
use crate::host::{
    ClientStore, Clock, ConsentStore, Directory, Entropy, HostError, SecretVerifier,
    UserAuthenticator,
};
use crate::model::client::Client;
use crate::model::identity::{Acr, Subject};
use crate::model::issuer::Issuer;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::observer::Audit;
use crate::policy::Policy;
use crate::provider::Provider;
use crate::token::credential::Sealer;
use crate::token::id_token::Hint;
use crate::token::ticket::{Ticket, TicketError};

pub(crate) struct Service {
    pub(crate) issuer: Issuer,
    /// The issuer as a query's value, for `iss` in every redirect.
    pub(crate) encoded_issuer: String,
    /// The authorization endpoint's address.
    pub(crate) authorization_endpoint: String,
    pub(crate) endpoints: Endpoints,
    /// What the metadata says of scopes.
    pub(crate) scopes: Option<Scope>,
    /// What makes it an OpenID Connect provider, if it is one.
    pub(crate) provider: Option<Provider>,
    /// What the host's login pages can reach.
    pub(crate) acr_values: Vec<Acr>,
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
    pub(crate) audit: Audit,
}

impl Service {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What an `id_token_hint` says, if this server made it: expired or not, and
    /// whatever key signed it that is still published (OpenID Connect Core section
    /// 3.1.2.1).
    pub(crate) fn hint(&self, id_token: &str) -> Option<Hint> {
        let hint = self.provider.as_ref()?.hint(id_token);
        hint.filter(|hint| hint.is_of(self.issuer.as_str()))
    }

    /// The user of a grant that was found; `None` if they are gone, and it with them.
    pub(crate) async fn living_user(&self, grant: &Arc<Grant>) -> Result<Option<Arc<User>>, Cause> {
        self.grants.living_user(&*self.directory, grant).await
    }

    /// Whether clients may be told the claim about the user that is called `name`.
    pub(crate) fn offers(&self, name: &str) -> bool {
        self.provider.as_ref().is_some_and(|provider| provider.offers(name))
    }

    /// What `client` calls `user`, if not as the host does (OpenID Connect Core
    /// section 8).
    pub(crate) fn pairwise(
        &self,
        client: &Client,
        user: &Subject,
    ) -> Result<Option<Subject>, Cause> {
        let Some(sector) = client.sector() else { return Ok(None) };
        let provider = self.provider.as_ref();
        let name = provider.and_then(|provider| provider.pairwise(sector, user));
        name.map(Some).ok_or(Cause::NoPairwiseSalt)
    }

    /// What a page carries, or brings back.
    pub(crate) fn seal(&self, ticket: &impl Ticket) -> Result<String, HostError> {
        Ok(ticket.seal(&self.sealer)?)
    }

    /// What a page carried, if this server made it and not too long ago.
    pub(crate) fn open<T: Ticket>(&self, ticket: &str) -> Result<T, TicketError> {
        T::open(&self.sealer, ticket, self.now(), self.policy.interaction_lifetime)
    }

    /// Random bytes for an id, a seed or an attempt.
    pub(crate) fn draw<const N: usize>(&self) -> Result<[u8; N], HostError> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }
}
