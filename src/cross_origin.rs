//! Pages of other origins, where single-page applications run (the Fetch standard,
//! section 3.2).
//!
//! The endpoints that they call read no cookie: whoever calls them shows what they
//! have themselves, from wherever it is. So every origin may read the answers, and
//! nobody can borrow a browser's session for it. The authorization and the
//! end-session endpoint do read one, and no page may read what they answer.

use std::sync::LazyLock;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::answer::Response;

/// What a page may read: the body, and the challenge of a refusal.
const OF_ANSWERS: [(HeaderName, &str); 2] =
    [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (ACCESS_CONTROL_EXPOSE_HEADERS, "WWW-Authenticate")];

/// What a page may send. A browser remembers it for two hours.
static OF_PREFLIGHTS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let fields = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type"),
        (ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    fields.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
});

/// `response`, to be read by the page that sent `request`, if one did.
pub(crate) fn readable(request: &Parts, mut response: Response) -> Response {
    if request.headers.contains_key(ORIGIN) {
        for (name, value) in OF_ANSWERS {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// 204: a page may ask.
pub(crate) fn preflight() -> Response {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    *response.headers_mut() = OF_PREFLIGHTS.clone();
    response
}
