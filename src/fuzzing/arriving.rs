//! What arrives.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request};
use url::form_urlencoded;

use super::lines;
use crate::model::asked_claims::AskedClaims;
use crate::model::claim_names::{ClaimNames, is_of_the_protocol};
use crate::model::claims::ClaimsRequest;
use crate::model::record;
use crate::model::scope::Scope;
use crate::request::Malformed;
use crate::request::bearer::posted_bearer_token;
use crate::request::client_auth::{ClientAuthError, ClientCredentials, basic_header};
use crate::request::params::{NAMES, Name, OF_AUTHORIZATION, OF_LOGOUT, Params};

/// A query and a body: where both can be read, we and a decoder that repairs
/// read the same, and the query that is made of it is read as what it was.
pub fn params(data: &[u8]) {
    let Some(sources @ [query, body]) = lines(data) else { return };
    let Ok(params) = Params::decode(&sources) else { return };
    let values = |wanted: &str| -> Vec<Cow<'_, str>> {
        let pairs = [query, body].map(|source| form_urlencoded::parse(source.as_bytes()));
        pairs.into_iter().flatten().filter(|(name, _)| name == wanted).map(|pair| pair.1).collect()
    };
    for name in NAMES.into_iter().filter(|name| *name != Name::Resource) {
        let values = values(name.as_str());
        let expected = values.first().map(|value| &**value).filter(|value| !value.is_empty());
        assert_eq!(params.get(name).ok(), (values.len() < 2).then_some(expected), "{name:?}");
    }
    let resources: Vec<_> = values("resource").into_iter().filter(|uri| !uri.is_empty()).collect();
    assert!(params.resources().eq(resources.iter().map(|uri| &**uri)));
    prints_the_same(&params, &OF_AUTHORIZATION, params.to_query());
    prints_the_same(&params, &OF_LOGOUT, params.to_logout_query());
}

fn prints_the_same(params: &Params, names: &[Name], query: Result<String, Malformed>) {
    let Ok(query) = query else { return };
    let again = Params::decode(&[&query]).unwrap();
    for name in NAMES {
        let expected = if names.contains(&name) { params.get(name) } else { Ok(None) };
        assert_eq!(again.get(name), expected, "{query}");
    }
}

/// An Authorization header, as it is and in the encoding that it should have: who
/// is read from it is told as themselves, and by no other way at the same time.
pub fn basic(data: &[u8]) {
    let Some([text]) = lines(data) else { return };
    let header = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(text))).unwrap();
    if let Some(found) = told_alone(&header) {
        let (id, secret) = text.split_once(':').unwrap();
        assert_eq!(found, (decoded(id), decoded(secret)));
    }
    if let Ok(header) = HeaderValue::from_str(text) {
        told_alone(&header);
    }
}

/// Who and what secret `header` tells, if it can be read.
fn told_alone(header: &HeaderValue) -> Option<(String, String)> {
    let read = |header: &HeaderValue, named, secret| {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, header.clone())]);
        ClientCredentials::read(&headers, named, secret)
    };
    let found = read(header, None, None).ok()?;
    let id = found.client_id.as_str();
    for (named, secret) in [(None, Some("s")), (Some(id), Some("")), (Some(""), None)] {
        assert_eq!(read(header, named, secret).err(), Some(ClientAuthError::TwoMethods));
    }
    let told = |it: &ClientCredentials| {
        (it.client_id.to_string(), it.secret().unwrap().expose().to_owned())
    };
    let again = basic_header(&found.client_id, found.secret().unwrap());
    assert_eq!(told(&read(&again, Some(id), None).unwrap()), told(&found));
    Some(told(&found))
}

/// A name or a value without separators, by a decoder that repairs.
fn decoded(text: &str) -> String {
    let form = format!("={}", text.replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes()).map(|(_, value)| value).collect()
}

/// Query, Authorization header and body of a request to a resource: a token comes
/// from one place, which is not the query, and as it stands there.
pub fn bearer(data: &[u8]) {
    let Some([query, header, body]) = lines(data) else { return };
    let request = Request::post(format!("/?{query}"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(AUTHORIZATION, header);
    let Ok((parts, ())) = request.body(()).map(Request::into_parts) else { return };
    let Ok(Some(token)) = posted_bearer_token(&parts, body.as_bytes()) else { return };
    let all = |source: &str| -> Vec<String> {
        let pairs = form_urlencoded::parse(source.as_bytes());
        pairs.filter(|pair| pair.0 == "access_token").map(|pair| pair.1.into_owned()).collect()
    };
    assert!(!token.is_empty() && all(parts.uri.query().unwrap_or_default()).is_empty());
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    let told = scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim_matches(' ').to_owned());
    let posted = all(body).into_iter().filter(|token| !token.is_empty());
    assert_eq!(told.into_iter().chain(posted).collect::<Vec<_>>(), [token]);
}

/// The parameter `claims`: what is asked for of all that may be offered can be kept,
/// and without leave nothing of it is told.
pub fn claims(data: &[u8]) {
    let Some([json]) = lines(data) else { return };
    let Some(request) = ClaimsRequest::parse(json) else { return };
    assert!(request.asked(&|_| false).is_empty());
    let mut claims = request.asked(&|name| !is_of_the_protocol(name));
    let kept: AskedClaims = record::read(&record::write(&claims).unwrap()).unwrap();
    assert_eq!(kept, claims);
    claims.narrow(&kept.names());
    assert_eq!(claims, kept);
    claims.narrow(&ClaimNames::none());
    assert!(claims.is_empty());
}

/// Two scopes: they print as they are read, their sets are those of their tokens,
/// and a choice that is sealed as bits opens as the tokens that were chosen.
pub fn scope(data: &[u8]) {
    let Some([one, other]) = lines(data) else { return };
    let (Ok(one), Ok(other)) = (Scope::parse(one), Scope::parse(other)) else { return };
    assert_eq!(Scope::parse(one.as_str()).as_ref(), Ok(&one));
    let (mine, theirs) = (tokens(&one), tokens(&other));
    assert_eq!(one.iter().count(), mine.len());
    assert_eq!(one.covers(&other), theirs.is_subset(&mine));
    assert_eq!(tokens(&one.intersection(&other)), &mine & &theirs);
    assert_eq!(tokens(&one.without(&other)), &mine - &theirs);
    let both = &mine | &theirs;
    assert_eq!(one.union(&other).ok().as_ref().map(tokens), (both.len() <= 64).then_some(both));
    assert_eq!(one.chosen(one.choose(&other)), one.intersection(&other));
    assert_eq!(one.chosen(one.choose_all()), one);
}

fn tokens(scope: &Scope) -> BTreeSet<&str> {
    scope.iter().collect()
}
