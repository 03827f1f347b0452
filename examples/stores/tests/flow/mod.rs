//! A real authorization server over a database: the only way to make grants.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use codegrant::{
    Authentication, AuthorizationServer, Authorize, Client, Clock, CodeStore, ConsentStore,
    Decision, Granted, InExtensions, Issuer, SecretRing, ServerSecret, Subject, Timestamp, memory,
};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::Parts;

pub(crate) const START: i64 = 1_800_000_000;
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Flow {
    server: AuthorizationServer,
    clock: Arc<Stopped>,
}

/// A clock that stands still until it is set.
struct Stopped(AtomicI64);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }
}

impl Flow {
    /// Servers over one database share their secret, as the nodes of one would.
    pub(crate) fn over<D: CodeStore + ConsentStore + Clone + 'static>(db: &D) -> Self {
        let client =
            Client::builder("app").redirect_uri("https://app.example/cb").scope("a b").build();
        let clients = Arc::new(memory::Clients::new([client.unwrap()]));
        let secrets = SecretRing::new(ServerSecret::new([1; 32]).unwrap());
        let issuer = Issuer::parse("https://id.example").unwrap();
        let codes = Arc::new(db.clone());
        let clock = Arc::new(Stopped(AtomicI64::new(START)));
        let server =
            AuthorizationServer::builder(issuer, secrets, clients, codes, Arc::new(InExtensions))
                .consents(Arc::new(db.clone()))
                .clock(clock.clone())
                .build()
                .unwrap();
        Self { server, clock }
    }

    pub(crate) fn set_time(&self, seconds: i64) {
        self.clock.0.store(START + seconds, Ordering::SeqCst);
    }

    /// The code that the client gets when `user` allows everything.
    pub(crate) async fn code(&self, user: &str) -> String {
        let uri = format!(
            "/authorize?client_id=app&response_type=code&code_challenge={CHALLENGE}\
             &code_challenge_method=S256"
        );
        let mut head = head(Request::get(uri));
        let since = Timestamp::from_unix(START);
        head.extensions.insert(Authentication::new(Subject::parse(user).unwrap(), since));
        let answer = match self.server.authorize(&head, b"").await {
            Authorize::Redirect(answer) => answer,
            Authorize::Consent(consent) => {
                let decision = Decision::Allow(Granted::everything());
                self.server.decide(&head, consent.ticket(), decision).await.unwrap()
            }
            other => panic!("{other:?}"),
        };
        let location = answer.headers()[LOCATION].to_str().unwrap();
        let query = location.split_once('?').unwrap().1;
        form_urlencoded::parse(query.as_bytes())
            .find_map(|(name, value)| (name == "code").then(|| value.into_owned()))
            .unwrap_or_else(|| panic!("no code in {location}"))
    }

    /// The access token that the code gives, or the status of the refusal.
    pub(crate) async fn redeem(&self, code: &str) -> Result<String, u16> {
        let head =
            head(Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded"));
        let body = format!(
            "grant_type=authorization_code&client_id=app&code={code}&code_verifier={VERIFIER}"
        );
        let answer = self.server.token(&head, body.as_bytes()).await;
        if answer.status() != 200 {
            return Err(answer.status().as_u16());
        }
        let body: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
        Ok(body["access_token"].as_str().unwrap().to_owned())
    }

    /// Whether the access token lets a request pass.
    pub(crate) async fn opens(&self, token: &str) -> bool {
        let head = head(Request::get("/").header(AUTHORIZATION, format!("Bearer {token}")));
        self.server.guard().check(&head).await.is_ok()
    }
}

fn head(request: http::request::Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}
