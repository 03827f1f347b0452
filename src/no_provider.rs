//! What stands for a provider without the feature `openid`: nothing, which nobody
//! has.

use crate::host::HostError;
use crate::model::algorithm::Algorithm;
use crate::model::claim_names::ClaimNames;
use crate::model::identity::Subject;
use crate::model::scope::Scope;
use crate::model::sector::Sector;
use crate::model::timestamp::Timestamp;
use crate::policy::PolicyError;
use crate::token::access::AccessToken;
use crate::token::credential::Sealer;
use crate::token::id_token::{Hint, IdToken};

#[derive(Clone, Debug)]
pub(crate) enum Provider {}

/// What is never asked, so that the floors above need not know of the feature.
impl Provider {
    pub(crate) const fn faults(&self) -> Vec<PolicyError> {
        match *self {}
    }

    pub(crate) const fn algorithms(&self) -> Vec<Algorithm> {
        match *self {}
    }

    pub(crate) const fn has_pairwise_names(&self) -> bool {
        match *self {}
    }

    pub(crate) const fn has_session_names(&self) -> bool {
        match *self {}
    }

    pub(crate) const fn claims_supported(&self) -> Vec<&str> {
        match *self {}
    }

    pub(crate) const fn offers(&self, _: &str) -> bool {
        match *self {}
    }

    pub(crate) const fn id_token_expiry(&self, _: Timestamp) -> Timestamp {
        match *self {}
    }

    pub(crate) async fn id_token(
        &self,
        _: Algorithm,
        _: &IdToken<'_>,
    ) -> Result<String, HostError> {
        match *self {}
    }

    pub(crate) const fn open(&self, _: &Sealer, _: &str) -> Option<(AccessToken, String)> {
        match *self {}
    }

    pub(crate) const fn hint(&self, _: &str) -> Option<Hint> {
        match *self {}
    }

    pub(crate) const fn pairwise(&self, _: &Sector, _: &Subject) -> Option<Subject> {
        match *self {}
    }

    pub(crate) const fn withheld(&self, _: &Scope, _: &Scope) -> ClaimNames {
        match *self {}
    }
}
