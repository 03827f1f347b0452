//! The authentication request: what the scope `openid` adds (OpenID Connect Core
//! sections 3.1.2.1, 5.5 and 11).

use serde_json::Value;

use super::RequestError;
use super::params::{Name, Params, fits};
use super::sign_in::{SignIn, WantedAcr, locales, read};
use crate::model::authentication_request::AuthenticationRequest;
use crate::model::claims::{ClaimsRequest, Offers};
use crate::model::client::Client;
use crate::model::identity::{Acr, Subject};
use crate::model::scope::{OFFLINE_ACCESS, Scope};

/// Whom an `id_token_hint` names, as the client calls them, if this server issued
/// it to that client.
pub(crate) type VerifyHint<'r> = &'r dyn Fn(&str) -> Option<Subject>;

/// What an authentication request is judged by.
#[derive(Clone, Copy)]
pub(crate) struct OpenId<'r> {
    pub(crate) hinted: VerifyHint<'r>,
    pub(crate) offers: Offers<'r>,
}

/// Reads what the request asks of the tokens to come, and what it adds to
/// `sign_in`.
pub(super) fn parse(
    params: &Params,
    sign_in: &mut SignIn,
    rules: OpenId<'_>,
) -> Result<AuthenticationRequest, RequestError> {
    if params.get(Name::Registration)?.is_some() {
        return Err(RequestError::Registration);
    }
    let nonce = read(params, Name::Nonce, |nonce| fits(nonce).then(|| nonce.into()))?;
    let wanted = read(params, Name::Claims, ClaimsRequest::parse)?.unwrap_or_default();
    let claims_locales = locales(params, Name::ClaimsLocales)?;
    let invalid_claims = || RequestError::Invalid(Name::Claims.as_str());
    if let Some(hinted) = read(params, Name::IdTokenHint, rules.hinted)? {
        sign_in.narrow(vec![hinted]);
    }
    for subjects in wanted.subjects() {
        let subjects = subjects.into_iter().map(subject).collect::<Option<Vec<_>>>();
        subjects.and_then(|subjects| sign_in.narrow(subjects)).ok_or_else(invalid_claims)?;
    }
    want_acr(&wanted, &mut sign_in.acr).ok_or_else(invalid_claims)?;
    let claims = wanted.asked(rules.offers);
    Ok(AuthenticationRequest { nonce, claims, claims_locales })
}

/// `scope`, without `offline_access` where that is to be ignored (section 11):
/// it is for clients that may refresh, and only where the user is about to be
/// asked for it or the operator answers for the client.
pub(super) fn offered(scope: Scope, client: &Client, sign_in: &SignIn) -> Scope {
    let permitted = client.may_refresh() && (sign_in.prompt.consent || client.is_trusted());
    if permitted || !scope.contains(OFFLINE_ACCESS) {
        return scope;
    }
    scope.but(OFFLINE_ACCESS)
}

/// An `acr` that `claims` calls essential is what counts; one that it does not is
/// as voluntary as `acr_values`, which come first (section 5.5.1.1).
fn want_acr(claims: &ClaimsRequest, wanted: &mut WantedAcr) -> Option<()> {
    let Some(claim) = claims.acr() else { return Some(()) };
    let values = claim.values().into_iter().map(acr).collect::<Option<Vec<_>>>()?;
    if !values.is_empty() && (claim.essential || wanted.values.is_empty()) {
        *wanted = WantedAcr { values, essential: claim.essential };
    }
    Some(())
}

fn acr(value: &Value) -> Option<Acr> {
    Acr::parse(value.as_str()?).ok()
}

fn subject(value: &Value) -> Option<Subject> {
    Subject::parse(value.as_str()?).ok()
}
