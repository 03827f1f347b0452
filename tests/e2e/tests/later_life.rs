//! A foreign client, crate `oauth2`, keeps a grant alive, asks about it and gives
//! it back; a resource server in a process of its own finds out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;
use std::time::Duration;

use e2e::agent::{Agent, parameter};
use e2e::program::{Output, Program, built};
use e2e::server::{CLIENT_SECRET, REPORTS_API, Server};
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AccessToken, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IntrospectionUrl,
    PkceCodeChallenge, RedirectUrl, RefreshToken, Scope, TokenIntrospectionResponse, TokenResponse,
    TokenUrl,
};
use reqwest::{StatusCode, redirect};
use serde_json::Value;
use tokio::time::{sleep, timeout};

const REDIRECT_URI: &str = "https://lasting.example/callback";
/// Of a guard's memory, and twice as much of a busy machine.
const FORGETTING: Duration = Duration::from_secs(15);

/// An authorization server, and a client with tokens for the reports API.
struct Held {
    server: Server,
    http: reqwest::Client,
    tokens: BasicTokenResponse,
}

/// The client is known by its name alone, the resource server by its secret.
macro_rules! client_at {
    ($server:expr, $id:literal) => {
        BasicClient::new(ClientId::new($id.to_owned()))
            .set_token_uri(TokenUrl::new($server.at("/token")).unwrap())
            .set_introspection_url(IntrospectionUrl::new($server.at("/introspect")).unwrap())
    };
}

impl Held {
    async fn new() -> Self {
        let server = Server::start();
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy();
        let http = http.build().unwrap();
        let client = client_at!(server, "lasting")
            .set_auth_uri(AuthUrl::new(server.at("/authorize")).unwrap())
            .set_redirect_uri(RedirectUrl::new(REDIRECT_URI.to_owned()).unwrap());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new("reports.read".to_owned()))
            .add_extra_param("resource", REPORTS_API)
            .set_pkce_challenge(challenge)
            .url();
        let answer = Agent::default().allow(&url, "alice", "wonderland").await;
        assert_eq!(parameter(&answer, "state").as_deref(), Some(state.secret().as_str()));
        let code = AuthorizationCode::new(parameter(&answer, "code").unwrap());
        let exchange = client.exchange_code(code).set_pkce_verifier(verifier);
        let tokens = exchange.request_async(&http).await.unwrap();
        Self { server, http, tokens }
    }

    fn refresh_token(&self) -> &RefreshToken {
        self.tokens.refresh_token().unwrap()
    }

    async fn refreshed(&self, token: &RefreshToken) -> Option<BasicTokenResponse> {
        let client = client_at!(self.server, "lasting");
        client.exchange_refresh_token(token).request_async(&self.http).await.ok()
    }

    async fn revoke(&self, token: &RefreshToken) {
        // The crate would insist on https, which nothing on this machine needs.
        let form = format!("client_id=lasting&token={}", token.secret());
        let request = self.http.post(self.server.at("/revoke")).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    }

    /// What the reports API is told of `token`.
    async fn is_active(&self, token: &AccessToken) -> bool {
        let api = client_at!(self.server, "reports")
            .set_client_secret(ClientSecret::new(CLIENT_SECRET.to_owned()));
        let told = api.introspect(token).request_async(&self.http).await.unwrap();
        if told.active() {
            assert_eq!(told.sub(), Some("alice"));
            assert_eq!(told.client_id().map(|id| id.as_str()), Some("lasting"));
            assert_eq!(told.aud(), Some(&vec![REPORTS_API.to_owned()]));
        }
        told.active()
    }
}

/// `examples/resource`, listening on a free port.
fn resource_server(server: &Server) -> (Program, String) {
    let mut command = Command::new(built("resource"));
    command.env("LISTEN", "127.0.0.1:0").env("ISSUER", &server.issuer);
    command.env("RESOURCE", REPORTS_API).env("CLIENT_ID", "reports");
    command.env("CLIENT_SECRET", CLIENT_SECRET);
    let address = |line: &str| line.strip_prefix("listening on ").map(str::to_owned);
    Program::start(command, Output::Stderr, address).unwrap()
}

#[tokio::test]
async fn a_foreign_client_refreshes_and_an_old_token_gives_the_same_answer_once_more() {
    let held = Held::new().await;
    let next = held.refreshed(held.refresh_token()).await.unwrap();
    assert_ne!(next.access_token().secret(), held.tokens.access_token().secret());
    assert_ne!(next.refresh_token().unwrap().secret(), held.refresh_token().secret());
    let again = held.refreshed(held.refresh_token()).await.unwrap();
    assert_eq!(again.refresh_token().unwrap().secret(), next.refresh_token().unwrap().secret());
    for tokens in [&held.tokens, &next, &again] {
        assert!(held.is_active(tokens.access_token()).await);
    }
}

#[tokio::test]
async fn a_foreign_client_revokes_and_everything_is_gone() {
    let held = Held::new().await;
    let next = held.refreshed(held.refresh_token()).await.unwrap();
    held.revoke(next.refresh_token().unwrap()).await;
    for tokens in [&held.tokens, &next] {
        assert!(!held.is_active(tokens.access_token()).await);
        assert!(held.refreshed(tokens.refresh_token().unwrap()).await.is_none());
    }
}

#[tokio::test]
async fn a_resource_server_in_another_process_serves_and_finds_out_within_seconds() {
    let held = Held::new().await;
    let (_program, address) = resource_server(&held.server);
    let token = held.tokens.access_token().secret();
    let get = async |token: &str| {
        let request = held.http.get(format!("{address}/reports")).bearer_auth(token);
        request.send().await.unwrap()
    };
    let answer = get(token).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let reports: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(reports.get("owner").and_then(Value::as_str), Some("alice"));
    assert_eq!(get("x").await.status(), StatusCode::UNAUTHORIZED);

    held.revoke(held.refresh_token()).await;
    let refused = async {
        while get(token).await.status() != StatusCode::UNAUTHORIZED {
            sleep(Duration::from_millis(200)).await;
        }
    };
    assert!(timeout(FORGETTING, refused).await.is_ok(), "the revocation is not heard of");
}
