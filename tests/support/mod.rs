//! A house to test in: an authorization server on memory stores, whose clock,
//! sign-in, user directory and faults the test sets.

pub(crate) mod answers;
pub(crate) mod apps;
pub(crate) mod call;
pub(crate) mod openid;
pub(crate) mod publisher;
pub(crate) mod seams;
pub(crate) mod signed;
pub(crate) mod userinfo;
pub(crate) mod world;

use std::ops::Deref;

use codegrant::{
    Access, AuthorizationServer, Authorize, Builder, Consent, Decision, Denied, Granted, Login,
    Refused, Response, Scope,
};
use serde_json::{Value, json};

use answers::{assert_error, json as body_of, location};
use apps::App;
use call::{Call, Form, bearer};
use world::{ISSUER, World, ring};

/// The server, and through [`Deref`] the world around it.
pub(crate) struct House {
    world: World,
    pub(crate) server: AuthorizationServer,
}

/// What a client that gets refresh tokens holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    pub(crate) fn in_answer(response: &Response) -> Self {
        assert_eq!(response.status(), 200, "{}", response.body());
        let body = body_of(response);
        assert_eq!(body["token_type"], "Bearer");
        let token = |name: &str| body[name].as_str().unwrap().to_owned();
        Self { access: token("access_token"), refresh: token("refresh_token") }
    }
}

impl Deref for House {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl House {
    /// A server with every part that a host can bring; alice is signed in.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// The same, with some parts changed.
    pub(crate) fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let world = World::new();
        let server = change(world.assemble(ISSUER, ring(&[1]))).build().unwrap();
        world.sign_in("alice");
        Self { world, server }
    }

    /// The authorization endpoint, by GET.
    pub(crate) async fn authorize(&self, form: &Form) -> Authorize {
        self.authorize_by(&Call::get("/authorize", form)).await
    }

    pub(crate) async fn authorize_by(&self, call: &Call) -> Authorize {
        self.server.authorize(&call.parts(), &call.body).await
    }

    /// A request that leads to the login page.
    pub(crate) async fn login(&self, form: &Form) -> Login {
        match self.authorize(form).await {
            Authorize::Login(login) => login,
            other => panic!("not a login page: {other:?}"),
        }
    }

    /// A request that leads to the consent page.
    pub(crate) async fn consent(&self, form: &Form) -> Consent {
        match self.authorize(form).await {
            Authorize::Consent(consent) => consent,
            other => panic!("not a consent page: {other:?}"),
        }
    }

    /// A request that is sent straight back to the client.
    pub(crate) async fn redirect(&self, form: &Form) -> Response {
        match self.authorize(form).await {
            Authorize::Redirect(response) => response,
            other => panic!("not a redirect: {other:?}"),
        }
    }

    /// A request that ends on an error page.
    pub(crate) async fn refused(&self, form: &Form) -> Refused {
        self.refused_by(&Call::get("/authorize", form)).await
    }

    pub(crate) async fn refused_by(&self, call: &Call) -> Refused {
        match self.authorize_by(call).await {
            Authorize::Refused(refused) => refused,
            other => panic!("not an error page: {other:?}"),
        }
    }

    /// The browser opens a consent page at its own address, with whoever is signed
    /// in now.
    pub(crate) async fn consent_again(&self, ticket: &str) -> Result<Consent, Refused> {
        let call = Call::get("/consent", &Form::default());
        self.server.consent(&call.parts(), ticket).await
    }

    /// The browser brings the decision of whoever is signed in now.
    pub(crate) async fn decide(
        &self,
        ticket: &str,
        decision: Decision,
    ) -> Result<Response, Refused> {
        let call = Call::post("/consent", &Form::default());
        self.server.decide(&call.parts(), ticket, decision).await
    }

    /// Everything that was asked for is allowed.
    pub(crate) async fn allow(&self, ticket: &str) -> Response {
        self.decide(ticket, Decision::Allow(Granted::everything())).await.unwrap()
    }

    /// A code for `app`, by consent of whoever is signed in.
    pub(crate) async fn code(&self, app: &App) -> String {
        self.code_for(&app.asks()).await
    }

    pub(crate) async fn code_for(&self, form: &Form) -> String {
        let response = match self.authorize(form).await {
            Authorize::Consent(consent) => self.allow(consent.ticket()).await,
            Authorize::Redirect(response) => response,
            other => panic!("neither consent nor redirect: {other:?}"),
        };
        location(&response).one("code")
    }

    /// Texts that look like the `genuine` ticket: another issuer's, and altered ones.
    pub(crate) async fn foreign_tickets(&self, genuine: &str) -> Vec<String> {
        let sister = self.assemble("https://id.example", ring(&[1])).build().unwrap();
        let call = Call::get("/authorize", &apps::DASHBOARD.asks());
        let elsewhere = match sister.authorize(&call.parts(), b"").await {
            Authorize::Login(login) => login.ticket().to_owned(),
            Authorize::Consent(consent) => consent.ticket().to_owned(),
            other => panic!("{other:?}"),
        };
        let (half, _) = genuine.split_at(genuine.len() / 2);
        let tail = genuine.get(1..).unwrap();
        let flipped = if genuine.starts_with('A') { "B" } else { "A" };
        vec![
            elsewhere,
            half.to_owned(),
            tail.to_owned(),
            format!("{flipped}{tail}"),
            format!("{genuine}A"),
            format!("{genuine}="),
            format!(" {genuine}"),
            genuine.to_lowercase(),
            String::new(),
            "\u{fc}\r\n\0".into(),
            "A".repeat(1_000_000),
        ]
    }

    /// The token endpoint.
    pub(crate) async fn token(&self, call: &Call) -> Response {
        self.server.token(&call.parts(), &call.body).await
    }

    /// `app` presents `code` as it should.
    pub(crate) async fn redeem(&self, app: &App, code: &str) -> Response {
        self.token(&app.redeems(code)).await
    }

    /// An access token for `app`.
    pub(crate) async fn access_token(&self, app: &App) -> String {
        let code = self.code(app).await;
        let response = self.redeem(app, &code).await;
        body_of(&response)["access_token"].as_str().unwrap().to_owned()
    }

    /// Both tokens for `app`, which gets refresh tokens.
    pub(crate) async fn tokens(&self, app: &App) -> Tokens {
        Tokens::in_answer(&self.redeem(app, &self.code(app).await).await)
    }

    /// `app` presents a refresh token as it should.
    pub(crate) async fn refresh(&self, app: &App, refresh_token: &str) -> Response {
        self.token(&app.refreshes(refresh_token)).await
    }

    /// `app` presents a refresh token and gets what it asks for.
    pub(crate) async fn refreshed(&self, app: &App, refresh_token: &str) -> Tokens {
        Tokens::in_answer(&self.refresh(app, refresh_token).await)
    }

    /// `app` asks what `token` stands for.
    pub(crate) async fn introspect(&self, app: &App, token: &str) -> Value {
        let call = app.calls("/introspect", &Form::of(&[("token", token)]));
        let response = self.server.introspect(&call.parts(), &call.body).await;
        assert_eq!(response.status(), 200, "{}", response.body());
        body_of(&response)
    }

    /// `app` gives `token` back.
    pub(crate) async fn revoke(&self, app: &App, token: &str) -> Response {
        let call = app.calls("/revoke", &Form::of(&[("token", token)]));
        self.server.revoke(&call.parts(), &call.body).await
    }

    /// Nothing of this is worth anything any more.
    pub(crate) async fn assert_dead(&self, app: &App, tokens: &Tokens) {
        assert!(self.check(&tokens.access).await.is_err());
        let refused = self.refresh(app, &tokens.refresh).await;
        assert_error(&refused, 400, "invalid_grant");
        for token in [&tokens.access, &tokens.refresh] {
            assert_eq!(self.introspect(&apps::AUDITOR, token).await, json!({"active": false}));
        }
    }

    /// All of this is as good as new, and stays so.
    pub(crate) async fn assert_alive(&self, app: &App, tokens: &Tokens) {
        assert!(self.check(&tokens.access).await.is_ok());
        let again = self.refreshed(app, &tokens.refresh).await;
        assert!(self.check(&again.access).await.is_ok());
    }

    /// A resource server that does not ask whom tokens are for gets `token` in
    /// the header.
    pub(crate) async fn check(&self, token: &str) -> Result<Access, Denied> {
        self.server.guard().any_audience().check(&bearer(token).parts()).await
    }

    /// `code` is still as good as new: it redeems, and its token works.
    pub(crate) async fn assert_redeems(&self, app: &App, code: &str, after: &str) {
        let response = self.redeem(app, code).await;
        assert_eq!(response.status(), 200, "after {after}: {}", response.body());
        let token = body_of(&response)["access_token"].as_str().unwrap().to_owned();
        assert!(self.check(&token).await.is_ok(), "after {after}");
    }
}

/// The scope of these tokens.
pub(crate) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}
