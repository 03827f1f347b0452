//! A resource server in a process of its own: it has no access to the grants,
//! and asks the authorization server what a token is worth.
//!
//! `cargo run -p server`, and beside it `cargo run -p resource`. The environment
//! says with whom it works: see [`Setting`].

mod http_client;

use std::env;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::routing::get;
use codegrant::{
    ClientId, ClientSecret, Denied, HostError, HttpClient, Issuer, RemoteGuard, Resource, Response,
    Scope,
};
use http_client::Reqwest;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal;

/// What the environment says, and what is meant without it: the authorization
/// server's demonstration.
struct Setting {
    /// `LISTEN`: address and port.
    listen: String,
    /// `ISSUER`: the authorization server.
    issuer: Issuer,
    /// `RESOURCE`: this server's own identifier, which tokens must be addressed to.
    resource: Resource,
    /// `CLIENT_ID`: as whom it asks.
    client: ClientId,
    /// `CLIENT_SECRET`: how it proves that.
    secret: ClientSecret,
}

/// What the reports need.
#[derive(Clone)]
struct Api {
    guard: RemoteGuard,
    needed: Scope,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = Setting::from_environment()?;
    let http = Arc::new(Reqwest::new().map_err(|error| error.to_string())?);
    let endpoint = introspection_endpoint(&*http, &setting.issuer).await;
    let endpoint = endpoint.map_err(|error| error.to_string())?;
    let needed = Scope::parse("reports.read")?;
    let Setting { issuer, resource, client, secret, .. } = setting;
    let guard = RemoteGuard::new(issuer, &endpoint, resource, &client, &secret, http)?;
    let api = Api { guard: guard.scope(needed.clone()), needed };

    let mut router = Router::new().route("/reports", get(reports));
    if let Some(path) = api.guard.metadata_path() {
        router = router.route(&path, get(metadata));
    }
    let listener = TcpListener::bind(&setting.listen).await?;
    say(&format!("listening on http://{}", listener.local_addr()?));
    let stop = async { drop(signal::ctrl_c().await) };
    axum::serve(listener, router.with_state(api)).with_graceful_shutdown(stop).await?;
    Ok(())
}

/// Steps 7 and 8: a valid token, its scope, and the user's own permission.
async fn reports(State(api): State<Api>, request: Parts) -> Response {
    read(&api, &request).await.unwrap_or_else(Denied::into_response)
}

async fn read(api: &Api, request: &Parts) -> Result<Response, Denied> {
    let access = api.guard.check(request).await?;
    access.require_scope(&api.needed)?;
    access.require_permission("reports:read")?;
    let report = json!({"owner": access.subject().as_str(), "reports": ["Q1", "Q2", "Q3"]});
    Ok(Response::new(report.to_string()))
}

/// Where clients learn which authorization server to go to (RFC 9728).
async fn metadata(State(api): State<Api>) -> Response {
    api.guard.metadata().unwrap_or_default()
}

/// Where to ask, as the authorization server's metadata say (RFC 8414).
async fn introspection_endpoint(
    http: &dyn HttpClient,
    issuer: &Issuer,
) -> Result<String, HostError> {
    let origin = issuer.as_str().strip_suffix(issuer.path()).unwrap_or(issuer.as_str());
    let origin = origin.trim_end_matches('/');
    let uri = format!("{origin}/.well-known/oauth-authorization-server{}", issuer.path());
    let answer = http.send(http::Request::get(uri).body(String::new())?).await?;
    let metadata: Value = serde_json::from_str(answer.body())?;
    let told = |name: &str| metadata.get(name).and_then(Value::as_str);
    match (told("issuer"), told("introspection_endpoint")) {
        (Some(named), Some(endpoint)) if named == issuer.as_str() => Ok(endpoint.to_owned()),
        _ => Err(HostError::new(format!("{issuer} does not offer introspection"))),
    }
}

impl Setting {
    fn from_environment() -> Result<Self, Box<dyn Error>> {
        let told = |name: &str, usual: &str| env::var(name).unwrap_or_else(|_| usual.to_owned());
        Ok(Self {
            listen: told("LISTEN", "127.0.0.1:8090"),
            issuer: Issuer::parse(&told("ISSUER", "http://127.0.0.1:8080"))?,
            resource: Resource::parse(&told("RESOURCE", "http://127.0.0.1:8090/reports"))?,
            client: ClientId::parse(told("CLIENT_ID", "reports"))?,
            secret: ClientSecret::new(told("CLIENT_SECRET", "reports-demo-secret")),
        })
    }
}

#[allow(clippy::print_stderr, reason = "this is what the user at the terminal is told")]
fn say(text: &str) {
    eprintln!("{text}");
}
