//! Answers, judged to the letter.

use codegrant::{Cause, Refused, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION, SET_COOKIE,
    WWW_AUTHENTICATE,
};
use serde_json::Value;
use url::form_urlencoded;

use super::apps::{App, STATE};
use super::world::ISSUER;

/// Where a redirect leads, taken apart.
#[derive(Debug)]
pub(crate) struct Location {
    pub(crate) url: String,
    pub(crate) params: Vec<(String, String)>,
}

impl Location {
    /// Everything before the parameters that the server added.
    pub(crate) fn leads_to(&self, redirect_uri: &str) -> bool {
        let separator = if redirect_uri.contains('?') { '&' } else { '?' };
        self.url.strip_prefix(redirect_uri).is_some_and(|rest| rest.starts_with(separator))
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.params.iter().filter(|(mine, _)| mine == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of `name`, which must be there once.
    pub(crate) fn one(&self, name: &str) -> String {
        match *self.all(name) {
            [only] => only.to_owned(),
            ref values => panic!("{name} is there {} times in {}", values.len(), self.url),
        }
    }
}

/// Where `response` sends the browser: by 303, whatever the request was (RFC
/// 9700 section 4.12), and kept by nobody.
pub(crate) fn location(response: &Response) -> Location {
    assert_eq!(response.status(), 303, "{response:?}");
    assert_eq!(only(response, &CACHE_CONTROL), Some("no-store"));
    assert!(!response.headers().contains_key(SET_COOKIE));
    assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
    let url = only(response, &LOCATION).unwrap().to_owned();
    assert!(!url.contains('#'), "{url}");
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let params = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Location { url, params }
}

/// The one value of a header, if it is there.
pub(crate) fn only<'r>(response: &'r Response, name: &HeaderName) -> Option<&'r str> {
    let mut values = response.headers().get_all(name).iter();
    let value = values.next().map(|value| value.to_str().unwrap());
    assert!(values.next().is_none(), "{name} is repeated");
    value
}

/// `app` gets a code, its own `state` and our `iss` (RFC 9207), and nothing else.
pub(crate) fn assert_code(response: &Response, app: &App) -> String {
    let location = location(response);
    assert!(location.leads_to(app.redirect_uri), "{}", location.url);
    assert_eq!(location.one("state"), STATE);
    assert_eq!(location.one("iss"), ISSUER);
    assert!(location.all("error").is_empty(), "{}", location.url);
    location.one("code")
}

/// `app` gets this error with its own `state` and our `iss` (RFC 6749 section
/// 4.1.2.1), and no code.
pub(crate) fn assert_error_redirect(response: &Response, app: &App, error: &str) {
    let location = assert_stateless_error_redirect(response, app, error);
    assert_eq!(location.one("state"), STATE);
}

/// The same, for a request whose `state` must not be echoed; the caller looks.
pub(crate) fn assert_stateless_error_redirect(
    response: &Response,
    app: &App,
    error: &str,
) -> Location {
    let location = location(response);
    assert!(location.leads_to(app.redirect_uri), "{}", location.url);
    assert_eq!(location.one("error"), error, "{}", location.url);
    assert_description(&location.one("error_description"));
    assert_eq!(location.one("iss"), ISSUER);
    assert!(location.all("code").is_empty(), "{}", location.url);
    let cause = response.extensions().get::<Cause>().unwrap();
    assert_eq!(cause.code().as_str(), error);
    location
}

/// An error page: leads nowhere, and says what was wrong.
pub(crate) fn assert_page(refused: &Refused, status: u16, error: &str) {
    assert_eq!(refused.status(), status, "{refused:?}");
    assert_eq!(refused.code().as_str(), error, "{refused:?}");
    assert_description(&refused.description());
    let page = refused.response();
    assert_eq!(page.status(), status);
    assert_eq!(only(&page, &CACHE_CONTROL), Some("no-store"));
    assert!(only(&page, &CONTENT_TYPE).unwrap().starts_with("text/"));
    assert!(!page.headers().contains_key(LOCATION));
    assert!(!page.headers().contains_key(WWW_AUTHENTICATE));
    assert!(page.body().contains(error) && page.body().contains(&*refused.description()));
    assert!(page.extensions().get::<Cause>().is_some());
}

/// A JSON answer that nobody may keep (RFC 6749 section 5.1).
pub(crate) fn json(response: &Response) -> Value {
    assert_eq!(only(response, &CONTENT_TYPE), Some("application/json"));
    assert_eq!(only(response, &CACHE_CONTROL), Some("no-store"));
    assert!(!response.headers().contains_key(LOCATION));
    assert!(!response.headers().contains_key(SET_COOKIE));
    assert!(!response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    serde_json::from_str(response.body()).unwrap()
}

/// A JSON error of RFC 6749 section 5.2: these two members, both strings.
pub(crate) fn assert_error(response: &Response, status: u16, error: &str) {
    assert_eq!(response.status(), status, "{response:?}");
    let body = json(response);
    let members = body.as_object().unwrap();
    assert_eq!(members.len(), 2, "{body}");
    assert_eq!(members["error"], error, "{body}");
    assert_description(members["error_description"].as_str().unwrap());
    let cause = response.extensions().get::<Cause>().unwrap();
    assert_eq!(cause.code().as_str(), error);
}

/// Tokens of RFC 6749 section 5.1, by the names and types it gives them.
pub(crate) fn assert_tokens(response: &Response, scope: &str) -> String {
    assert_eq!(response.status(), 200, "{response:?}");
    assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
    let body = json(response);
    let members = body.as_object().unwrap();
    assert_eq!(members.len(), 4, "{:?}", members.keys());
    assert_eq!(members["token_type"], "Bearer");
    assert_eq!(members["expires_in"], Value::from(600_u64));
    assert_eq!(members["scope"], scope);
    members["access_token"].as_str().unwrap().to_owned()
}

/// The challenge of an answer, if it has one.
pub(crate) fn challenge(response: &Response) -> Option<&str> {
    only(response, &WWW_AUTHENTICATE)
}

/// The characters that RFC 6749 section 5.2 allows.
fn assert_description(text: &str) {
    let allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(!text.is_empty() && text.bytes().all(allowed), "{text:?}");
}
