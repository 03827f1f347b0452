//! The access token requests (RFC 6749 sections 4.1.3 and 6, RFC 7636 section
//! 4.5, RFC 8707 section 2.2).

use super::RequestError;
use super::params::{Name, Params};
use crate::grant::Wanted;
use crate::model::pkce::CodeVerifier;
use crate::model::resource::{Resource, Resources};
use crate::model::scope::Scope;

/// What kind of grant a client presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantType {
    AuthorizationCode,
    RefreshToken,
}

/// What a client presents to redeem a code.
pub(crate) struct CodeRequest<'r> {
    pub(crate) code: &'r str,
    pub(crate) redirect_uri: Option<&'r str>,
    pub(crate) code_verifier: Option<CodeVerifier<'r>>,
    pub(crate) wanted: Wanted,
}

/// What a client presents to get the next access token.
pub(crate) struct RefreshRequest<'r> {
    pub(crate) refresh_token: &'r str,
    pub(crate) wanted: Wanted,
}

impl GrantType {
    pub(crate) fn of(params: &Params) -> Result<Self, RequestError> {
        match params.require(Name::GrantType)? {
            "authorization_code" => Ok(Self::AuthorizationCode),
            "refresh_token" => Ok(Self::RefreshToken),
            _ => Err(RequestError::GrantType),
        }
    }
}

impl<'r> CodeRequest<'r> {
    pub(crate) fn parse(params: &'r Params) -> Result<Self, RequestError> {
        let verifier = params.get(Name::CodeVerifier)?;
        Ok(Self {
            code: params.require(Name::Code)?,
            redirect_uri: params.get(Name::RedirectUri)?,
            code_verifier: verifier
                .map(|verifier| CodeVerifier::parse(verifier).ok_or(RequestError::Verifier))
                .transpose()?,
            wanted: Wanted { scope: None, resources: resources(params)? },
        })
    }
}

impl<'r> RefreshRequest<'r> {
    pub(crate) fn parse(params: &'r Params) -> Result<Self, RequestError> {
        let scope = params.get(Name::Scope)?;
        let scope = scope.map(Scope::parse).transpose().map_err(|_| RequestError::Scope)?;
        let wanted = Wanted {
            scope: scope.filter(|scope| !scope.is_empty()),
            resources: resources(params)?,
        };
        Ok(Self { refresh_token: params.require(Name::RefreshToken)?, wanted })
    }
}

/// The resources that a request names, in either place where it may.
pub(super) fn resources(params: &Params) -> Result<Resources, RequestError> {
    if params.resources().next().is_none() {
        return Ok(Resources::none());
    }
    let named: Result<Vec<_>, _> = params.resources().map(Resource::parse).collect();
    Resources::new(named.map_err(|_| RequestError::Target)?).map_err(|_| RequestError::Target)
}
