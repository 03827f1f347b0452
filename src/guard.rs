//! The resource server's side: an access token in, access or a challenge out
//! (RFC 6750).

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;

use crate::answer::{self, Response};
use crate::cause::{Cause, CredentialError};
use crate::grant::Refusal;
use crate::host::{Clock, CodeStore, Directory};
use crate::model::identity::{ClientId, Subject};
use crate::model::issuer::Issuer;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::request::bearer::bearer_token;
use crate::token::access::AccessToken;
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
    pub(crate) issuer: Issuer,
    pub(crate) sealer: Sealer,
    pub(crate) codes: Arc<dyn CodeStore>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What a valid access token stands for.
#[derive(Clone, Debug)]
pub struct Access {
    issuer: Issuer,
    subject: Subject,
    client: ClientId,
    scope: Scope,
    expires_at: Timestamp,
    user: Arc<User>,
}

/// A request that does not get the resource.
#[derive(Clone, Debug)]
pub struct Denied {
    issuer: Issuer,
    cause: Cause,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Guard {
    /// Validates the access token of `request`: one read of its grant, and one
    /// look into the directory where there is one.
    pub async fn check(&self, request: &Parts) -> Result<Access, Denied> {
        self.access(request).await.map_err(|cause| Denied { issuer: self.issuer.clone(), cause })
    }

    async fn access(&self, request: &Parts) -> Result<Access, Cause> {
        let text = bearer_token(request)?.ok_or(Cause::TokenMissing)?;
        let token =
            AccessToken::open(&self.sealer, text).ok_or(Cause::Token(CredentialError::Forged))?;
        if self.clock.now() >= token.expires_at {
            return Err(Cause::Token(Refusal::Expired.into()));
        }
        let grant = self.codes.grant(&token.grant).await?;
        let grant = grant.ok_or(Cause::Token(CredentialError::Unknown))?;
        let scope = grant
            .access(&token.seed, token.scope)
            .map_err(|refusal| Cause::Token(refusal.into()))?;
        let user = self.directory.user(grant.subject()).await?;
        Ok(Access {
            issuer: self.issuer.clone(),
            subject: grant.subject().clone(),
            client: grant.client().clone(),
            scope,
            expires_at: token.expires_at,
            user: user.ok_or(Cause::Token(CredentialError::UserGone))?,
        })
    }
}

impl Access {
    /// The user who allowed the client to come here.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
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

    /// When the token ceases to be valid.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// What the directory says of the user, roles and permissions.
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
        Denied { issuer: self.issuer.clone(), cause }
    }
}

impl Denied {
    /// Why, for the log and for answers of the host's own.
    #[must_use]
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The answer, with the challenge of RFC 6750 section 3 where a better
    /// token would help.
    #[must_use]
    pub fn into_response(self) -> Response {
        let challenge = self.challenge();
        let mut response = match self.cause {
            // Who brought no token is told no error (RFC 6750 section 3.1).
            Cause::TokenMissing => {
                let page = answer::page(self.cause.status(), self.cause.description().into());
                answer::with_cause(page, self.cause)
            }
            cause => answer::error(cause),
        };
        if let Some(Ok(challenge)) = challenge.map(HeaderValue::try_from) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    fn challenge(&self) -> Option<String> {
        let realm = format!("Bearer realm=\"{}\"", self.issuer);
        let (code, description) = (self.cause.code().as_str(), self.cause.description());
        let error = format!("{realm}, error=\"{code}\", error_description=\"{description}\"");
        match &self.cause {
            Cause::TokenMissing => Some(realm),
            Cause::Scope { needed } => Some(format!("{error}, scope=\"{needed}\"")),
            Cause::Bearer(_) | Cause::Token(_) => Some(error),
            _ => None,
        }
    }
}
