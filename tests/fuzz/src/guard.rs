//! What a resource server is told of a token, in an answer or in the token itself,
//! and by whose keys (RFC 7662 section 2.2, RFC 8414 section 2, RFC 9068 section 4).

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{
    Access, Algorithm, ClientId, ClientSecret, HostError, HttpClient, Issuer, OfflineGuard,
    RemoteGuard, Resource,
};
use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde_json::Value;

use crate::house::{ISSUER, NOW, StandingClock, finish, keys, now};
use crate::lines;

const RESOURCE: &str = "https://api.example";

/// Answers what the input says: an introspection, metadata, or keys.
struct Answers {
    document: String,
    jwks: String,
}

#[async_trait]
impl HttpClient for Answers {
    async fn send(&self, request: Request<String>) -> Result<Response<String>, HostError> {
        let is_document = request.uri().path().starts_with("/.well-known")
            || request.uri().path().ends_with("/introspect");
        let body = if is_document { &self.document } else { &self.jwks };
        Ok(Response::new(body.clone()))
    }
}

/// What introspection or an issuer's metadata say, the claims of a token, and keys,
/// ours if there are none: who is let in was vouched for by the issuer, for this
/// resource, and in time.
pub fn guard(data: &[u8]) {
    let Some([document, claims, jwks]) = lines(data) else { return };
    let issuer = || Issuer::parse(ISSUER).unwrap();
    let resource = || Resource::parse(RESOURCE).unwrap();
    let jwks = if jwks.is_empty() { keys().jwks().to_string() } else { jwks.to_owned() };
    let http = Arc::new(Answers { document: document.to_owned(), jwks });
    let (id, secret) = (ClientId::parse("api").unwrap(), ClientSecret::new("secret"));
    let endpoint = format!("{ISSUER}/introspect");
    let asks = RemoteGuard::new(issuer(), &endpoint, resource(), &id, &secret, http.clone());
    let asks = asks.unwrap().clock(Arc::new(StandingClock));
    let parts = bearing("token");
    if let Ok(access) = now(asks.check(&parts)) {
        let told: Value = serde_json::from_str(document).unwrap();
        assert!(told["active"] == true && told.get("iss").is_none_or(|iss| *iss == ISSUER));
        is_vouched_for(&access, &told);
    }
    let token = now(keys().sign(Algorithm::EdDsa, "at+jwt", claims.as_bytes())).unwrap();
    let alone = OfflineGuard::new(issuer(), resource(), http).clock(Arc::new(StandingClock));
    if let Ok(access) = now(alone.check(&bearing(&token))) {
        let metadata: Value = serde_json::from_str(document).unwrap();
        assert!(metadata["issuer"] == ISSUER && metadata["jwks_uri"].is_string());
        let told: Value = serde_json::from_str(claims).unwrap();
        assert!(told["iss"] == ISSUER && told["iat"].as_i64().unwrap() <= NOW + 60);
        is_vouched_for(&access, &told);
    }
}

fn bearing(token: &str) -> http::request::Parts {
    finish(Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"))).unwrap()
}

fn is_vouched_for(access: &Access, told: &Value) {
    assert_eq!(told["sub"], access.subject().as_str());
    assert_eq!(told["client_id"], access.client().as_str());
    assert!(told["exp"].as_i64().is_some_and(|end| end > NOW));
    let many = told["aud"].as_array().into_iter().flatten();
    assert!(many.chain([&told["aud"]]).any(|audience| audience == RESOURCE));
    let scope = told.get("scope").and_then(Value::as_str).unwrap_or_default();
    assert!(access.scope().iter().all(|token| scope.split(' ').any(|told| told == token)));
}
