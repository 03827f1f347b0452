//! The token endpoint (RFC 6749 sections 3.2, 4.1.3 and 5).

use std::sync::Arc;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Method};

use super::service::Service;
use crate::answer::{self, Response};
use crate::cause::{Cause, CredentialError, ErrorCode};
use crate::grant::{Attempt, Grant, NewTokens, Outcome, Redemption, Seed};
use crate::model::client::AuthenticatedClient;
use crate::model::scope::Scope;
use crate::request::RequestError;
use crate::request::client_auth::ClientCredentials;
use crate::request::form::form_body;
use crate::request::params::{Name, Params};
use crate::request::token::{TokenRequest, check_grant_type};
use crate::token::access::AccessToken;
use crate::token::code::Code;

/// How often a write may lose against others before the client is asked to
/// come back.
const MOST_ROUNDS: usize = 8;

/// The successful answer (RFC 6749 section 5.1).
struct TokenResponse {
    access_token: String,
    expires_in: u64,
    scope: Scope,
}

/// A client asks for tokens.
pub(crate) async fn token(service: &Service, parts: &Parts, body: &[u8]) -> Response {
    match exchange(service, parts, body).await {
        Ok(tokens) => answer::json(tokens.to_json()),
        Err(cause) => refuse(cause, parts.headers.contains_key(AUTHORIZATION)),
    }
}

async fn exchange(service: &Service, parts: &Parts, body: &[u8]) -> Result<TokenResponse, Cause> {
    let params = read(parts, body)?;
    check_grant_type(&params)?;
    let client = authenticate(service, parts, &params).await?;
    let request = TokenRequest::parse(&params)?;
    redeem(service, &client, request).await
}

/// The parameters, which a token request has in its body only.
fn read(parts: &Parts, body: &[u8]) -> Result<Params, Cause> {
    if parts.method != Method::POST {
        return Err(Cause::Method);
    }
    if !Params::decode(&[parts.uri.query().unwrap_or_default()])?.is_empty() {
        return Err(RequestError::InQuery.into());
    }
    Ok(Params::decode(&[form_body(&parts.headers, body)?])?)
}

/// Who the client is, proven. An unknown one takes as long as a wrong secret.
async fn authenticate(
    service: &Service,
    parts: &Parts,
    params: &Params,
) -> Result<AuthenticatedClient, Cause> {
    let (named, secret) = (params.get(Name::ClientId)?, params.get(Name::ClientSecret)?);
    let credentials = ClientCredentials::read(&parts.headers, named, secret)?;
    let client = service.clients.client(&credentials.client_id).await?;
    let hash = client.as_deref().and_then(|client| client.authentication().secret_hash());
    let secret_matches = match credentials.secret() {
        Some(presented) => service.secrets.verify(presented, hash).await?,
        None => false,
    };
    Ok(credentials.prove(client, secret_matches)?)
}

/// Turns a code into tokens, once. Everything is made before the write, which
/// is the last await: what fails before it consumed nothing.
async fn redeem(
    service: &Service,
    client: &AuthenticatedClient,
    request: TokenRequest<'_>,
) -> Result<TokenResponse, Cause> {
    let code =
        Code::open(&service.sealer, request.code).ok_or(Cause::Code(CredentialError::Forged))?;
    let claim = Redemption {
        client,
        seed: code.seed,
        redirect_uri: request.redirect_uri,
        code_verifier: request.code_verifier,
    };
    let now = service.now();
    let seed = Seed::from_bytes(service.draw()?);
    let tokens = NewTokens {
        attempt: Attempt::from_bytes(service.draw()?),
        seed: seed.hash(),
        expires_at: now.plus(service.policy.access_token_lifetime),
    };
    for _ in 0..MOST_ROUNDS {
        let grant = service.codes.grant(&code.grant).await?;
        let grant = grant.ok_or(Cause::Code(CredentialError::Unknown))?;
        let outcome = grant.redeem(&claim, &tokens, now);
        match outcome.map_err(|refusal| Cause::Code(refusal.into()))? {
            Outcome::Redeemed(next) => {
                let answer = answer_with(service, &next, seed, &tokens);
                if service.commit(&Arc::new(next)).await? {
                    return Ok(answer);
                }
            }
            Outcome::Replayed(ended) => {
                if service.commit(&Arc::new(ended)).await? {
                    return Err(Cause::Code(CredentialError::Replayed));
                }
            }
        }
    }
    Err(Cause::Contention)
}

fn answer_with(service: &Service, grant: &Grant, seed: Seed, tokens: &NewTokens) -> TokenResponse {
    let token = AccessToken {
        grant: *grant.id(),
        seed,
        expires_at: tokens.expires_at,
        scope: grant.scope().choose_all(),
    };
    TokenResponse {
        access_token: token.seal(&service.sealer),
        expires_in: service.policy.access_token_lifetime.as_secs(),
        scope: grant.scope().clone(),
    }
}

impl TokenResponse {
    /// As JSON. Nothing in it needs escaping: tokens are base64url, and a scope
    /// has neither quotes nor backslashes.
    fn to_json(&self) -> String {
        let mut json = String::with_capacity(256);
        json.extend([r#"{"access_token":""#, &self.access_token, r#"","token_type":"Bearer""#]);
        json.extend([r#","expires_in":"#, &self.expires_in.to_string()]);
        if !self.scope.is_empty() {
            json.extend([r#","scope":""#, self.scope.as_str(), "\""]);
        }
        json.push('}');
        json
    }
}

/// The error, with a challenge for a client that tried the header.
fn refuse(cause: Cause, tried_header: bool) -> Response {
    let challenge = tried_header && cause.code() == ErrorCode::InvalidClient;
    let mut response = answer::allowing(answer::error(cause), "POST");
    if challenge {
        let challenge = HeaderValue::from_static("Basic realm=\"token endpoint\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}
