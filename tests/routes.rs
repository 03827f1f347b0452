//! One door in front of all that need no user: by path and by method.

use codegrant::{AuthorizationServer, Endpoints, Provider, Response};
use http::Method;
use http::header::{ALLOW, CONTENT_TYPE, ORIGIN};

use crate::support::House;
use crate::support::apps::{AUDITOR, DASHBOARD};
use crate::support::call::{Call, FORM, Form, bearer};
use crate::support::openid::{asks, keys, provider};
use crate::support::world::{World, ring};

/// Below [`crate::support::world::ISSUER`], whose path is `/tenant`.
const OF_CLIENTS: [&str; 3] = ["/tenant/token", "/tenant/introspect", "/tenant/revoke"];
const OF_PROVIDERS: [&str; 2] = ["/tenant/userinfo", "/tenant/jwks"];
const METADATA: [&str; 3] = [
    "/.well-known/oauth-authorization-server/tenant",
    "/.well-known/openid-configuration/tenant",
    "/tenant/.well-known/openid-configuration",
];

async fn serve(server: &AuthorizationServer, call: &Call) -> Option<Response> {
    server.serve(&call.parts(), &call.body).await
}

async fn status(server: &AuthorizationServer, method: Method, path: &str) -> Option<u16> {
    let call = Call::to(method, path);
    serve(server, &call).await.map(|response| response.status().as_u16())
}

#[tokio::test]
async fn every_endpoint_answers_at_its_path_as_if_it_were_called_itself() {
    let house = provider();
    let code = house.code_for(&asks(&DASHBOARD)).await;
    let redeem = DASHBOARD.calls("/tenant/token", &DASHBOARD.claim(&code));
    let tokens = serve(&house.server, &redeem).await.unwrap();
    let token = crate::support::answers::json(&tokens)["access_token"].as_str().unwrap().to_owned();

    let told = serve(&house.server, &bearer(&token).uri("/tenant/userinfo")).await.unwrap();
    assert!(told.body().contains("\"sub\":\"alice\""), "{told:?}");

    let form = Form::of(&[("token", &token)]);
    let introspect = AUDITOR.calls("/tenant/introspect", &form);
    let active = serve(&house.server, &introspect).await.unwrap();
    assert!(active.body().contains("\"active\":true"), "{active:?}");

    let revoke = DASHBOARD.calls("/tenant/revoke", &form);
    assert_eq!(serve(&house.server, &revoke).await.unwrap().status(), 200);
    let inactive = serve(&house.server, &introspect).await.unwrap();
    assert!(inactive.body().contains("\"active\":false"), "{inactive:?}");
}

#[tokio::test]
async fn documents_are_read_by_get_and_head_alike() {
    let house = provider();
    let (keys, metadata) = (house.server.jwks(), house.server.metadata());
    for method in [Method::GET, Method::HEAD] {
        let found = serve(&house.server, &Call::to(method.clone(), "/tenant/jwks")).await.unwrap();
        assert_eq!((found.status().as_u16(), found.body()), (200, keys.body()));
        for path in METADATA {
            let found = serve(&house.server, &Call::to(method.clone(), path)).await.unwrap();
            assert_eq!((found.status().as_u16(), found.body()), (200, metadata.body()));
        }
    }
}

#[tokio::test]
async fn a_method_that_an_endpoint_does_not_answer_is_told_those_it_does() {
    let house = provider();
    let allowed = |path: &str| match path {
        "/tenant/userinfo" => "GET, POST",
        path if OF_CLIENTS.contains(&path) => "POST",
        _ => "GET, HEAD",
    };
    for path in OF_CLIENTS.into_iter().chain(OF_PROVIDERS).chain(METADATA) {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
            let call = Call::to(method.clone(), path).header(ORIGIN, "https://spa.example");
            let response = serve(&house.server, &call).await.unwrap();
            let answers = allowed(path).split(", ").any(|allowed| allowed == method);
            assert_eq!(response.status() != 405, answers, "{method} {path}: {response:?}");
            let told = response.headers().get(ALLOW).map(|methods| methods.to_str().unwrap());
            assert_eq!(told, (!answers).then(|| allowed(path)), "{method} {path}");
            let is_readable = response.headers().contains_key("access-control-allow-origin");
            assert_eq!(is_readable, path != "/tenant/introspect", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_browser_may_ask_first_wherever_pages_may_call() {
    let house = provider();
    for path in OF_CLIENTS.into_iter().chain(OF_PROVIDERS).chain(METADATA) {
        let expected = if path == "/tenant/introspect" { 405 } else { 204 };
        assert_eq!(status(&house.server, Method::OPTIONS, path).await, Some(expected), "{path}");
    }
}

#[tokio::test]
async fn what_needs_a_user_is_left_to_the_host() {
    let house = provider();
    for path in ["/tenant/authorize", "/tenant/logout", "/tenant/login", "/tenant", "/", "*"] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            assert_eq!(status(&house.server, method.clone(), path).await, None, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn paths_are_compared_as_they_were_sent() {
    let house = provider();
    for path in [
        "/token",
        "/tenanttoken",
        "/tenant/tenant/token",
        "/tenant/token/",
        "/tenant//token",
        "//tenant/token",
        "/tenant/./token",
        "/tenant/%74oken",
        "/tenant/TOKEN",
        "/tenant/token;x",
        "/tenant/token%3Fx",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/tenant/.well-known/oauth-authorization-server",
        "/tenant/.well-known/openid-configuration/",
    ] {
        assert_eq!(status(&house.server, Method::POST, path).await, None, "{path}");
    }
    let with_query = status(&house.server, Method::GET, "/tenant/jwks?x=1").await;
    assert_eq!(with_query, Some(200));
}

#[tokio::test]
async fn without_openid_connect_there_is_nothing_of_it_but_the_metadata() {
    let house = House::new();
    for path in OF_PROVIDERS {
        for method in [Method::GET, Method::OPTIONS] {
            assert_eq!(status(&house.server, method, path).await, None, "{path}");
        }
    }
    for path in METADATA {
        assert_eq!(status(&house.server, Method::GET, path).await, Some(200), "{path}");
    }
}

#[tokio::test]
async fn what_is_switched_off_is_not_found_and_what_was_moved_is_where_it_is() {
    let endpoints = Endpoints {
        token: "/oauth/token".into(),
        introspection: None,
        revocation: None,
        jwks: "/keys".into(),
        userinfo: Some("/me".into()),
        ..Endpoints::default()
    };
    let provider = Provider::new(keys());
    let house = House::with(|builder| builder.openid(provider).endpoints(endpoints));
    for path in OF_CLIENTS.into_iter().chain(OF_PROVIDERS) {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            assert_eq!(status(&house.server, method, path).await, None, "{path}");
        }
    }
    assert_eq!(status(&house.server, Method::POST, "/tenant/oauth/token").await, Some(400));
    assert_eq!(status(&house.server, Method::GET, "/tenant/me").await, Some(401));
    assert_eq!(status(&house.server, Method::GET, "/tenant/keys").await, Some(200));
}

#[tokio::test]
async fn paths_follow_the_issuer_with_its_path_or_without() {
    for (issuer, path) in [
        ("https://id.example", ""),
        ("https://id.example/", ""),
        ("https://id.example/a/b", "/a/b"),
        ("https://id.example/a/b/", "/a/b"),
        ("https://id.example/caf%C3%A9", "/caf%C3%A9"),
    ] {
        let server = World::new().assemble(issuer, ring(&[1])).build().unwrap();
        let token = status(&server, Method::POST, &format!("{path}/token")).await;
        assert_eq!(token, Some(400), "{issuer}");
        for metadata in server.metadata_paths() {
            assert_eq!(status(&server, Method::GET, &metadata).await, Some(200), "{metadata}");
        }
    }
}

#[tokio::test]
async fn a_body_of_the_longest_length_is_read_and_one_byte_more_is_not() {
    let house = House::new();
    let described = async |length| {
        let call = Call::to(Method::POST, "/tenant/token").header(CONTENT_TYPE, FORM);
        let response = serve(&house.server, &call.body(vec![b'x'; length])).await.unwrap();
        response.body().contains("too long")
    };
    assert!(!described(AuthorizationServer::LONGEST_BODY).await);
    assert!(described(AuthorizationServer::LONGEST_BODY + 1).await);
}
