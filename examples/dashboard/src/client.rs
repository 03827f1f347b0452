//! The dashboard as an OAuth client: what it asks of the other servers, over
//! real HTTP, and what it makes of their answers.

use std::pin::Pin;
use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use oauth2::basic::BasicClient;
use oauth2::reqwest::{self, StatusCode, redirect};
use oauth2::url::{ParseError, Url};
use oauth2::{
    AccessToken, AsyncHttpClient, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, HttpClientError, HttpRequest, HttpResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse, TokenUrl,
};

use crate::reports::{self, Report};
use crate::session::{Pending, Session, Tokens};
use crate::step::Step;
use crate::trace::{Arrow, Party};
use crate::wire;

/// Longer than any answer on one machine takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where everybody is, and the secret that the dashboard was registered with.
pub(crate) struct Registration {
    pub(crate) client_id: String,
    pub(crate) client_secret: codegrant::ClientSecret,
    pub(crate) redirect_uri: String,
    /// The authorization server's own name for itself.
    pub(crate) issuer: String,
    /// The address of the reports API.
    pub(crate) reports: String,
}

type Configured =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

pub(crate) struct OAuthClient {
    oauth: Configured,
    http: reqwest::Client,
    issuer: String,
    reports: String,
}

/// What cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetUpError {
    #[error("an address of the OAuth client cannot be read: {0}")]
    Address(#[from] ParseError),
    #[error("the HTTP client cannot be set up: {0}")]
    Http(#[from] reqwest::Error),
}

/// How the reports API answered.
pub(crate) enum ReportAnswer {
    Report(Report),
    /// 403: a valid token, and yet no.
    Forbidden,
    /// 401: the token opens nothing any more.
    TokenRefused,
}

impl OAuthClient {
    pub(crate) fn new(registration: Registration) -> Result<Self, SetUpError> {
        let Registration { client_id, client_secret, redirect_uri, issuer, reports } = registration;
        // Basic authentication (RFC 6749 section 2.3.1) is this crate's default.
        let oauth = BasicClient::new(ClientId::new(client_id))
            .set_client_secret(ClientSecret::new(client_secret.expose().to_owned()))
            .set_auth_uri(AuthUrl::new(format!("{issuer}/authorize"))?)
            .set_token_uri(TokenUrl::new(format!("{issuer}/token"))?)
            .set_redirect_uri(RedirectUrl::new(redirect_uri)?);
        // A client that followed redirects could be sent to any server.
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build()?;
        Ok(Self { oauth, http, issuer, reports })
    }

    /// Whether an answer comes from the server that was asked (RFC 9207).
    pub(crate) fn is_from_my_server(&self, iss: Option<&str>) -> bool {
        iss == Some(self.issuer.as_str())
    }

    /// Where to send the browser, and what to remember until it returns.
    pub(crate) fn begin(&self) -> (Url, Pending) {
        let (code_challenge, code_verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = self
            .oauth
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new(reports::SCOPE.to_owned()))
            .set_pkce_challenge(code_challenge)
            .url();
        (url, Pending { state, code_verifier })
    }

    /// Trades the code in.
    pub(crate) async fn redeem(
        &self,
        session: &Session,
        code: String,
        code_verifier: PkceCodeVerifier,
    ) -> Result<Tokens, String> {
        let back_channel = BackChannel { http: &self.http, session };
        let answer = self
            .oauth
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(code_verifier)
            .request_async(&back_channel)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(refusal) => {
                    format!("The authorization server refused the code: {}", refusal.error())
                }
                _ => "The authorization server could not be understood.".to_owned(),
            })?;
        let scopes = answer.scopes().into_iter().flatten().map(|scope| scope.to_string());
        Ok(Tokens {
            access_token: answer.access_token().clone(),
            scope: scopes.collect::<Vec<_>>().join(" "),
            expires_in: answer.expires_in().map(|lifetime| lifetime.as_secs()),
        })
    }

    /// Asks the reports API.
    pub(crate) async fn report(
        &self,
        session: &Session,
        token: &AccessToken,
    ) -> Result<ReportAnswer, String> {
        let authorization = format!("Bearer {}", token.secret());
        session.trace.add(
            Arrow::request(Step::Call, Party::Application, Party::ReportsApi, "GET /reports")
                .with([wire::line("Authorization", &authorization)]),
        );
        let traceparent = session.traceparent().map_err(|error| error.to_string())?;
        let request = self
            .http
            .get(&self.reports)
            .header(AUTHORIZATION, authorization)
            .header("traceparent", traceparent);
        let unreachable = |_| "The reports API could not be reached.".to_owned();
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let unreadable = "The reports API’s answer cannot be read.";
        let body = response.bytes().await.map_err(|_| unreadable)?;
        session.trace.add(
            Arrow::answer(Step::Check, Party::ReportsApi, Party::Application, wire::status(status))
                .with(wire::json(&body)),
        );
        match status {
            StatusCode::OK => {
                let report = serde_json::from_slice(&body).map_err(|_| unreadable)?;
                Ok(ReportAnswer::Report(report))
            }
            StatusCode::FORBIDDEN => Ok(ReportAnswer::Forbidden),
            StatusCode::UNAUTHORIZED => Ok(ReportAnswer::TokenRefused),
            other => Err(format!("The reports API answered {}.", wire::status(other))),
        }
    }
}

/// The way to the token endpoint: shows each request and its answer.
struct BackChannel<'a> {
    http: &'a reqwest::Client,
    session: &'a Session,
}

impl<'c> AsyncHttpClient<'c> for BackChannel<'_> {
    type Error = HttpClientError<reqwest::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async {
            self.session.trace.add(shown_request(&request));
            let response = self.http.call(request).await?;
            self.session.trace.add(shown_answer(&response));
            Ok(response)
        })
    }
}

fn shown_request(request: &HttpRequest) -> Arrow {
    let title = format!("{} {}", request.method(), request.uri().path());
    let credentials = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    Arrow::request(Step::Redeem, Party::Application, Party::AuthorizationServer, title)
        .with(credentials.map(|value| wire::line("Authorization", value)))
        .with(wire::form(request.body()))
}

fn shown_answer(response: &HttpResponse) -> Arrow {
    let status = wire::status(response.status());
    Arrow::answer(Step::Token, Party::AuthorizationServer, Party::Application, status)
        .with(wire::json(response.body()))
}
