//! `oauth-as`: its HTTP service over its `MemoryStorage`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use oauth_as::client::{Client, ClientAuth, ClientId};
use oauth_as::grant::GrantType;
use oauth_as::http::{ApprovalDecision, AuthorizationService, Body, ServiceBuilder};
use oauth_as::scope::ScopeSet;
use oauth_as::server::{AuthorizationServer, Clock, ServerConfig};
use oauth_as::store::{MemoryStorage, Storage};

use super::ready::ready;
use crate::request::{CALLBACK, CLIENT, ISSUER, SCOPE};
use crate::side::{CODE_LIFETIME, LIFETIME, Side};

pub struct OauthAs {
    server: Arc<AuthorizationServer<MemoryStorage, SetClock>>,
    service: AuthorizationService<MemoryStorage, SetClock>,
    signed_in: Arc<RwLock<String>>,
    now: SetClock,
}

#[derive(Clone)]
struct SetClock(Arc<AtomicU64>);

impl Clock for SetClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

impl Side for OauthAs {
    const NAME: &'static str = "oauth-as";
    type Body = Body;

    fn new() -> Self {
        let now = SetClock(Arc::new(AtomicU64::new(1_700_000_000)));
        let mut config = ServerConfig::new(ISSUER, format!("{ISSUER}/device"));
        config.authorization_code_ttl = Duration::from_secs(CODE_LIFETIME);
        config.access_token_ttl = Duration::from_secs(LIFETIME);
        config.refresh_token_ttl = Some(Duration::from_secs(LIFETIME));
        let server =
            Arc::new(AuthorizationServer::with_clock(config, MemoryStorage::new(), now.clone()));
        ready(server.register_client(client())).unwrap();
        let signed_in = Arc::new(RwLock::new(String::new()));
        let session = signed_in.clone();
        let service = ServiceBuilder::new(server.clone())
            .with_subject_resolver(move |_| Some(session.read().unwrap().clone()))
            .with_approval_resolver(|_| ApprovalDecision::Approve)
            .build()
            .unwrap();
        Self { server, service, signed_in, now }
    }

    fn sign_in(&mut self, user: &str) {
        user.clone_into(&mut self.signed_in.write().unwrap());
    }

    fn authorize(&mut self, request: Request<Bytes>) -> Response<Body> {
        ready(self.service.handle(request.map(Body::from)))
    }

    fn token(&mut self, request: Request<Bytes>) -> Response<Body> {
        ready(self.service.handle(request.map(Body::from)))
    }

    /// Its host reads the header and compares the scope.
    fn may_read(&mut self, request: Request<Bytes>) -> bool {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = header.and_then(|header| header.strip_prefix("Bearer ")) else {
            return false;
        };
        let issued = ready(self.server.introspect(token)).unwrap();
        issued.is_some_and(|issued| issued.scope.iter().any(|scope| scope.as_str() == SCOPE))
    }

    fn text(body: Body) -> String {
        String::from_utf8(body.into_bytes().into()).unwrap()
    }

    fn advance(&mut self, seconds: u64) {
        self.now.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn sweep(&mut self) -> u64 {
        ready(self.server.store().sweep_expired(self.now.now())).unwrap()
    }
}

fn client() -> Client {
    let scope = ScopeSet::from_tokens([SCOPE]).unwrap();
    Client {
        client_id: ClientId::new(CLIENT),
        auth: ClientAuth::Public,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        redirect_uris: vec![CALLBACK.to_owned()],
        allowed_scopes: scope.clone(),
        default_scopes: scope,
        name: None,
        registration: None,
    }
}
