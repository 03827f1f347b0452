//! Answers: JSON, redirects and the plainest page, each with the headers that
//! its RFC asks for.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use url::form_urlencoded::byte_serialize;

use crate::cause::Cause;

/// What every endpoint returns; any framework on `http` 1 takes it as it is.
pub type Response = http::Response<String>;

/// A URL that is about to get parameters.
pub(crate) struct Target {
    url: String,
    /// What goes between it and the next parameter.
    separator: &'static str,
}

/// 200 with a JSON body that nobody may keep (RFC 6749 section 5.1).
pub(crate) fn json(body: String) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// The error as JSON, with the status that its code has (RFC 6749 section 5.2).
pub(crate) fn error(cause: Cause) -> Response {
    let code = cause.code();
    let body = serde_json::json!({
        "error": code.as_str(),
        "error_description": cause.description(),
    });
    let mut response = json(body.to_string());
    *response.status_mut() = code.status();
    because(response, cause)
}

/// `response`, with `cause` in its extensions.
pub(crate) fn because(mut response: Response, cause: Cause) -> Response {
    if matches!(cause, Cause::Method) {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    }
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
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
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

    /// Appends a parameter whose value is made of unreserved characters.
    pub(crate) fn with_verbatim(mut self, name: &str, value: &str) -> Self {
        self.begin(name);
        self.url.push_str(value);
        self
    }

    /// Sends the browser there by GET, whatever the request was (303, RFC 9700
    /// section 4.12), and lets no one keep or pass on the URL.
    pub(crate) fn redirect(self) -> Response {
        let Ok(location) = HeaderValue::try_from(self.url) else {
            let text = "the redirect cannot be written as a header".to_owned();
            return page(StatusCode::INTERNAL_SERVER_ERROR, text);
        };
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        headers.insert(LOCATION, location);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
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
