//! An access token as it leaves, in the format that the policy says.

use super::service::Service;
use crate::cause::Cause;
#[cfg(feature = "openid")]
use crate::cause::CredentialError;
use crate::grant::Grant;
#[cfg(feature = "openid")]
use crate::host::HostError;
use crate::model::algorithm::Algorithm;
use crate::policy::AccessTokenFormat;
use crate::provider::Provider;
use crate::token::access::AccessToken;
#[cfg(feature = "openid")]
use crate::token::jwt_access::TYP;

/// `token` of `grant`, to be handed to its client.
pub(super) async fn issue(
    service: &Service,
    grant: &Grant,
    token: &AccessToken,
) -> Result<String, Cause> {
    match (service.policy.access_token_format, &service.provider) {
        (AccessTokenFormat::Jwt(algorithm), Some(provider)) => {
            // Apart, so that to issue an opaque one takes no more room for it.
            Box::pin(sign(service, provider, algorithm, grant, token)).await
        }
        _ => Ok(token.seal(&service.sealer)),
    }
}

/// Nobody who validates it offline can ask whether its user is still there, so
/// this is the last chance to.
#[cfg(feature = "openid")]
async fn sign(
    service: &Service,
    provider: &Provider,
    algorithm: Algorithm,
    grant: &Grant,
    token: &AccessToken,
) -> Result<String, Cause> {
    let user = service.directory.user(grant.subject()).await?;
    let user = user.ok_or(Cause::Code(CredentialError::UserGone))?;
    let told = service.policy.jwt_tells_permissions.then_some(&*user);
    let claims = token.claims(&service.sealer, &service.issuer, grant, told);
    let claims = claims.map_err(HostError::from)?;
    Ok(provider.keys.sign(algorithm, TYP, &claims).await?)
}

#[cfg(not(feature = "openid"))]
async fn sign(
    _: &Service,
    provider: &Provider,
    _: Algorithm,
    _: &Grant,
    _: &AccessToken,
) -> Result<String, Cause> {
    match *provider {}
}

/// Whether there is somebody who signs by `algorithm`.
#[cfg(feature = "openid")]
pub(crate) fn can_be_signed(service: &Service, algorithm: Algorithm) -> bool {
    let provider = service.provider.as_ref();
    provider.is_some_and(|provider| provider.keys.algorithms().contains(&algorithm))
}

#[cfg(not(feature = "openid"))]
pub(crate) const fn can_be_signed(_: &Service, _: Algorithm) -> bool {
    false
}
