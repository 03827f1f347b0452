//! The token endpoint (RFC 6749 sections 3.2 and 5).

use http::request::Parts;

use super::client;
use super::redeem::redeem;
use super::refresh::refresh;
use super::service::Service;
use super::token_response::TokenResponse;
use crate::answer::{self, Response};
use crate::cause::Cause;
use crate::request::token::{CodeRequest, GrantType, RefreshRequest};

/// A client asks for tokens.
pub(crate) async fn token(service: &Service, parts: &Parts, body: &[u8]) -> Response {
    match exchange(service, parts, body).await {
        Ok(tokens) => answer::json(tokens.to_json()),
        Err(cause) => client::refuse(cause, parts),
    }
}

async fn exchange(service: &Service, parts: &Parts, body: &[u8]) -> Result<TokenResponse, Cause> {
    let params = client::read(parts, body)?;
    let grant_type = GrantType::of(&params)?;
    let client = client::authenticate(service, parts, &params).await?;
    match grant_type {
        GrantType::AuthorizationCode => {
            redeem(service, &client, CodeRequest::parse(&params)?).await
        }
        GrantType::RefreshToken => refresh(service, &client, RefreshRequest::parse(&params)?).await,
    }
}
