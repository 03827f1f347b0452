//! The application that asks for tokens and uses them, and the auditor who may
//! look at them.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, redirect};
use serde_json::Value;

use crate::answer::{Answer, Tokens};

/// The application: public, so that its refresh tokens rotate.
pub const ID: &str = "app";
/// At its own https address, so that what a user allowed it is remembered.
pub const REDIRECT_URI: &str = "https://app.example/callback";
/// All it may ask for.
pub const SCOPE: &str = "reports.read";
/// A client that may introspect every token.
pub const AUDITOR: &str = "auditor";
/// Its secret.
pub const AUDITOR_SECRET: &str = "bdpW2dkpPqvnu0mGfmsDEvKiLrbs1BKj6nFgUxhTfSo";

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Longer than any request may take: a server answers, or its connection breaks.
const PATIENCE: Duration = Duration::from_secs(60);

/// The parameters of a request.
pub type Form<'f> = Vec<(&'static str, &'f str)>;

/// The query of an authorization request.
#[must_use]
pub fn asks() -> String {
    format!(
        "response_type=code&client_id={ID}&redirect_uri={REDIRECT_URI}&scope={SCOPE}\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    )
}

/// The parameters that present a code.
#[must_use]
pub fn redeems(code: &str) -> Form<'_> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", ID),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ]
}

/// The parameters that present a refresh token.
#[must_use]
pub fn refreshes(token: &str) -> Form<'_> {
    vec![("grant_type", "refresh_token"), ("client_id", ID), ("refresh_token", token)]
}

/// The parameters that give a token back.
#[must_use]
pub fn revokes(token: &str) -> Form<'_> {
    vec![("client_id", ID), ("token", token)]
}

/// Sends requests to nodes, on connections that it keeps. Cloning shares them.
#[derive(Clone)]
pub struct App(Client);

impl Default for App {
    fn default() -> Self {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none());
        Self(client.timeout(PATIENCE).build().expect("an HTTP client"))
    }
}

impl App {
    /// Presents a code.
    pub async fn redeem(&self, node: &str, code: &str) -> Answer {
        self.post(&format!("{node}/token"), &redeems(code)).await
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, node: &str, token: &str) -> Answer {
        self.post(&format!("{node}/token"), &refreshes(token)).await
    }

    /// Gives a token back.
    pub async fn revoke(&self, node: &str, token: &str) -> Answer {
        self.post(&format!("{node}/revoke"), &revokes(token)).await
    }

    /// Uses an access token.
    pub async fn resource(&self, node: &str, token: &str) -> Answer {
        hear(self.0.get(format!("{node}/resource")).bearer_auth(token)).await
    }

    /// The auditor looks at a token.
    pub async fn introspect(&self, node: &str, token: &str) -> Answer {
        let request = self.0.post(format!("{node}/introspect")).form(&[("token", token)]);
        hear(request.basic_auth(AUDITOR, Some(AUDITOR_SECRET))).await
    }

    /// Asks a node whether it can do its work.
    pub async fn health(&self, node: &str) -> Answer {
        hear(self.0.get(format!("{node}/healthz"))).await
    }

    /// Nothing of this is worth anything any more, wherever it is shown.
    pub async fn assert_dead(&self, node: &str, tokens: &Tokens) {
        let used = self.resource(node, &tokens.access).await;
        assert!(matches!(used, Answer::Refused(_)), "the access token is alive: {used:?}");
        let used = self.refresh(node, &tokens.refresh).await;
        assert!(used.is_invalid_grant(), "the refresh token is alive: {used:?}");
        for token in [&tokens.access, &tokens.refresh] {
            let seen = self.introspect(node, token).await;
            assert_eq!(seen, Answer::Done(serde_json::json!({"active": false})));
        }
    }

    /// The access token is as good as new.
    pub async fn assert_valid(&self, node: &str, access: &str) {
        let used = self.resource(node, access).await;
        assert!(matches!(used, Answer::Done(_)), "the access token is dead: {used:?}");
        match self.introspect(node, access).await {
            Answer::Done(seen) => assert_eq!(seen.get("active"), Some(&Value::Bool(true))),
            other => panic!("{other:?}"),
        }
    }

    async fn post(&self, url: &str, form: &Form<'_>) -> Answer {
        hear(self.0.post(url).form(form)).await
    }
}

/// The whole answer. A server that is silent for too long is a fault of its own.
async fn hear(request: RequestBuilder) -> Answer {
    let answer = async {
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, response.text().await?))
    };
    match answer.await {
        Ok((status, body)) => Answer::of(status, &body),
        Err(error) => {
            let error: reqwest::Error = error;
            assert!(!error.is_timeout(), "a server neither answers nor ends: {error}");
            Answer::Lost
        }
    }
}
