//! This crate.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use codegrant::{
    Authentication, AuthorizationServer, Authorize, Client, Clock, CodeStore, Guard, HostError,
    Issuer, Policy, Scope, SecretRing, ServerSecret, Subject, Timestamp, UserAuthenticator, memory,
};
use http::request::Parts;
use http::{Request, Response};

use super::ready::ready;
use crate::request::{CALLBACK, CLIENT, ISSUER, SCOPE};
use crate::side::{CODE_LIFETIME, LIFETIME, Side};

pub struct Codegrant {
    server: AuthorizationServer,
    guard: Guard,
    needed: Scope,
    codes: Arc<memory::Codes>,
    host: Arc<Host>,
}

/// The host's clock and session.
struct Host {
    now: AtomicI64,
    signed_in: RwLock<Option<Authentication>>,
}

impl Clock for Host {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.now.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl UserAuthenticator for Host {
    async fn authenticate(&self, _: &Parts) -> Result<Option<Authentication>, HostError> {
        Ok(self.signed_in.read().unwrap().clone())
    }
}

impl Side for Codegrant {
    const NAME: &'static str = "codegrant";
    type Body = String;

    fn new() -> Self {
        let client = Client::builder(CLIENT)
            .redirect_uri(CALLBACK)
            .scope(SCOPE)
            .refresh_token()
            .trusted()
            .build()
            .unwrap();
        let codes = Arc::new(memory::Codes::default());
        let host =
            Arc::new(Host { now: AtomicI64::new(1_700_000_000), signed_in: RwLock::default() });
        let server = AuthorizationServer::builder(
            Issuer::parse(ISSUER).unwrap(),
            SecretRing::new(ServerSecret::new([7; 32]).unwrap()),
            Arc::new(memory::Clients::new([client])),
            codes.clone(),
            host.clone(),
        )
        .clock(host.clone())
        .policy(Policy {
            code_lifetime: Duration::from_secs(CODE_LIFETIME),
            access_token_lifetime: Duration::from_secs(LIFETIME),
            refresh_idle_lifetime: Duration::from_secs(LIFETIME),
            refresh_absolute_lifetime: Duration::from_secs(LIFETIME),
            ..Policy::default()
        })
        .build()
        .unwrap();
        Self { guard: server.guard(), needed: Scope::parse(SCOPE).unwrap(), server, codes, host }
    }

    fn sign_in(&mut self, user: &str) {
        let signed_in = Authentication::new(Subject::parse(user).unwrap(), self.host.now());
        *self.host.signed_in.write().unwrap() = Some(signed_in);
    }

    fn authorize(&mut self, request: Request<Bytes>) -> Response<String> {
        let (head, body) = request.into_parts();
        match ready(self.server.authorize(&head, &body)) {
            Authorize::Redirect(response) => response,
            other => panic!("{other:?}"),
        }
    }

    fn token(&mut self, request: Request<Bytes>) -> Response<String> {
        let (head, body) = request.into_parts();
        ready(self.server.token(&head, &body))
    }

    fn may_read(&mut self, request: Request<Bytes>) -> bool {
        let (head, _) = request.into_parts();
        ready(self.guard.check(&head))
            .is_ok_and(|access| access.require_scope(&self.needed).is_ok())
    }

    fn text(body: String) -> String {
        body
    }

    fn advance(&mut self, seconds: u64) {
        self.host.now.fetch_add(seconds.cast_signed(), Ordering::Relaxed);
    }

    fn sweep(&mut self) -> u64 {
        ready(self.codes.sweep(self.host.now())).unwrap()
    }
}
