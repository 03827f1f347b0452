//! The introspection endpoint (RFC 7662).

use std::sync::Arc;

use http::request::Parts;
use serde::Serialize;

use super::client;
use super::service::Service;
use crate::answer::{self, Response};
use crate::cause::{Cause, CredentialError};
use crate::grant::Grant;
use crate::host::HostError;
use crate::model::authentication::Authentication;
use crate::model::base64url;
use crate::model::client::Client;
use crate::model::identity::Acr;
use crate::model::resource::{Resource, Resources};
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::request::ClientAuthError;
use crate::request::params::Name;
use crate::token::access::jti;
use crate::token::refresh::RefreshToken;

/// All that whoever may not see a token learns of it (section 2.2).
const INACTIVE: &str = r#"{"active":false}"#;

/// The only type that opens resources (RFC 6750).
const BEARER: &str = "Bearer";

/// A token that is valid now, of either kind.
struct Valid {
    token_type: &'static str,
    grant: Arc<Grant>,
    scope: Scope,
    audience: Resources,
    issued_at: Timestamp,
    expires_at: Timestamp,
    /// What names it, where that is not all of it.
    sealed: Option<String>,
}

/// What its holder's resource server is told of it (section 2.2).
#[derive(Serialize)]
struct Active<'t> {
    active: bool,
    token_type: &'static str,
    iss: &'t str,
    sub: &'t str,
    client_id: &'t str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'t str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    aud: &'t [Resource],
    iat: i64,
    exp: i64,
    #[serde(with = "base64url")]
    jti: [u8; 32],
    /// How the user signed in (RFC 9470 section 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'t Acr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'t [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<&'t [String]>,
}

/// A client asks what a token stands for.
pub(crate) async fn introspect(service: &Service, parts: &Parts, body: &[u8]) -> Response {
    match inspect(service, parts, body).await {
        Ok(json) => answer::json(json),
        Err(cause) => client::refuse(cause, parts),
    }
}

async fn inspect(service: &Service, parts: &Parts, body: &[u8]) -> Result<String, Cause> {
    let params = client::read(parts, body)?;
    let client = client::authenticate(service, parts, &params).await?;
    if client.is_public() {
        return Err(ClientAuthError::Public.into());
    }
    let text = params.require(Name::Token)?;
    let valid = find(service, text).await?;
    let Some(valid) = valid.filter(|valid| valid.may_be_seen_by(&client)) else {
        return Ok(INACTIVE.to_owned());
    };
    let Some(user) = service.living_user(&valid.grant).await? else {
        return Ok(INACTIVE.to_owned());
    };
    let tells = service.policy.introspection_tells_permissions
        && valid.token_type == BEARER
        && valid.is_served_by(&client);
    Ok(valid.describe(service, text, tells.then_some(&*user))?)
}

/// What `text` is, if it is a token of this server that is valid now.
async fn find(service: &Service, text: &str) -> Result<Option<Valid>, Cause> {
    match service.grants.open(&service.sealer, text, service.now()).await {
        Ok(opened) => Ok(Some(Valid {
            token_type: BEARER,
            grant: opened.grant,
            scope: opened.scope,
            audience: opened.audience,
            issued_at: opened.life.issued_at(),
            expires_at: opened.life.expires_at(),
            sealed: opened.sealed,
        })),
        Err(Cause::Token(CredentialError::Forged)) => find_refresh(service, text).await,
        Err(Cause::Token(_)) => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// A refresh token that is to be used next. It is addressed to nobody but this
/// server, and its type says so.
async fn find_refresh(service: &Service, text: &str) -> Result<Option<Valid>, Cause> {
    let Some(token) = RefreshToken::open(&service.sealer, text) else { return Ok(None) };
    let Some(grant) = service.grants.find(&token.grant).await? else { return Ok(None) };
    let client = service.clients.client(grant.client()).await?;
    let Some(client) = client.filter(|client| client.may_refresh()) else { return Ok(None) };
    Ok(match grant.refreshable(&token.seed, service.now()) {
        Ok(latest) if latest.number == token.generation => Some(Valid {
            token_type: "refresh_token",
            scope: grant.scope().intersection(client.scope()),
            audience: Resources::none(),
            issued_at: latest.since(grant.approved_at()),
            expires_at: grant.valid_until(),
            sealed: None,
            grant,
        }),
        _ => None,
    })
}

impl Valid {
    /// Whether `client` is one of the resource servers that the token is for,
    /// or may see all.
    fn is_served_by(&self, client: &Client) -> bool {
        let mut audience = self.audience.iter();
        client.introspects_any() || audience.any(|named| client.audiences().contains(named))
    }

    fn may_be_seen_by(&self, client: &Client) -> bool {
        self.grant.client() == client.id() || self.is_served_by(client)
    }

    fn describe(
        &self,
        service: &Service,
        text: &str,
        user: Option<&User>,
    ) -> Result<String, HostError> {
        // Said by a provider only: to others such answers are what they were.
        let is_told = service.provider.is_some() && self.token_type == BEARER;
        let sign_in = is_told.then(|| self.grant.authentication());
        Ok(serde_json::to_string(&Active {
            active: true,
            token_type: self.token_type,
            iss: service.issuer.as_str(),
            sub: self.grant.known_as().as_str(),
            client_id: self.grant.client().as_str(),
            scope: self.scope.as_str(),
            aud: self.audience.as_slice(),
            iat: self.issued_at.as_unix(),
            exp: self.expires_at.as_unix(),
            jti: jti(self.sealed.as_deref().unwrap_or(text)),
            auth_time: sign_in.map(|sign_in| sign_in.authenticated_at().as_unix()),
            acr: sign_in.and_then(Authentication::acr),
            roles: user.map(User::roles),
            permissions: user.map(User::permissions),
        })?)
    }
}
