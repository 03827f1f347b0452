//! An access token as it leaves, in the format that the policy says.

use super::service::Service;
use crate::cause::Cause;
#[cfg(feature = "openid")]
use crate::cause::CredentialError;
use crate::grant::Grant;
#[cfg(feature = "openid")]
use crate::host::HostError;
#[cfg(feature = "openid")]
use crate::model::algorithm::Algorithm;
#[cfg(feature = "openid")]
use crate::policy::AccessTokenFormat;
#[cfg(feature = "openid")]
use crate::provider::Provider;
use crate::token::access::AccessToken;
#[cfg(feature = "openid")]
use crate::token::jwt_access::TYP;

/// `token` of `grant`, to be handed to its client.
#[cfg_attr(not(feature = "openid"), expect(unused_variables, reason = "nobody signs"))]
pub(super) async fn issue(
    service: &Service,
    grant: &Grant,
    token: &AccessToken,
) -> Result<String, Cause> {
    #[cfg(feature = "openid")]
    if let AccessTokenFormat::Jwt(algorithm) = service.policy.access_token_format
        && let Some(provider) = &service.provider
    {
        // Apart, so that to issue an opaque one takes no more room for it.
        return Box::pin(sign(service, provider, algorithm, grant, token)).await;
    }
    Ok(token.seal(&service.sealer))
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
