//! The access token request (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

use super::RequestError;
use super::params::{Name, Params};
use crate::model::pkce::CodeVerifier;

/// What a client presents to redeem a code.
pub(crate) struct TokenRequest<'r> {
    pub(crate) code: &'r str,
    pub(crate) redirect_uri: Option<&'r str>,
    pub(crate) code_verifier: Option<CodeVerifier<'r>>,
}

/// Refuses every grant type but `authorization_code`.
pub(crate) fn check_grant_type(params: &Params) -> Result<(), RequestError> {
    match params.require(Name::GrantType)? {
        "authorization_code" => Ok(()),
        _ => Err(RequestError::GrantType),
    }
}

impl<'r> TokenRequest<'r> {
    pub(crate) fn parse(params: &'r Params) -> Result<Self, RequestError> {
        let verifier = params.get(Name::CodeVerifier)?;
        Ok(Self {
            code: params.require(Name::Code)?,
            redirect_uri: params.get(Name::RedirectUri)?,
            code_verifier: verifier
                .map(|verifier| CodeVerifier::parse(verifier).ok_or(RequestError::Verifier))
                .transpose()?,
        })
    }
}
