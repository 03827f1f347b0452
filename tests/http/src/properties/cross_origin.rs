//! Pages of other origins.

use reqwest::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use reqwest::{Method, RequestBuilder};

use super::openid::METADATA;
use crate::apps::{TERMINAL, posted};
use crate::target::{Answer, Target};

fn from_a_page(request: RequestBuilder) -> RequestBuilder {
    request.header(ORIGIN, "https://spa.example")
}

fn is_readable(answer: &Answer) -> bool {
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    answer.header("access-control-allow-origin") == "*"
}

async fn preflight(target: &Target, path: &str) -> Answer {
    let request = from_a_page(target.request(Method::OPTIONS, path));
    Answer::to(request.header(ACCESS_CONTROL_REQUEST_METHOD, "POST")).await
}

pub(super) async fn pages_of_other_origins_call_what_reads_no_cookie(target: Target) {
    let documents = ["/jwks", METADATA[0], METADATA[1]];
    for path in ["/token", "/revoke", "/userinfo"].into_iter().chain(documents) {
        let may = preflight(&target, path).await;
        assert!(may.status == 204 && is_readable(&may), "{path}: {may:?}");
        assert!(may.header("access-control-allow-headers").contains("Authorization"), "{may:?}");
    }
    let request = from_a_page(target.request(Method::POST, "/token"));
    let refused = Answer::to(TERMINAL.authenticated(request, &[])).await;
    assert!(refused.status == 400 && is_readable(&refused), "{refused:?}");
    let refused = Answer::to(from_a_page(target.request(Method::GET, "/userinfo"))).await;
    assert!(refused.status == 401 && is_readable(&refused), "{refused:?}");
    assert_eq!(refused.header("access-control-expose-headers"), "WWW-Authenticate");
}

pub(super) async fn no_page_reads_what_a_cookie_opens(target: Target) {
    for path in ["/authorize", "/login", "/consent", "/logout", "/introspect"] {
        for method in [Method::GET, Method::OPTIONS] {
            let answer = Answer::to(from_a_page(target.request(method, path))).await;
            assert!(!is_readable(&answer), "{path}: {answer:?}");
        }
        let may = preflight(&target, path).await;
        assert!(!is_readable(&may), "{path}: {may:?}");
        let request = from_a_page(target.request(Method::POST, path));
        assert!(!is_readable(&Answer::to(posted(request, &[("x", "y")])).await), "{path}");
    }
}
