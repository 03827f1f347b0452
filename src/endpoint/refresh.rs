//! A refresh token becomes the next access token (RFC 6749 section 6), and the
//! next ID token (OpenID Connect Core section 12.2).

use super::service::Service;
use super::token_response::{Issue, TokenResponse};
use crate::cause::{Cause, CredentialError};
use crate::grant::{Attempt, RefreshClaim, RefreshTerms, Renewal};
use crate::grants::MOST_ROUNDS;
use crate::model::client::{AuthenticatedClient, Client};
use crate::observer::Event;
use crate::policy::{Policy, Rotation};
use crate::request::token::RefreshRequest;
use crate::token::refresh::RefreshToken;

/// Everything is made before the write, which is the last await: what fails
/// before it consumed nothing.
pub(super) async fn refresh(
    service: &Service,
    client: &AuthenticatedClient,
    request: RefreshRequest<'_>,
) -> Result<TokenResponse, Cause> {
    if !client.may_refresh() {
        return Err(Cause::GrantTypeNotRegistered);
    }
    let token = RefreshToken::open(&service.sealer, request.refresh_token)
        .ok_or(Cause::Refresh(CredentialError::Forged))?;
    let claim = RefreshClaim {
        client,
        seed: token.seed,
        generation: token.generation,
        wanted: request.wanted,
        default_resources: &service.policy.default_resources,
    };
    let terms = terms(&service.policy, client);
    let now = service.now();
    let attempt = Attempt::from_bytes(service.draw()?);
    let (seed, access_seed) = (token.seed, token.seed.for_access());
    let issue = Issue { service, client, seed, access_seed, attempt, now, is_first: false };
    for _ in 0..MOST_ROUNDS {
        let grant = service.grants.find(&token.grant).await?;
        let grant = grant.ok_or(Cause::Refresh(CredentialError::Unknown))?;
        let renewal = grant.refresh(&claim, &terms, attempt, now);
        let renewal = renewal.map_err(|refusal| Cause::Refresh(refusal.into()))?;
        let user = service.living_user(&grant).await?;
        let user = user.ok_or(Cause::Refresh(CredentialError::UserGone))?;
        match renewal {
            Renewal::Unchanged(selection) => {
                let answer = issue.tokens(&grant, selection, Some(&user)).await?;
                service.audit.tell(Event::Refreshed(&grant));
                return Ok(answer);
            }
            Renewal::Renewed(next, selection) => {
                let answer = issue.tokens(&next, selection, Some(&user)).await?;
                if service.grants.commit(&next, Event::Refreshed).await? {
                    return Ok(answer);
                }
            }
            Renewal::Replayed(ended) => {
                if service.grants.commit(&ended, Event::RefreshTokenReplayed).await? {
                    return Err(Cause::Refresh(CredentialError::Replayed));
                }
            }
        }
    }
    Err(Cause::Contention)
}

/// How long the refresh tokens of `client` live, and whether they rotate.
pub(super) fn terms(policy: &Policy, client: &Client) -> RefreshTerms {
    RefreshTerms {
        idle: policy.refresh_idle_lifetime,
        absolute: policy.refresh_absolute_lifetime,
        grace: policy.refresh_grace,
        rotates: match policy.refresh_rotation {
            Rotation::Always => true,
            Rotation::Public => client.is_public(),
            Rotation::Never => false,
        },
    }
}
