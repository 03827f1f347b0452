//! The revocation endpoint (RFC 7009).

use http::request::Parts;

use super::client;
use super::service::Service;
use crate::answer::{self, Response};
use crate::cause::Cause;
use crate::grant::Seed;
use crate::model::identity::GrantId;
use crate::request::params::Name;
use crate::token::access::AccessToken;
use crate::token::refresh::RefreshToken;

/// A client gives a token back. What is revoked is the grant: a refresh token
/// and the access tokens beside it are one, so none of them stays.
pub(crate) async fn revoke(service: &Service, parts: &Parts, body: &[u8]) -> Response {
    match end(service, parts, body).await {
        Ok(()) => answer::done(),
        Err(cause) => client::refuse(cause, parts),
    }
}

/// A token that is unknown, or whose grant is gone, counts as revoked (section
/// 2.2). An expired one still ends its grant: the client means to leave, and
/// holds nothing newer. `token_type_hint` tells nothing that the token does not.
async fn end(service: &Service, parts: &Parts, body: &[u8]) -> Result<(), Cause> {
    let params = client::read(parts, body)?;
    let client = client::authenticate(service, parts, &params).await?;
    let Some((id, access_seed)) = open(service, params.require(Name::Token)?) else {
        return Ok(());
    };
    let Some(grant) = service.grants.find(&id).await? else { return Ok(()) };
    if !grant.issued_with(&access_seed) {
        return Ok(());
    }
    if grant.client() != client.id() {
        return Err(Cause::OtherClientsToken);
    }
    service.grants.end(grant).await
}

/// The grant that a token of either kind points at, and the seed that its
/// access tokens carry. An old token tells as much as the latest.
fn open(service: &Service, text: &str) -> Option<(GrantId, Seed)> {
    let sealer = &service.sealer;
    let access = AccessToken::open(sealer, text);
    #[cfg(feature = "openid")]
    let access = access.or_else(|| AccessToken::given_back(sealer, text));
    access.map(|token| (token.grant, token.seed)).or_else(|| {
        let token = RefreshToken::open(sealer, text)?;
        Some((token.grant, token.seed.for_access()))
    })
}
