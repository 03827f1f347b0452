//! An access token as it leaves, in the format that the policy says.

use super::service::Service;
use crate::cause::Cause;
use crate::grant::Grant;
#[cfg(feature = "openid")]
use crate::host::HostError;
use crate::model::user::User;
#[cfg(feature = "openid")]
use crate::policy::AccessTokenFormat;
use crate::token::access::AccessToken;
#[cfg(feature = "openid")]
use crate::token::jwt_access::TYP;

/// `token` of `grant`, to be handed to its client. A JWT may tell of the `user`.
#[cfg_attr(not(feature = "openid"), expect(unused_variables, reason = "nobody signs"))]
pub(super) async fn issue(
    service: &Service,
    grant: &Grant,
    token: &AccessToken,
    user: Option<&User>,
) -> Result<String, Cause> {
    #[cfg(feature = "openid")]
    if let AccessTokenFormat::Jwt(algorithm) = service.policy.access_token_format
        && let Some(provider) = &service.provider
    {
        let told = user.filter(|_| service.policy.jwt_tells_permissions);
        let claims = token.claims(&service.sealer, &service.issuer, grant, told);
        let claims = claims.map_err(HostError::from)?;
        // Apart, so that to issue an opaque one takes no more room for it.
        return Ok(Box::pin(provider.keys.sign(algorithm, TYP, &claims)).await?);
    }
    Ok(token.seal(&service.sealer))
}
