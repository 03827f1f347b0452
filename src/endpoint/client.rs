//! Who a client is, at every endpoint that clients call themselves (RFC 6749
//! section 2.3).

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Method};

use super::service::Service;
use crate::answer::{self, Response};
use crate::cause::{Cause, ErrorCode};
use crate::model::client::AuthenticatedClient;
use crate::observer::Event;
use crate::request::RequestError;
use crate::request::client_auth::ClientCredentials;
use crate::request::form::form_body;
use crate::request::params::{Name, Params};

/// The parameters, which such a request has in its body only.
pub(super) fn read(parts: &Parts, body: &[u8]) -> Result<Params, Cause> {
    if parts.method != Method::POST {
        return Err(Cause::Method);
    }
    if let Some(query) = parts.uri.query()
        && !Params::decode(&[query])?.is_empty()
    {
        return Err(RequestError::InQuery.into());
    }
    Ok(Params::decode(&[form_body(&parts.headers, body)?])?)
}

/// Who the client is, proven. An unknown one takes as long as a wrong secret.
pub(super) async fn authenticate(
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
    credentials.prove(client, secret_matches).map_err(|error| {
        let client = &credentials.client_id;
        service.audit.tell(Event::ClientAuthenticationFailed { client, error: &error });
        error.into()
    })
}

/// The error, with a challenge for a client that tried the header.
pub(super) fn refuse(cause: Cause, parts: &Parts) -> Response {
    let tried_header = parts.headers.contains_key(AUTHORIZATION);
    let challenge = tried_header && cause.code() == ErrorCode::InvalidClient;
    let mut response = answer::allowing(answer::error(cause), "POST");
    if challenge {
        let challenge = HeaderValue::from_static("Basic realm=\"clients\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}
