//! What this server offers (RFC 8414, OpenID Connect Discovery section 3): one
//! answer at every place where clients look.

use serde::Serialize;

use super::endpoints::Endpoints;
use super::service::Service;
use crate::answer::{self, Response};
use crate::host::HostError;
use crate::model::algorithm::Algorithm;
use crate::model::identity::Acr;
use crate::model::issuer::Issuer;
use crate::model::scope::{OPENID, Scope};
use crate::provider::Provider;

/// RFC 8414 section 2.
#[derive(Serialize)]
struct Metadata<'s> {
    issuer: &'s str,
    authorization_endpoint: &'s str,
    token_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    introspection_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'s str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 2],
    grant_types_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    introspection_endpoint_auth_methods_supported: Option<&'static [&'static str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation_endpoint_auth_methods_supported: Option<&'static [&'static str]>,
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
    prompt_values_supported: [&'static str; 4],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    acr_values_supported: &'s [Acr],
    #[serde(flatten)]
    openid: Option<OfOpenId<'s>>,
    #[serde(flatten)]
    sign_out: Option<OfSignOut>,
}

/// What only an OpenID Connect provider says (OpenID Connect Discovery section 3).
#[derive(Serialize)]
struct OfOpenId<'s> {
    // What identifies users.
    #[serde(skip_serializing_if = "Option::is_none")]
    userinfo_endpoint: Option<String>,
    subject_types_supported: &'static [&'static str],
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<&'s str>,
    claims_parameter_supported: bool,
    // Keys and signatures.
    jwks_uri: String,
    id_token_signing_alg_values_supported: Vec<Algorithm>,
    userinfo_signing_alg_values_supported: Vec<Algorithm>,
    // What an authentication request may hold.
    display_values_supported: [&'static str; 4],
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
}

/// What a provider says of sign-outs (OpenID Connect RP-Initiated Logout section
/// 2.1, Back-Channel Logout section 2.1).
#[derive(Serialize)]
struct OfSignOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    end_session_endpoint: Option<String>,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

const CONFIDENTIAL: &[&str] = &["client_secret_basic", "client_secret_post"];
const ANY: &[&str] = &["client_secret_basic", "client_secret_post", "none"];

/// The server's metadata, from what is switched on.
pub(crate) fn metadata(service: &Service) -> Response {
    let Endpoints { token, introspection, revocation, end_session, .. } = &service.endpoints;
    let address = |path: &String| service.issuer.endpoint(path);
    let openid = service.provider.as_ref().map(|provider| OfOpenId::of(service, provider));
    let metadata = Metadata {
        issuer: service.issuer.as_str(),
        authorization_endpoint: &service.authorization_endpoint,
        token_endpoint: address(token),
        introspection_endpoint: introspection.as_ref().map(address),
        revocation_endpoint: revocation.as_ref().map(address),
        scopes_supported: scopes(service),
        response_types_supported: ["code"],
        response_modes_supported: ["query", "form_post"],
        prompt_values_supported: ["none", "login", "consent", "select_account"],
        acr_values_supported: &service.acr_values,
        sign_out: service.provider.as_ref().map(|provider| OfSignOut {
            end_session_endpoint: end_session.as_ref().map(address),
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: provider.has_session_names(),
        }),
        grant_types_supported: ["authorization_code", "refresh_token"],
        token_endpoint_auth_methods_supported: ANY,
        introspection_endpoint_auth_methods_supported: introspection.as_ref().map(|_| CONFIDENTIAL),
        revocation_endpoint_auth_methods_supported: revocation.as_ref().map(|_| ANY),
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        openid,
    };
    match serde_json::to_string(&metadata) {
        Ok(json) => answer::document(json),
        Err(error) => answer::error(HostError::from(error).into()),
    }
}

/// The scopes that the host names, and the one that a provider always has.
fn scopes(service: &Service) -> Vec<&str> {
    let openid = service.provider.as_ref().map(|_| OPENID);
    let others = service.scopes.iter().flat_map(Scope::iter).filter(|scope| Some(*scope) != openid);
    openid.into_iter().chain(others).collect()
}

impl<'s> OfOpenId<'s> {
    fn of(service: &Service, provider: &'s Provider) -> Self {
        let address = |path: &String| service.issuer.endpoint(path);
        Self {
            userinfo_endpoint: service.endpoints.userinfo.as_ref().map(address),
            subject_types_supported: match provider.has_pairwise_names() {
                true => &["public", "pairwise"],
                false => &["public"],
            },
            claim_types_supported: ["normal"],
            claims_supported: provider.claims_supported(),
            claims_parameter_supported: true,
            jwks_uri: address(&service.endpoints.jwks),
            id_token_signing_alg_values_supported: provider.algorithms(),
            userinfo_signing_alg_values_supported: provider.algorithms(),
            display_values_supported: ["page", "popup", "touch", "wap"],
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
        }
    }
}

/// The paths, from the host's root, where clients look for the metadata: the
/// place of RFC 8414 section 3.1 and, with the suffix of OpenID Connect, that
/// place and the one of its own specification (RFC 8414 section 5).
pub(crate) fn metadata_paths(issuer: &Issuer) -> [String; 3] {
    let path = issuer.path();
    [
        issuer.metadata_path(),
        format!("/.well-known/openid-configuration{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ]
}
