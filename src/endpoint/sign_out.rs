//! What the end of a login session ends here.

use std::sync::Arc;

use super::backchannel_logout::Notices;
use super::service::Service;
use crate::cause::Cause;
use crate::grant::{Attempt, Grant};
use crate::model::authentication::Authentication;
use crate::model::identity::Subject;

/// What became of a sign-out.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct SignedOut {
    /// The clients that have to hear of it. Nothing else remembers them: spawn
    /// [`Notices::deliver`], so that the user need not wait.
    pub notices: Notices,
    /// The first error, after which the rest was signed out all the same. Call
    /// [`sign_out`](crate::AuthorizationServer::sign_out) for the same user until
    /// there is none: who was told once is not told again. Nobody but the host can,
    /// now that the session has ended: to a client's next request nobody is signed
    /// in, and its `id_token_hint` alone ends nothing.
    pub fault: Option<Cause>,
}

impl SignedOut {
    /// Nobody was signed in.
    pub(crate) fn nobody(service: &Arc<Service>) -> Self {
        Self { notices: Notices::none(service.clone()), fault: None }
    }
}

/// The session of `user` has ended.
pub(crate) async fn sign_out(service: &Arc<Service>, user: &Authentication) -> SignedOut {
    let is_of_session = |grant: &Grant| grant.authentication().is_same_session(user);
    depart(service, user.subject(), is_of_session).await
}

/// All sessions of `user` have ended.
pub(crate) async fn sign_out_everywhere(service: &Arc<Service>, user: &Subject) -> SignedOut {
    depart(service, user, |_| true).await
}

/// The session has ended before: an authorization that is in flight either wrote
/// its grant by now, and it is found here, or it asks who is signed in after that
/// write, and finds nobody (`endpoint::approve`).
async fn depart(
    service: &Arc<Service>,
    user: &Subject,
    meant: impl Fn(&Grant) -> bool + Send,
) -> SignedOut {
    let mut signed_out = SignedOut::nobody(service);
    let (grants, attempt) = match begin(service, user).await {
        Ok(begun) => begun,
        Err(cause) => return SignedOut { fault: Some(cause), ..signed_out },
    };
    for grant in grants.iter().filter(|grant| meant(grant)) {
        match service.grants.sign_out(grant, attempt).await {
            Ok(true) => signed_out.notices.add(grant),
            Ok(false) => {}
            Err(cause) => signed_out.fault = signed_out.fault.or(Some(cause)),
        }
    }
    signed_out
}

async fn begin(service: &Service, user: &Subject) -> Result<(Vec<Arc<Grant>>, Attempt), Cause> {
    let attempt = Attempt::from_bytes(service.draw()?);
    Ok((service.grants.granted_by(user).await?, attempt))
}
