//! The flow on codegrant. A proxy in front has signed the user in and says whom;
//! the application is the host's own, so nobody is asked.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use codegrant::{
    Authentication, AuthorizationServer, Authorize, Client, Clock, CodeStore, Denied, Guard,
    InExtensions, Issuer, Scope, SecretRing, ServerSecret, Subject, SystemClock, memory,
};

#[derive(Clone)]
struct Host {
    oauth: AuthorizationServer,
    guard: Guard,
    needed: Scope,
}

async fn authorize(State(host): State<Host>, mut request: Parts, body: Bytes) -> Response {
    let user = request.headers.get("x-user").and_then(|user| user.to_str().ok());
    if let Some(user) = user.and_then(|user| Subject::parse(user).ok()) {
        request.extensions.insert(Authentication::new(user, SystemClock.now()));
    }
    match host.oauth.authorize(&request, &body).await {
        Authorize::Redirect(response) => response.into_response(),
        Authorize::Refused(refused) => refused.response().into_response(),
        Authorize::Login(_) | Authorize::Consent(_) => StatusCode::FORBIDDEN.into_response(),
    }
}

async fn token(State(host): State<Host>, request: Parts, body: Bytes) -> Response {
    host.oauth.token(&request, &body).await.into_response()
}

async fn reports(State(host): State<Host>, request: Parts) -> Result<String, codegrant::Response> {
    let access = host.guard.check(&request).await.map_err(Denied::into_response)?;
    access.require_scope(&host.needed).map_err(Denied::into_response)?;
    Ok(format!("the reports of {}", access.subject()))
}

pub(crate) fn routes(codes: Arc<memory::Codes>) -> Result<Router, Box<dyn Error>> {
    let dashboard = Client::builder("dashboard")
        .redirect_uri("https://dashboard.example/callback")
        .scope("reports.read")
        .refresh_token()
        .trusted()
        .build()?;
    let oauth = AuthorizationServer::builder(
        Issuer::parse("https://id.example")?,
        SecretRing::new(ServerSecret::generate()),
        Arc::new(memory::Clients::new([dashboard])),
        codes,
        Arc::new(InExtensions),
    )
    .build()?;
    Ok(Router::new()
        .route("/authorize", get(authorize).post(authorize))
        .route("/token", post(token))
        .route("/reports", get(reports))
        .with_state(Host { guard: oauth.guard(), needed: Scope::parse("reports.read")?, oauth }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let codes = Arc::new(memory::Codes::default());
    let routes = routes(codes.clone())?;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let _ = codes.sweep(SystemClock.now()).await;
        }
    });
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, routes).await?;
    Ok(())
}
