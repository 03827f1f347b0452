//! A guard beside the authorization server: it reads the grants themselves.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::step_up::SignIn;
use super::{Access, Audience, Denied, Realm};
use crate::answer::Response;
use crate::cause::{Cause, CredentialError};
use crate::grants::Grants;
use crate::host::{Clock, Directory};
use crate::model::identity::Acr;
use crate::model::resource::Resource;
use crate::model::scope::Scope;
use crate::request::bearer::bearer_token;
use crate::token::credential::Sealer;

/// Lets requests with a valid access token pass. Cloning shares everything.
///
/// ```
/// use codegrant::{Denied, Guard, Response, Scope};
/// use http::request::Parts;
///
/// async fn report(guard: &Guard, needed: &Scope, request: &Parts) -> Result<Response, Denied> {
///     let access = guard.check(request).await?;
///     access.require_scope(needed)?;
///     access.require_permission("reports:read")?;
///     Ok(Response::new(format!("the report of {}", access.subject())))
/// }
///
/// async fn handler(guard: &Guard, needed: &Scope, request: &Parts) -> Response {
///     report(guard, needed, request).await.unwrap_or_else(Denied::into_response)
/// }
/// ```
#[derive(Clone)]
pub struct Guard {
    pub(crate) realm: Arc<Realm>,
    pub(crate) sealer: Sealer,
    pub(crate) grants: Grants,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Guard {
    /// Lets only tokens pass that are addressed to `resource`, this resource
    /// server's own identifier (RFC 8707). Without one, only tokens that are
    /// addressed to nobody in particular pass.
    #[must_use]
    pub fn audience(self, resource: Resource) -> Self {
        self.with_audience(Audience::Named(resource))
    }

    /// Lets tokens pass whomever they are addressed to: another resource server
    /// that gets such a token can use it here.
    #[must_use]
    pub fn any_audience(self) -> Self {
        self.with_audience(Audience::Anybody)
    }

    fn with_audience(mut self, audience: Audience) -> Self {
        Arc::make_mut(&mut self.realm).audience = audience;
        self
    }

    /// Tells clients that bring no valid token to ask for `scope`. What a
    /// request needs is still the handler's to demand.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        Arc::make_mut(&mut self.realm).scope = Some(scope);
        self
    }

    /// Lets only users pass whose sign-in was one of `acrs`, the first best; what
    /// a sign-in is [`Authentication::with_acr`](crate::Authentication::with_acr)
    /// says. Others get 401 `insufficient_user_authentication`, by which the
    /// client learns with which `acr_values` to send the user to the authorization
    /// endpoint again (RFC 9470).
    #[must_use]
    pub fn acr_values(mut self, acrs: impl IntoIterator<Item = Acr>) -> Self {
        Arc::make_mut(&mut self.realm).demand.acr_values = acrs.into_iter().collect();
        self
    }

    /// Lets only users pass who signed in at most `age` ago. Others get the same
    /// answer, with the `max_age` that the client is to ask for.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        Arc::make_mut(&mut self.realm).demand.max_age = Some(age);
        self
    }

    /// Validates the access token of `request`: one read of its grant, and one
    /// look into the directory where there is one. A user who is gone takes the
    /// grant along.
    pub async fn check(&self, request: &Parts) -> Result<Access, Denied> {
        self.access(request).await.map_err(|cause| self.realm.denied(cause))
    }

    async fn access(&self, request: &Parts) -> Result<Access, Cause> {
        let text = bearer_token(request)?.ok_or(Cause::TokenMissing)?;
        let now = self.clock.now();
        let opened = self.grants.open(&self.sealer, text, now).await?;
        self.realm.admit(&opened.audience)?;
        let sign_in = SignIn::of(opened.grant.authentication());
        self.realm.demand.judge(&sign_in, now)?;
        let user = self.grants.living_user(&*self.directory, &opened.grant).await?;
        let user = user.ok_or(Cause::Token(CredentialError::UserGone))?;
        Ok(Access {
            realm: self.realm.clone(),
            subject: opened.grant.subject().clone(),
            known_as: opened.grant.pairwise_name().cloned(),
            client: opened.grant.client().clone(),
            scope: opened.scope,
            audience: opened.audience,
            expires_at: opened.life.expires_at(),
            sign_in,
            user,
        })
    }

    /// The resource's metadata, for GET at [`metadata_path`](Self::metadata_path)
    /// (RFC 9728); `None` without an [`audience`](Self::audience) that is a URL.
    #[must_use]
    pub fn metadata(&self) -> Option<Response> {
        self.realm.metadata()
    }

    /// Where clients look for the metadata, from the root of the resource's host.
    #[must_use]
    pub fn metadata_path(&self) -> Option<String> {
        self.realm.metadata_path()
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("realm", &self.realm).finish_non_exhaustive()
    }
}
