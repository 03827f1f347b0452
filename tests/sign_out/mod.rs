//! A house whose server is a provider: applications that its users sign in to,
//! and out of.

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use codegrant::{
    Algorithm, Authentication, Builder, ClientBuilder, EndSession, Grant, KeySet, Logout, Provider,
    Refused, Response, SessionId, SignedOut, SigningKey, Subject, Timestamp,
};
use serde_json::{Value, json};

use crate::support::answers::assert_error;
use crate::support::apps::{App, NOTES, SYNC, TRUSTED};
use crate::support::call::{Call, Form};
use crate::support::world::ISSUER;
use crate::support::{House, Tokens};

/// Where the applications want their users back.
pub(crate) const NOTES_BYE: &str = "https://notes.example/bye?from=id";
pub(crate) const SYNC_BYE: &str = "https://sync.example/bye";
/// Where two of them hear of sign-outs.
pub(crate) const NOTES_HEARS: &str = "https://notes.example/logout?tenant=1";
pub(crate) const SYNC_HEARS: &str = "https://sync.example/logout";

/// How long a login session lives.
pub(crate) const SESSION: i64 = 86_400;

/// Drawn once: an RSA key takes its time.
static KEYS: LazyLock<[SigningKey; 2]> =
    LazyLock::new(|| [(); 2].map(|()| SigningKey::generate(Algorithm::Rs256).unwrap()));

/// Another key than the server's.
pub(crate) fn other_key() -> SigningKey {
    KEYS[1].clone()
}

pub(crate) struct Home {
    house: House,
    pub(crate) keys: KeySet,
}

impl Deref for Home {
    type Target = House;

    fn deref(&self) -> &House {
        &self.house
    }
}

impl Home {
    /// Alice is signed in, in the session `one`.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let keys = KeySet::new([KEYS[0].clone()]).unwrap();
        let provider = Provider::new(keys.clone()).names_sessions();
        let house = House::with(|builder| change(builder.openid(provider)));
        let home = Self { house, keys };
        home.register(
            openid(&NOTES).post_logout_redirect_uri(NOTES_BYE).backchannel_logout_uri(NOTES_HEARS),
        );
        home.register(
            openid(&SYNC).post_logout_redirect_uri(SYNC_BYE).backchannel_logout_uri(SYNC_HEARS),
        );
        home.register(openid(&TRUSTED).trusted());
        home.arrive("alice", "one");
        home
    }

    pub(crate) fn register(&self, client: ClientBuilder) {
        self.clients.put(client.build().unwrap());
    }

    /// `user` is signed in on the test's browser from now on, in this session.
    pub(crate) fn arrive(&self, user: &str, session: &str) -> Authentication {
        let end = self.authentication(user).authenticated_at().as_unix() + SESSION;
        let user = self
            .authentication(user)
            .with_session(SessionId::parse(session).unwrap())
            .with_session_end(Timestamp::from_unix(end));
        self.browser.set(Some(user.clone()));
        user
    }

    /// What `app` holds of whoever is signed in, with the scope `openid`.
    pub(crate) async fn holds(&self, app: &App) -> Tokens {
        self.holds_with(app, "openid reports.read").await
    }

    pub(crate) async fn holds_with(&self, app: &App, scope: &str) -> Tokens {
        let asks = app.asks().with("scope", scope).with("prompt", "consent");
        Tokens::in_answer(&self.redeem(app, &self.code_for(&asks).await).await)
    }

    /// The latest grant of `user` to `app`.
    pub(crate) async fn grant_to(&self, app: &App, user: &str) -> Arc<Grant> {
        let grants = self.grants(user).await;
        let mine = grants.into_iter().filter(|grant| grant.client().as_str() == app.id);
        mine.max_by_key(|grant| grant.approved_at()).unwrap()
    }

    /// What the ID token says that `app` was given of its latest grant of `user`.
    pub(crate) async fn claims(&self, app: &App, user: &str) -> Value {
        let (grant, now) = (self.grant_to(app, user).await, self.now());
        json!({
            "iss": ISSUER, "sub": grant.known_as().as_str(), "aud": app.id,
            "iat": now, "exp": now + 600, "auth_time": now, "sid": grant.sid(),
        })
    }

    pub(crate) fn now(&self) -> i64 {
        self.authentication("alice").authenticated_at().as_unix()
    }

    pub(crate) async fn sign(&self, claims: &Value) -> String {
        self.sign_as("JWT", claims).await
    }

    pub(crate) async fn sign_as(&self, typ: &str, claims: &Value) -> String {
        self.keys.sign(Algorithm::Rs256, typ, claims.to_string().as_bytes()).await.unwrap()
    }

    /// The ID token of `app`.
    pub(crate) async fn hint(&self, app: &App, user: &str) -> String {
        self.sign(&self.claims(app, user).await).await
    }

    /// `app` sends the browser here with its hint, and wants it back.
    pub(crate) async fn leaves(&self, app: &App, bye: &str) -> Form {
        let hint = self.hint(app, "alice").await;
        Form::of(&[("id_token_hint", &hint), ("post_logout_redirect_uri", bye), ("state", "s &1")])
    }

    pub(crate) async fn logout(&self, form: &Form) -> Logout {
        self.logout_by(&Call::get("/logout", form)).await
    }

    pub(crate) async fn logout_by(&self, call: &Call) -> Logout {
        self.server.logout(&call.parts(), &call.body).await
    }

    /// A request that is followed without a page.
    pub(crate) async fn end(&self, form: &Form) -> EndSession {
        match self.logout(form).await {
            Logout::End(end) => end,
            other => panic!("not the end of a session: {other:?}"),
        }
    }

    /// A request that leads to a page; its ticket.
    pub(crate) async fn asked(&self, form: &Form) -> String {
        match self.logout(form).await {
            Logout::Confirm(confirm) => confirm.ticket().to_owned(),
            other => panic!("not a page that asks: {other:?}"),
        }
    }

    /// A request that ends on an error page.
    pub(crate) async fn fault(&self, form: &Form) -> Refused {
        match self.logout(form).await {
            Logout::Refused(refused) => refused,
            other => panic!("not an error page: {other:?}"),
        }
    }

    /// The browser brings the answer to the page.
    pub(crate) async fn confirm(&self, ticket: &str) -> Result<EndSession, Refused> {
        let call = Call::post("/logout/confirm", &Form::default());
        self.server.confirm_logout(&call.parts(), ticket).await
    }

    /// The host does its part, and then the server.
    pub(crate) async fn finish(&self, end: EndSession) -> (SignedOut, Option<Response>) {
        self.browser.set(None);
        self.server.finish_logout(end).await
    }

    /// The host ends the login session of `user`, who has a button for that.
    pub(crate) async fn leave(&self, user: &Authentication) -> SignedOut {
        self.browser.set(None);
        let signed_out = self.server.sign_out(user).await;
        assert!(signed_out.fault.is_none(), "{signed_out:?}");
        signed_out
    }

    /// Refused at both of the doors that a client and a resource server have.
    pub(crate) async fn assert_signed_out(&self, app: &App, tokens: &Tokens) {
        assert_error(&self.refresh(app, &tokens.refresh).await, 400, "invalid_grant");
        let denied = self.check(&tokens.access).await.unwrap_err();
        assert_error(&denied.into_response(), 401, "invalid_token");
    }
}

/// `app` as a client that its users sign in to.
pub(crate) fn openid(app: &App) -> ClientBuilder {
    app.builder().scope("openid offline_access reports.read reports.write").refresh_token()
}

pub(crate) fn alice() -> Subject {
    Subject::parse("alice").unwrap()
}
