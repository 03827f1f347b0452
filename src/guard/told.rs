//! What an authorization server says of a token, in an answer or in the token.

use std::sync::Arc;

use serde::Deserialize;

use super::step_up::SignIn;
use super::{Access, Realm};
use crate::cause::{Cause, CredentialError};
use crate::grant::Refusal;
use crate::host::HostError;
use crate::model::identity::{Acr, ClientId, NameError, Subject};
use crate::model::resource::Resources;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;

/// The members that introspection (RFC 7662 section 2.2) and JWT access tokens
/// (RFC 9068 section 2.2) have in common.
#[derive(Deserialize)]
pub(super) struct Told {
    pub(super) iss: Option<String>,
    sub: Option<Arc<str>>,
    client_id: Option<Arc<str>>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    aud: OneOrMany,
    exp: Option<i64>,
    auth_time: Option<i64>,
    acr: Option<Arc<str>>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    permissions: Vec<String>,
}

/// `aud` may be one string or a list of them (RFC 7519 section 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Told {
    /// Judges it: only a token of the right issuer, for this resource, that has
    /// not expired. How its user signed in is not judged.
    pub(super) fn access(&self, realm: &Arc<Realm>, now: Timestamp) -> Result<Access, Cause> {
        let refused = |refusal: Refusal| Cause::Token(CredentialError::Refused(refusal));
        if self.iss.as_ref().is_some_and(|issuer| issuer != realm.issuer.as_str()) {
            return Err(Cause::Token(CredentialError::Forged));
        }
        let expires_at = self.exp.map(Timestamp::from_unix).ok_or(refused(Refusal::Expired))?;
        if now >= expires_at {
            return Err(refused(Refusal::Expired));
        }
        let audience = self.aud.read().ok_or(refused(Refusal::OtherAudience))?;
        realm.admit(&audience)?;
        let name = |name: &Option<Arc<str>>| name.clone().unwrap_or_default();
        let user = User::new().with_roles(&self.roles).with_permissions(&self.permissions);
        Ok(Access {
            realm: realm.clone(),
            subject: Subject::parse(name(&self.sub)).map_err(HostError::from)?,
            known_as: None,
            client: ClientId::parse(name(&self.client_id)).map_err(HostError::from)?,
            scope: Scope::parse(&self.scope).map_err(HostError::from)?,
            audience,
            expires_at,
            sign_in: self.sign_in().map_err(HostError::from)?,
            user: Arc::new(user),
        })
    }

    fn sign_in(&self) -> Result<SignIn, NameError> {
        Ok(SignIn {
            auth_time: self.auth_time.map(Timestamp::from_unix),
            acr: self.acr.clone().map(Acr::parse).transpose()?,
        })
    }
}

impl OneOrMany {
    fn read(&self) -> Option<Resources> {
        match self {
            Self::One(one) => Resources::parse(&[one]).ok(),
            Self::Many(many) => Resources::parse(many).ok(),
        }
    }
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}
