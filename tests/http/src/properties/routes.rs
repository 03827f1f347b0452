//! Paths, methods and how much is read.

use http_body_util::BodyExt;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, Method};

use super::openid::METADATA;
use crate::target::{Answer, Target};

/// One byte more than any endpoint reads.
const TOO_LONG: usize = 65_536;

pub(super) async fn each_endpoint_says_which_methods_it_takes(target: Target) {
    let refused = async |method: Method, path: &str, methods: &[&str]| {
        let answer = Answer::to(target.request(method.clone(), path)).await;
        assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
        let allowed: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
        for method in methods {
            assert!(allowed.contains(method), "{path}: {allowed:?}");
        }
    };
    for path in ["/token", "/introspect", "/revoke"] {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
            refused(method, path, &["POST"]).await;
        }
    }
    refused(Method::PUT, "/userinfo", &["GET", "POST"]).await;
    for path in ["/jwks", METADATA[0], METADATA[1]] {
        refused(Method::POST, path, &["GET", "HEAD"]).await;
        let head = Answer::to(target.request(Method::HEAD, path)).await;
        assert_eq!((head.status.as_u16(), &*head.text), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), "application/json", "{path}");
    }
}

pub(super) async fn what_is_not_there_is_not_found(target: Target) {
    for path in [
        "/nothing",
        "/token/",
        "//token",
        "/TOKEN",
        "/%74oken",
        "/par",
        "/register",
        "/.well-known/nothing",
        "/.well-known/openid-configuration/",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let answer = Answer::to(target.request(method.clone(), path)).await;
            assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
        }
    }
}

pub(super) async fn a_body_that_is_too_long_is_refused(target: Target) {
    let declared = || Body::from("x".repeat(TOO_LONG));
    // Sent in chunks, because its length is not known.
    let chunked = || Body::wrap("x".repeat(TOO_LONG).map_frame(|frame| frame));
    for path in ["/token", "/authorize", "/login"] {
        for body in [declared(), chunked()] {
            let request = target.request(Method::POST, path);
            let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = Answer::to(request.body(body)).await;
            // Whether a form of ours is judged by its length or its token first is all one.
            assert!([400, 403, 413].contains(&answer.status.as_u16()), "{path}: {answer:?}");
            assert_eq!(answer.header("set-cookie"), "");
        }
    }
    assert_eq!(target.get("/jwks").await.status, 200);
}
