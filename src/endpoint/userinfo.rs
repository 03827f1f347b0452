//! The userinfo endpoint (OpenID Connect Core section 5.3).

use std::borrow::Cow;
use std::sync::Arc;

use http::Method;
use http::request::Parts;
use serde_json::{Map, Value};

use super::claims::{Place, released};
use super::service::Service;
use crate::answer::{self, Response};
use crate::cause::{Cause, CredentialError};
use crate::grant::{Grant, Refusal};
use crate::guard::{Audience, Realm};
use crate::host::HostError;
use crate::model::algorithm::Algorithm;
use crate::model::resource::Resources;
use crate::model::scope::{OPENID, Scope};
use crate::provider::Provider;
use crate::request::bearer::{bearer_token, posted_bearer_token};

/// A client asks about the user of its access token.
pub(crate) async fn userinfo(
    service: &Service,
    provider: &Provider,
    parts: &Parts,
    body: &[u8],
) -> Response {
    tell(service, provider, parts, body).await.unwrap_or_else(|cause| refuse(service, cause))
}

async fn tell(
    service: &Service,
    provider: &Provider,
    parts: &Parts,
    body: &[u8],
) -> Result<Response, Cause> {
    let token = read(parts, body)?.ok_or(Cause::TokenMissing)?;
    let opened = service.grants.open(&service.sealer, &token, service.now()).await?;
    admit(service, &opened.audience)?;
    let grant = opened.grant;
    let client = service.clients.client(grant.client()).await?;
    let client = client.ok_or(Cause::Token(CredentialError::ClientGone))?;
    let scope = opened.scope.intersection(client.scope());
    if !scope.contains(OPENID) || grant.asked().is_none() {
        return Err(Cause::Scope { needed: Scope::openid() });
    }
    let user = service.living_user(&grant).await?;
    let user = user.ok_or(Cause::Token(CredentialError::UserGone))?;
    let by_scope = provider.scope_claims.of(&scope);
    let mut claims = released(&grant, &scope, &user, Place::UserInfo(by_scope));
    claims.insert("sub".to_owned(), grant.known_as().as_str().into());
    match client.userinfo_signed_response_alg() {
        None => Ok(answer::json(serde_json::to_string(&claims).map_err(HostError::from)?)),
        Some(algorithm) => Ok(sign(service, provider, &grant, claims, algorithm).await?),
    }
}

/// The access token, which a form may carry too.
fn read<'r>(parts: &'r Parts, body: &[u8]) -> Result<Option<Cow<'r, str>>, Cause> {
    match parts.method {
        Method::GET => Ok(bearer_token(parts)?.map(Cow::Borrowed)),
        Method::POST => Ok(posted_bearer_token(parts, body)?),
        _ => Err(Cause::Method),
    }
}

/// A token that its client asked to be addressed to some resource is of no use to
/// that resource here (RFC 8707 section 1). This server is addressed by its issuer
/// identifier, and wherever tokens go whose client asked for nothing.
fn admit(service: &Service, audience: &Resources) -> Result<(), Cause> {
    let is_ours = audience.is_empty()
        || audience.iter().any(|named| named.as_str() == service.issuer.as_str())
        || *audience == service.policy.default_resources;
    if is_ours { Ok(()) } else { Err(Cause::Token(Refusal::OtherAudience.into())) }
}

/// The claims as a signed token (section 5.3.2). It says nothing of a sign-in and
/// never expires, so it passes for no ID token.
async fn sign(
    service: &Service,
    provider: &Provider,
    grant: &Grant,
    mut claims: Map<String, Value>,
    algorithm: Algorithm,
) -> Result<Response, HostError> {
    claims.insert("iss".to_owned(), service.issuer.as_str().into());
    claims.insert("aud".to_owned(), grant.client().as_str().into());
    let token = provider.keys.sign(algorithm, "JWT", &serde_json::to_vec(&claims)?).await?;
    Ok(answer::jwt(token))
}

/// The error, with the challenge of RFC 6750 section 3.
fn refuse(service: &Service, cause: Cause) -> Response {
    let mut realm = Realm::new(service.issuer.clone(), Audience::Anybody);
    realm.scope = Some(Scope::openid());
    let realm = Arc::new(realm);
    answer::allowing(realm.denied(cause).into_response(), "GET, POST")
}
