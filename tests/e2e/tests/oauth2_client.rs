//! A foreign client, crate `oauth2`, against the example authorization server
//! over real HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeMap;

use e2e::agent::{Agent, parameter};
use e2e::server::{CLIENT_SECRET, Server, WEB_REDIRECT_URI};
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse, BasicTokenType};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    TokenResponse, TokenUrl,
};
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Response, StatusCode, Url, redirect};

type Configured =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// One client of one server, with a user's browser.
struct Flow {
    server: Server,
    client: Configured,
    http: reqwest::Client,
    agent: Agent,
}

/// What came back to the client.
struct Answer {
    code: AuthorizationCode,
    verifier: PkceCodeVerifier,
}

impl Flow {
    fn of(client_id: &str, redirect_uri: &str, configure: fn(Configured) -> Configured) -> Self {
        let server = Server::start();
        let client = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_auth_uri(AuthUrl::new(server.at("/authorize")).unwrap())
            .set_token_uri(TokenUrl::new(server.at("/token")).unwrap())
            .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned()).unwrap());
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy();
        Self {
            client: configure(client),
            http: http.build().unwrap(),
            server,
            agent: Agent::default(),
        }
    }

    fn basic() -> Self {
        Self::of("basic", WEB_REDIRECT_URI, |client| client.set_client_secret(secret()))
    }

    /// Sends `username`'s browser to the server, and checks what it brings back.
    async fn ask(&self, username: &str, scope: &str) -> Answer {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = self
            .client
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new(scope.to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let password = if username == "alice" { "wonderland" } else { "builder" };
        let url = Url::parse(url.as_str()).unwrap();
        let answer = self.agent.allow(&url, username, password).await;
        let redirect_uri = self.client.redirect_uri().unwrap().as_str();
        assert_eq!(answer.as_str().split('?').next(), Some(redirect_uri));
        assert_eq!(parameter(&answer, "state").as_ref(), Some(state.secret()));
        assert_eq!(parameter(&answer, "iss").as_ref(), Some(&self.server.issuer));
        let code = AuthorizationCode::new(parameter(&answer, "code").unwrap());
        Answer { code, verifier }
    }

    /// Trades the code in; an error is the code of the server's answer.
    async fn redeem(
        &self,
        code: &AuthorizationCode,
        verifier: &PkceCodeVerifier,
    ) -> Result<BasicTokenResponse, BasicErrorResponseType> {
        let verifier = PkceCodeVerifier::new(verifier.secret().clone());
        let exchange = self.client.exchange_code(code.clone()).set_pkce_verifier(verifier);
        exchange.request_async(&self.http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(answer) => answer.error().clone(),
            other => panic!("not an answer of RFC 6749 section 5.2: {other:?}"),
        })
    }

    async fn tokens(&self, username: &str, scope: &str) -> BasicTokenResponse {
        let Answer { code, verifier } = self.ask(username, scope).await;
        self.redeem(&code, &verifier).await.unwrap()
    }

    async fn resource(&self, tokens: Option<&BasicTokenResponse>) -> Response {
        let mut request = self.http.get(self.server.at("/resource"));
        if let Some(tokens) = tokens {
            request = request.bearer_auth(tokens.access_token().secret());
        }
        request.send().await.unwrap()
    }

    /// From the first redirect to the resource.
    async fn works(&self) {
        let tokens = self.tokens("alice", "reports.read").await;
        assert_eq!(tokens.token_type(), &BasicTokenType::Bearer);
        assert!(tokens.expires_in().is_some_and(|lifetime| lifetime.as_secs() > 0));
        assert!(tokens.refresh_token().is_none());
        let scopes = tokens.scopes().cloned().unwrap_or_default();
        assert_eq!(scopes, [Scope::new("reports.read".to_owned())]);
        assert_eq!(self.resource(Some(&tokens)).await.status(), StatusCode::OK);
    }
}

fn secret() -> ClientSecret {
    ClientSecret::new(CLIENT_SECRET.to_owned())
}

/// The parameters of a challenge (RFC 6750 section 3).
fn challenge(response: &Response) -> BTreeMap<String, String> {
    let header = response.headers().get(WWW_AUTHENTICATE).expect("a challenge").to_str().unwrap();
    let parameters = header.strip_prefix("Bearer ").expect("a Bearer challenge").split("\", ");
    let pairs = parameters.map(|pair| pair.split_once("=\"").expect("name=\"value\""));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_end_matches('"').to_owned())).collect()
}

#[tokio::test]
async fn a_client_that_authenticates_in_the_header_gets_to_the_resource() {
    Flow::basic().works().await;
}

#[tokio::test]
async fn a_client_that_authenticates_in_the_body_gets_to_the_resource() {
    let post = Flow::of("post", WEB_REDIRECT_URI, |client| {
        client.set_client_secret(secret()).set_auth_type(AuthType::RequestBody)
    });
    post.works().await;
}

#[tokio::test]
async fn a_public_client_may_be_answered_on_any_loopback_port() {
    let other_port = "http://127.0.0.1:45123/callback";
    Flow::of("native", other_port, |client| client).works().await;
}

#[tokio::test]
async fn a_wrong_verifier_gets_nothing_and_leaves_the_code_as_it_was() {
    let flow = Flow::basic();
    let Answer { code, verifier } = flow.ask("alice", "reports.read").await;
    let (_, guessed) = PkceCodeChallenge::new_random_sha256();
    let refused = flow.redeem(&code, &guessed).await.unwrap_err();
    assert_eq!(refused, BasicErrorResponseType::InvalidGrant);
    let tokens = flow.redeem(&code, &verifier).await.unwrap();
    assert_eq!(flow.resource(Some(&tokens)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_code_redeemed_twice_takes_the_first_token_with_it() {
    let flow = Flow::basic();
    let Answer { code, verifier } = flow.ask("alice", "reports.read").await;
    let first = flow.redeem(&code, &verifier).await.unwrap();
    assert_eq!(flow.resource(Some(&first)).await.status(), StatusCode::OK);
    let refused = flow.redeem(&code, &verifier).await.unwrap_err();
    assert_eq!(refused, BasicErrorResponseType::InvalidGrant);
    let response = flow.resource(Some(&first)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(challenge(&response)["error"], "invalid_token");
}

#[tokio::test]
async fn without_a_token_the_challenge_names_no_error() {
    let flow = Flow::basic();
    let response = flow.resource(None).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenge = challenge(&response);
    assert!(challenge.contains_key("realm") && !challenge.contains_key("error"), "{challenge:?}");
}

#[tokio::test]
async fn a_token_of_another_scope_is_told_which_one_it_takes() {
    let flow = Flow::basic();
    let tokens = flow.tokens("alice", "reports.comment").await;
    let response = flow.resource(Some(&tokens)).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let challenge = challenge(&response);
    assert_eq!(challenge["error"], "insufficient_scope");
    assert_eq!(challenge["scope"], "reports.read");
}

#[tokio::test]
async fn a_user_without_the_permission_is_refused_whatever_the_scope() {
    let flow = Flow::basic();
    let tokens = flow.tokens("bob", "reports.read").await;
    let response = flow.resource(Some(&tokens)).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    // No other token of theirs would help, so none is asked for.
    assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
}

#[tokio::test]
async fn a_denial_is_told_to_the_client_and_brings_no_code() {
    let flow = Flow::basic();
    let (challenge, _) = PkceCodeChallenge::new_random_sha256();
    let request = flow.client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
    let (url, state) = request.url();
    let login = flow.agent.open(&Url::parse(url.as_str()).unwrap()).await.page();
    let typed = [("username", "alice"), ("password", "wonderland")];
    let consent = flow.agent.press(&login, "sign-in", &typed).await.page();
    let answer = flow.agent.press(&consent, "deny", &[]).await.client();
    assert_eq!(parameter(&answer, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&answer, "state").as_ref(), Some(state.secret()));
    assert_eq!(parameter(&answer, "iss").as_ref(), Some(&flow.server.issuer));
    assert_eq!(parameter(&answer, "code"), None);
}
