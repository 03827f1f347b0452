//! A code becomes tokens, once (RFC 6749 section 4.1.3, OpenID Connect Core
//! section 3.1.3.2).

use super::refresh::terms;
use super::service::Service;
use super::token_response::{Issue, TokenResponse};
use crate::cause::{Cause, CredentialError};
use crate::grant::{Attempt, NewTokens, Outcome, Redemption, Seed};
use crate::grants::MOST_ROUNDS;
use crate::model::client::AuthenticatedClient;
use crate::observer::Event;
use crate::request::token::CodeRequest;
use crate::token::code::Code;

/// Everything is made before the write, which is the last await: what fails
/// before it consumed nothing.
pub(super) async fn redeem(
    service: &Service,
    client: &AuthenticatedClient,
    request: CodeRequest<'_>,
) -> Result<TokenResponse, Cause> {
    let code =
        Code::open(&service.sealer, request.code).ok_or(Cause::Code(CredentialError::Forged))?;
    let claim = Redemption {
        client,
        seed: code.seed,
        redirect_uri: request.redirect_uri,
        redirect_uri_required: service.policy.require_redirect_uri,
        code_verifier: request.code_verifier,
        wanted: request.wanted,
        default_resources: &service.policy.default_resources,
    };
    let now = service.now();
    let seed = Seed::from_bytes(service.draw()?);
    let attempt = Attempt::from_bytes(service.draw()?);
    let refresh = client.may_refresh().then(|| terms(&service.policy, client));
    let access_seed = seed.of_access_tokens(refresh.is_some());
    let tokens = NewTokens {
        attempt,
        seed: access_seed.hash(),
        access_lifetime: service.policy.access_token_lifetime,
        refresh,
    };
    let issue = Issue { service, client, seed, access_seed, attempt, now, is_first: true };
    for _ in 0..MOST_ROUNDS {
        let grant = service.grants.find(&code.grant).await?;
        let grant = grant.ok_or(Cause::Code(CredentialError::Unknown))?;
        let outcome = grant.redeem(&claim, &tokens, now);
        match outcome.map_err(|refusal| Cause::Code(refusal.into()))? {
            Outcome::Redeemed(next, selection) => {
                let user = if issue.takes_a_user(&next, selection) {
                    let user = service.living_user(&grant).await?;
                    Some(user.ok_or(Cause::Code(CredentialError::UserGone))?)
                } else {
                    None
                };
                let answer = issue.tokens(&next, selection, user.as_deref()).await?;
                if service.grants.commit(&next, Event::CodeRedeemed).await? {
                    return Ok(answer);
                }
            }
            Outcome::Replayed(ended) => {
                if service.grants.commit(&ended, Event::CodeReplayed).await? {
                    return Err(Cause::Code(CredentialError::Replayed));
                }
            }
        }
    }
    Err(Cause::Contention)
}
