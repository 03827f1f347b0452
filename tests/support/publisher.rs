//! The way from an offline guard to the issuer's documents, on which things can
//! happen.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use codegrant::{HostError, HttpClient, Issuer, KeySet, OfflineGuard, Resource};
use http::header::CACHE_CONTROL;
use http::{Request, Response};
use serde_json::json;

use super::apps::REPORTS_API;
use super::signed::Signing;
use super::world::ISSUER;

pub(crate) const METADATA: &str =
    "https://id.example/.well-known/oauth-authorization-server/tenant";
pub(crate) const JWKS: &str = "https://id.example/tenant/jwks";

/// Serves the metadata, and the keys as they are published at the time.
pub(crate) struct Publisher {
    keys: KeySet,
    asked: Mutex<Vec<String>>,
    mood: Mutex<Mood>,
}

#[derive(Clone)]
pub(crate) enum Mood {
    /// With this `Cache-Control`.
    Fair(&'static str),
    Down,
    /// Of this document, this answer.
    Answers(&'static str, u16, String),
    /// Nothing, ever.
    Silent,
}

impl Publisher {
    pub(crate) fn of(house: &Signing) -> Arc<Self> {
        let mood = Mutex::new(Mood::Fair("public, max-age=3600"));
        Arc::new(Self { keys: house.keys.clone(), asked: Mutex::default(), mood })
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// What was asked for since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// A guard of the reports that knows nothing yet.
    pub(crate) fn guard(self: &Arc<Self>, house: &Signing) -> OfflineGuard {
        let resource = Resource::parse(REPORTS_API).unwrap();
        let issuer = Issuer::parse(ISSUER).unwrap();
        OfflineGuard::new(issuer, resource, self.clone()).clock(house.clock.clone())
    }
}

#[async_trait]
impl HttpClient for Publisher {
    async fn send(&self, request: Request<String>) -> Result<Response<String>, HostError> {
        assert!(request.method() == http::Method::GET && request.body().is_empty());
        let uri = request.uri().to_string();
        self.asked.lock().unwrap().push(uri.clone());
        // As over a network, others come to turn meanwhile.
        tokio::task::yield_now().await;
        let mood = self.mood.lock().unwrap().clone();
        let mut caching = "public, max-age=3600";
        match mood {
            Mood::Fair(told) => caching = told,
            Mood::Down => return Err(HostError::new("connection refused")),
            Mood::Answers(of, status, body) if of == uri => {
                return Ok(Response::builder().status(status).body(body)?);
            }
            Mood::Answers(..) => {}
            Mood::Silent => std::future::pending().await,
        }
        let body = match uri.as_str() {
            METADATA => json!({"issuer": ISSUER, "jwks_uri": JWKS}).to_string(),
            // Wherever the metadata lead.
            jwks if jwks.ends_with("/jwks") => self.keys.jwks().to_string(),
            other => return Err(HostError::new(format!("{other} is nowhere"))),
        };
        let mut response = Response::new(body);
        if !caching.is_empty() {
            response.headers_mut().insert(CACHE_CONTROL, caching.parse()?);
        }
        Ok(response)
    }
}
