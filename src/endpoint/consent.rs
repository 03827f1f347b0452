//! Why nobody needs to be asked, or what they answered: and whether that still
//! holds once a grant is written.

use std::sync::Arc;

use super::service::Service;
use crate::cause::Cause;
use crate::grants::MOST_ROUNDS;
use crate::host::HostError;
use crate::model::claim_names::ClaimNames;
use crate::model::consented::Consented;
use crate::model::identity::{ClientId, Subject};
use crate::model::resource::Resources;
use crate::model::scope::Scope;
use crate::request::authorization::AuthorizationRequest;

/// On what a code is handed out.
pub(super) enum Basis {
    /// The client is the operator's own.
    Trust,
    /// The user allowed it before.
    Memory(Arc<Consented>),
    /// The user has just answered.
    Answer(Answer),
}

/// What the user answered, beside what they had allowed when they did.
pub(super) struct Answer {
    pub(super) before: Arc<Consented>,
    pub(super) asked: Terms,
    pub(super) resources: Resources,
    /// `None` if the answer must not be remembered.
    pub(super) allowed: Option<Terms>,
}

/// What the user is asked to allow, or what of it they allow.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) scope: Scope,
    pub(super) claims: ClaimNames,
}

/// What `user` has allowed `client`, which may be nothing.
pub(super) async fn consented(
    service: &Service,
    user: &Subject,
    client: &ClientId,
) -> Result<Arc<Consented>, HostError> {
    let kept = service.consents.consented(user, client).await?;
    Ok(kept.unwrap_or_else(|| Arc::new(Consented::nothing(user.clone(), client.clone()))))
}

/// Whether all that is asked was allowed before.
pub(super) fn covers(consented: &Consented, asked: &AuthorizationRequest) -> bool {
    let allowed = consented.allowed_at(&asked.resources, &asked.scope);
    allowed.is_some_and(|allowed| allowed.covers(&asked.scope))
        && consented.claims().covers(&asked.claims())
}

impl Basis {
    /// Whether it holds now that the grant is written. A withdrawal is written
    /// before it lists the grants to end: it either finds this one, or is found
    /// here.
    pub(super) async fn still_holds(&self, service: &Service) -> Result<bool, Cause> {
        match self {
            Self::Trust => Ok(true),
            Self::Memory(before) => {
                let now = consented(service, before.subject(), before.client()).await?;
                Ok(!now.was_withdrawn_since(before))
            }
            Self::Answer(answer) => answer.keep(service).await,
        }
    }
}

impl Answer {
    /// Remembers what was allowed, beside whatever else was answered meanwhile;
    /// `false` if all was withdrawn meanwhile.
    async fn keep(&self, service: &Service) -> Result<bool, Cause> {
        if let Some(next) = self.over(&self.before)
            && service.consents.remember(Arc::new(next)).await?
        {
            return Ok(true);
        }
        for _ in 0..MOST_ROUNDS {
            let latest = consented(service, self.before.subject(), self.before.client()).await?;
            if latest.was_withdrawn_since(&self.before) {
                return Ok(false);
            }
            // Whoever gave the same answer at the same time has given it for both.
            let next = self.over(&latest).filter(|next| !next.allows_the_same_as(&latest));
            let Some(next) = next else { return Ok(true) };
            if service.consents.remember(Arc::new(next)).await? {
                return Ok(true);
            }
        }
        Err(Cause::Contention)
    }

    /// What is to be remembered after `latest`, if this may be.
    fn over(&self, latest: &Consented) -> Option<Consented> {
        let allowed = self.allowed.as_ref()?;
        let next = latest.answered(&self.asked.scope, &self.resources, &allowed.scope);
        Some(next.and_claims(&self.asked.claims, &allowed.claims))
    }
}

/// Takes back all that `user` has allowed `client`, then ends what was issued.
pub(crate) async fn withdraw(
    service: &Service,
    user: &Subject,
    client: &ClientId,
) -> Result<(), Cause> {
    forget(service, user, client).await?;
    service.grants.end_all(user, |grant| grant.client() == client).await
}

/// A withdrawal that somebody else wrote meanwhile is as good as this one.
async fn forget(service: &Service, user: &Subject, client: &ClientId) -> Result<(), Cause> {
    let before = consented(service, user, client).await?;
    let mut latest = before.clone();
    for _ in 0..MOST_ROUNDS {
        if service.consents.remember(Arc::new(latest.withdrawn())).await? {
            return Ok(());
        }
        latest = consented(service, user, client).await?;
        if latest.was_withdrawn_since(&before) {
            return Ok(());
        }
    }
    Err(Cause::Contention)
}
