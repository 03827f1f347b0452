//! Bearer tokens in requests to a resource (RFC 6750 section 2).

#[cfg(feature = "openid")]
use std::borrow::Cow;

use http::header::AUTHORIZATION;
use http::request::Parts;
use url::form_urlencoded;

#[cfg(feature = "openid")]
use super::form;
use super::form::Malformed;

/// A bearer token that was not sent as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BearerError {
    /// More than one Authorization header.
    #[error("the request has more than one Authorization header")]
    Repeated,
    /// `Bearer` without a token, or with more than one word.
    #[error("the Authorization header cannot be read")]
    Garbled,
    /// The token is in the query, where logs and browser histories keep it.
    #[error("an access token must not be sent in the query")]
    InQuery,
    /// More than one token in the body.
    #[error("access_token is repeated")]
    RepeatedInBody,
    /// One token in the header, and one in the body.
    #[error("an access token must be sent either in the header or in the body")]
    TwoPlaces,
    /// The body is a form that cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// The token in the Authorization header; `None` if there is no token at all.
pub(crate) fn bearer_token(parts: &Parts) -> Result<Option<&str>, BearerError> {
    let query = parts.uri.query().unwrap_or_default();
    if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(BearerError::InQuery);
    }
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return if parts.headers.contains_key(AUTHORIZATION) {
            Err(BearerError::Repeated)
        } else {
            Ok(None)
        };
    };
    let header = header.to_str().map_err(|_| BearerError::Garbled)?;
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Ok(None);
    }
    match token.trim_matches(' ') {
        "" => Err(BearerError::Garbled),
        token if token.contains(' ') => Err(BearerError::Garbled),
        token => Ok(Some(token)),
    }
}

/// The token in the Authorization header or in the form that was posted (RFC 6750
/// section 2.2). A body that is no form is nothing that could have one.
#[cfg(feature = "openid")]
pub(crate) fn posted_bearer_token<'r>(
    parts: &'r Parts,
    body: &[u8],
) -> Result<Option<Cow<'r, str>>, BearerError> {
    let in_header = bearer_token(parts)?;
    let in_body = match form::form_body(&parts.headers, body) {
        Ok(form) => token_in(form)?,
        Err(Malformed::ContentType) => None,
        Err(malformed) => return Err(malformed.into()),
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(BearerError::TwoPlaces),
        (Some(token), None) => Ok(Some(token.into())),
        (None, token) => Ok(token.map(Cow::Owned)),
    }
}

/// The one `access_token` of a form; an empty one counts as omitted.
#[cfg(feature = "openid")]
fn token_in(form: &str) -> Result<Option<String>, BearerError> {
    let (mut found, mut rest) = (None, form);
    while !rest.is_empty() {
        let (name, end, behind) = form::read_name(rest)?;
        let mut value = String::new();
        rest = if end == Some(b'=') { form::read_value(&mut value, behind)? } else { behind };
        if name == "access_token" && found.replace(value).is_some() {
            return Err(BearerError::RepeatedInBody);
        }
    }
    Ok(found.filter(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn found(uri: &str, headers: &[&str]) -> Result<Option<String>, BearerError> {
        let mut request = Request::get(uri);
        for header in headers {
            request = request.header(AUTHORIZATION, *header);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        bearer_token(&parts).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn the_header_is_the_only_place_for_a_token() {
        assert_eq!(found("/", &["Bearer abc.-_~+/="]), Ok(Some("abc.-_~+/=".into())));
        assert_eq!(found("/", &["bearer  abc "]), Ok(Some("abc".into())));
        assert_eq!(found("/?x=access_token", &[]), Ok(None));
        assert_eq!(found("/?access_token=abc", &[]), Err(BearerError::InQuery));
        assert_eq!(found("/?x&access_token", &["Bearer abc"]), Err(BearerError::InQuery));
    }

    #[test]
    fn other_schemes_are_no_token_and_garbled_ones_an_error() {
        assert_eq!(found("/", &["Basic YTpi"]), Ok(None));
        for garbled in ["Bearer", "Bearer ", "Bearer a b", "Bearer a ,b"] {
            assert_eq!(found("/", &[garbled]), Err(BearerError::Garbled), "{garbled}");
        }
        assert_eq!(found("/", &["Bearer a", "Bearer a"]), Err(BearerError::Repeated));
    }
}
