//! Answers: JSON, redirects and the plainest page, each with the headers that
//! its RFC asks for.

use std::sync::LazyLock;
use std::time::Duration;

use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA,
    REFERRER_POLICY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use url::form_urlencoded::byte_serialize;

use crate::cause::Cause;

/// What every JSON answer says of itself: nobody may keep it (RFC 6749 section 5.1).
static OF_JSON: LazyLock<HeaderMap> = LazyLock::new(|| {
    headers([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")])
});

/// What every redirect says of itself: nobody may keep it or pass its URL on
/// (RFC 9700 section 4.2.4).
static OF_REDIRECT: LazyLock<HeaderMap> = LazyLock::new(|| {
    headers([(LOCATION, ""), (CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")])
});

fn headers<const N: usize>(fields: [(HeaderName, &'static str); N]) -> HeaderMap {
    fields.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}

/// What every endpoint returns; any framework on `http` 1 takes it as it is.
pub type Response = http::Response<String>;

/// A URL that is about to get parameters.
pub(crate) struct Target {
    url: String,
    /// What goes between it and the next parameter.
    separator: &'static str,
}

/// 200 with this JSON.
pub(crate) fn json(body: String) -> Response {
    let mut response = Response::new(body);
    *response.headers_mut() = OF_JSON.clone();
    response
}

/// 200 with this signed token (RFC 7519 section 10.3.1).
#[cfg(feature = "openid")]
pub(crate) fn jwt(token: String) -> Response {
    let mut response = json(token);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/jwt"));
    response
}

/// 200 without a word.
pub(crate) fn done() -> Response {
    let mut response = Response::new(String::new());
    *response.headers_mut() = headers([(CACHE_CONTROL, "no-store")]);
    response
}

/// 404, for what this server does not offer.
pub(crate) fn not_offered() -> Response {
    page(StatusCode::NOT_FOUND, "this server does not offer this".to_owned())
}

/// 200 with JSON that everybody may know, and keep for an hour.
pub(crate) fn document(body: String) -> Response {
    document_for(body, Duration::from_secs(3600))
}

/// 200 with JSON that everybody may know, and keep for `max_age`.
pub(crate) fn document_for(body: String, max_age: Duration) -> Response {
    let mut response = Response::new(body);
    *response.headers_mut() =
        headers([(CONTENT_TYPE, "application/json"), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")]);
    let keep = HeaderValue::try_from(format!("public, max-age={}", max_age.as_secs()));
    response.headers_mut().extend(keep.map(|keep| (CACHE_CONTROL, keep)));
    response
}

/// The error as JSON, with the status that its code has (RFC 6749 section 5.2).
pub(crate) fn error(cause: Cause) -> Response {
    let body = serde_json::json!({
        "error": cause.code().as_str(),
        "error_description": cause.description(),
    });
    let mut response = json(body.to_string());
    *response.status_mut() = cause.status();
    with_cause(response, cause)
}

/// `response`, with `cause` in its extensions.
pub(crate) fn with_cause(mut response: Response, cause: Cause) -> Response {
    response.extensions_mut().insert(cause);
    response
}

/// `response`, naming the methods that would have been answered.
pub(crate) fn allowing(mut response: Response, methods: &'static str) -> Response {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    }
    response
}

/// A page that says `text`, for hosts that do not make one of their own.
pub(crate) fn page(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    *response.headers_mut() =
        headers([(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")]);
    response
}

impl Target {
    /// `url`, whose own query survives.
    pub(crate) fn new(url: &str) -> Self {
        let separator = match url.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let mut target = String::with_capacity(url.len().saturating_add(256));
        target.push_str(url);
        Self { url: target, separator }
    }

    /// Appends a parameter whose value needs encoding.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.begin(name);
        self.url.extend(byte_serialize(value.as_bytes()));
        self
    }

    /// Appends a parameter whose value is encoded already.
    pub(crate) fn with_verbatim(mut self, name: &str, value: &str) -> Self {
        self.begin(name);
        self.url.push_str(value);
        self
    }

    /// Sends the browser there by GET, whatever the request was (303, RFC 9700
    /// section 4.12).
    pub(crate) fn redirect(self) -> Response {
        let Ok(location) = HeaderValue::try_from(self.url) else {
            let text = "the redirect cannot be written as a header".to_owned();
            return page(StatusCode::INTERNAL_SERVER_ERROR, text);
        };
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::SEE_OTHER;
        *response.headers_mut() = OF_REDIRECT.clone();
        // Where it has its place, so that the map need not grow.
        if let Some(place) = response.headers_mut().get_mut(LOCATION) {
            *place = location;
        }
        response
    }

    fn begin(&mut self, name: &str) {
        self.url.extend([std::mem::replace(&mut self.separator, "&"), name, "="]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_redirect_uri_survives() {
        for (uri, expected) in [
            ("https://app.example/cb", "https://app.example/cb?code=c&state=a+%26"),
            ("https://app.example/cb?", "https://app.example/cb?code=c&state=a+%26"),
            ("https://app.example/cb?x=1", "https://app.example/cb?x=1&code=c&state=a+%26"),
            ("https://app.example/cb?x=1&", "https://app.example/cb?x=1&code=c&state=a+%26"),
            ("com.example.app:/cb", "com.example.app:/cb?code=c&state=a+%26"),
        ] {
            let response =
                Target::new(uri).with_verbatim("code", "c").with("state", "a &").redirect();
            assert_eq!(response.status(), 303);
            assert_eq!(response.headers()[LOCATION], expected);
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        }
    }
}
