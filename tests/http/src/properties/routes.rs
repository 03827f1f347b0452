//! Paths, methods and how much is read.

use http_body_util::BodyExt;
use reqwest::{Body, Method};

use super::openid::METADATA;
use crate::apps::as_form;
use crate::target::{Answer, Target};

/// One byte more than any endpoint reads.
pub(super) const TOO_LONG: usize = 65_536;

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
    for path in ["/token", "/authorize", "/userinfo"] {
        for body in in_one_piece_and_in_chunks("x".repeat(TOO_LONG)) {
            let answer = Answer::to(as_form(target.request(Method::POST, path), body)).await;
            assert!([400, 413].contains(&answer.status.as_u16()), "{path}: {answer:?}");
        }
    }
    assert_eq!(target.get("/jwks").await.status, 200);
}

/// A body that says how long it is, and one that does not.
pub(super) fn in_one_piece_and_in_chunks(text: String) -> [Body; 2] {
    [Body::from(text.clone()), Body::wrap(text.map_frame(|frame| frame))]
}
