//! The resource server's side: an access token in, access or a challenge out
//! (RFC 6750).

mod local;
#[cfg(feature = "openid")]
mod offline;
#[cfg(feature = "openid")]
mod published_keys;
mod realm;
mod remote;
mod step_up;
mod told;
#[cfg(feature = "openid")]
mod turns;

pub use local::Guard;
#[cfg(feature = "openid")]
pub use offline::OfflineGuard;
pub use realm::Denied;
pub(crate) use realm::{Audience, Realm};
pub use remote::{InsecureEndpoint, RemoteGuard};

use std::sync::Arc;

use step_up::SignIn;

use crate::cause::Cause;
use crate::model::identity::{Acr, ClientId, Subject};
use crate::model::resource::Resources;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;

/// What a valid access token stands for.
#[derive(Clone, Debug)]
pub struct Access {
    realm: Arc<Realm>,
    subject: Subject,
    /// Of a pairwise client, where `subject` is not that name already.
    known_as: Option<Subject>,
    client: ClientId,
    scope: Scope,
    audience: Resources,
    expires_at: Timestamp,
    sign_in: SignIn,
    user: Arc<User>,
}

impl Access {
    /// The user who allowed the client to come here: for a [`Guard`] by the host's
    /// own name for them, for the others as the client calls them, which may be
    /// another name for each client ([`pairwise`](crate::ClientBuilder::pairwise)).
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What the client calls that user: what it may be told, and no other name of
    /// theirs (OpenID Connect Core section 8).
    #[must_use]
    pub fn known_as(&self) -> &Subject {
        self.known_as.as_ref().unwrap_or(&self.subject)
    }

    /// The client that came.
    #[must_use]
    pub const fn client(&self) -> &ClientId {
        &self.client
    }

    /// What the token is good for.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The resource servers it is addressed to; none in particular, if empty.
    #[must_use]
    pub const fn audience(&self) -> &Resources {
        &self.audience
    }

    /// When the token ceases to be valid.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When the user proved who they are, as far as it is known.
    #[must_use]
    pub const fn auth_time(&self) -> Option<Timestamp> {
        self.sign_in.auth_time
    }

    /// How sure that makes one of who they are, as far as it is known.
    #[must_use]
    pub const fn acr(&self) -> Option<&Acr> {
        self.sign_in.acr.as_ref()
    }

    /// What the directory says of the user, roles and permissions, as far as this
    /// guard is told.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Goes on only if the token covers `needed`; else 403 `insufficient_scope`.
    pub fn require_scope(&self, needed: &Scope) -> Result<(), Denied> {
        if self.scope.covers(needed) {
            return Ok(());
        }
        Err(self.denied(Cause::Scope { needed: needed.clone() }))
    }

    /// Goes on only if the user has `permission`; else 403, since a token never
    /// gives an application more than its user may do.
    pub fn require_permission(&self, permission: &str) -> Result<(), Denied> {
        if self.user.may(permission) {
            return Ok(());
        }
        Err(self.denied(Cause::Permission { needed: permission.to_owned() }))
    }

    fn denied(&self, cause: Cause) -> Denied {
        self.realm.denied(cause)
    }
}
