//! The flow on oauth-as. A proxy in front has signed the user in and says whom;
//! the application is the host's own, so nobody is asked.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use oauth_as::client::{Client, ClientAuth, ClientId};
use oauth_as::grant::GrantType;
use oauth_as::http::{ApprovalDecision, ServiceBuilder};
use oauth_as::scope::ScopeSet;
use oauth_as::server::{AuthorizationServer, ServerConfig};
use oauth_as::store::{MemoryStorage, Storage};

type Oauth = Arc<AuthorizationServer<MemoryStorage>>;

async fn reports(State(oauth): State<Oauth>, headers: HeaderMap) -> Result<String, StatusCode> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer "));
    let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
    let issued = oauth.introspect(token).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let issued = issued.ok_or(StatusCode::UNAUTHORIZED)?;
    if !issued.scope.iter().any(|scope| scope.as_str() == "reports.read") {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(format!("the reports of {}", issued.subject.as_deref().unwrap_or_default()))
}

pub(crate) async fn routes() -> Result<(Oauth, Router), Box<dyn Error>> {
    let config = ServerConfig::new("https://id.example", "https://id.example/device");
    let oauth = Arc::new(AuthorizationServer::new(config, MemoryStorage::new()));
    let scope = ScopeSet::from_tokens(["reports.read"])?;
    let dashboard = Client {
        client_id: ClientId::new("dashboard"),
        auth: ClientAuth::Public,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        redirect_uris: vec!["https://dashboard.example/callback".to_owned()],
        allowed_scopes: scope.clone(),
        default_scopes: scope,
        name: None,
        registration: None,
    };
    oauth.register_client(dashboard).await?;
    let service = ServiceBuilder::new(oauth.clone())
        .with_subject_resolver(|headers| Some(headers.get("x-user")?.to_str().ok()?.to_owned()))
        .with_approval_resolver(|_| ApprovalDecision::Approve)
        .build()?;
    let routes = Router::new().route("/reports", get(reports)).with_state(oauth.clone());
    Ok((oauth, routes.merge(Router::from(service))))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (oauth, routes) = routes().await?;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let _ = oauth.store().sweep_expired(SystemTime::now()).await;
        }
    });
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, routes).await?;
    Ok(())
}
