//! Who takes part, put together. The fifth party is the user.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use codegrant::ClientSecret;
use openidconnect::reqwest::{self, redirect};
use openidconnect::url::ParseError;
use server::Config;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::api::ReportsApi;
use crate::application::Application;
use crate::client::{Registration, RelyingParty, SCOPES};
use crate::page::DemoUser;
use crate::reports;
use crate::session::Sessions;
use crate::watch::{self as watched, WatchedDirectory};

/// How long requests in flight may hold up the end of the program.
const LAST_ORDERS: Duration = Duration::from_secs(3);
/// Longer than any answer on one machine takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Three parties with a listener each, and the database that they share.
pub(crate) struct Parties {
    application: (TcpListener, Router),
    authorization_server: (TcpListener, Router),
    reports_api: (TcpListener, Router),
    server: server::Application,
    invitation: String,
    stopping: watch::Sender<bool>,
    /// The database and the server's secret; removed when this is dropped.
    directory: TempDir,
}

/// Why the parties cannot meet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(
        "Port {port} is in use by another program. Stop that program, or choose other ports:\n\n    \
         cargo run -p dashboard -- --port 4100\n\nuses 4100, 4101 and 4102; --port 0 takes any \
         that are free."
    )]
    PortTaken { port: u16 },
    #[error("cannot listen on port {port}: {source}")]
    Listen { port: u16, source: io::Error },
    #[error("cannot make a temporary directory for the database: {0}")]
    TemporaryDirectory(io::Error),
    #[error("cannot start the authorization server: {0}")]
    AuthorizationServer(#[from] server::StartError),
    #[error("an address of the dashboard’s cannot be read: {0}")]
    Address(#[from] ParseError),
    #[error("the HTTP client cannot be set up: {0}")]
    Http(#[from] reqwest::Error),
    #[error("cannot set the reports API up: {0}")]
    ReportsApi(#[from] reports::SetUpError),
}

/// The ports that are listened on, and the addresses that they make.
struct Places {
    application: TcpListener,
    authorization_server: TcpListener,
    reports_api: TcpListener,
}

impl Parties {
    /// Binds the ports from `port` on (0: any three), and sets everybody up.
    pub(crate) async fn gather(port: u16) -> Result<Self, StartError> {
        let places = Places::bind(port).await?;
        let directory =
            TempDir::with_prefix("codegrant-dashboard-").map_err(StartError::TemporaryDirectory)?;
        let registration = places.registration()?;
        let config = configuration(&registration, directory.path());
        let demo_users: Arc<[DemoUser]> = config.users.iter().map(DemoUser::new).collect();
        let server = authorization_server(config).await?;

        let sessions = Sessions::default();
        let (stopping, stopped) = watch::channel(false);
        let issuer = registration.issuer.clone();
        let home = address(&places.application)?;
        let http = http_client()?;
        let page = Application {
            client: Arc::new(RelyingParty::new(registration, http.clone())?),
            reports_api: Arc::new(ReportsApi { http, address: address(&places.reports_api)? }),
            sessions: sessions.clone(),
            demo_users: demo_users.clone(),
            issuer: issuer.into(),
            home: home.clone().into(),
            stopping: stopped,
        };
        let reports = reports::router(server.guard())?;
        let watch_server = from_fn_with_state(sessions.clone(), watched::authorization_server);
        let watch_reports = from_fn_with_state(sessions, watched::reports_api);
        Ok(Self {
            invitation: invitation(&home, &demo_users),
            application: (places.application, page.router()),
            authorization_server: (
                places.authorization_server,
                server.router().layer(watch_server),
            ),
            reports_api: (places.reports_api, reports.layer(watch_reports)),
            server,
            stopping,
            directory,
        })
    }

    /// What to tell who started the program.
    pub(crate) fn invitation(&self) -> &str {
        &self.invitation
    }

    /// Serves until `stop`, then lets the requests in flight finish and tidies up.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let mut servers = JoinSet::new();
        for (listener, router) in [self.application, self.authorization_server, self.reports_api] {
            let mut stopping = self.stopping.subscribe();
            let stopped = async move {
                // An error means that the sender is gone: the program ends, too.
                let _ = stopping.wait_for(|stopping| *stopping).await;
            };
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            let serve = axum::serve(listener, service).with_graceful_shutdown(stopped);
            servers.spawn(serve.into_future());
        }
        tokio::select! {
            () = stop => {}
            () = self.server.sweep() => {}
        }
        self.stopping.send_replace(true);
        // A browser may hold a connection open without a word; it is not waited for.
        let _ = timeout(LAST_ORDERS, servers.join_all()).await;
        self.directory.close()
    }
}

impl Places {
    async fn bind(port: u16) -> Result<Self, StartError> {
        let after = |places: u16| if port == 0 { 0 } else { port.saturating_add(places) };
        Ok(Self {
            application: listen(port).await?,
            authorization_server: listen(after(1)).await?,
            reports_api: listen(after(2)).await?,
        })
    }

    /// The dashboard as the authorization server knows it, with a secret that
    /// only these two share.
    fn registration(&self) -> Result<Registration, StartError> {
        let home = address(&self.application)?;
        Ok(Registration {
            client_id: "dashboard".to_owned(),
            client_secret: ClientSecret::generate(),
            redirect_uri: format!("{home}/callback"),
            post_logout_redirect_uri: format!("{home}/signed-out"),
            issuer: address(&self.authorization_server)?,
        })
    }
}

async fn listen(port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { port },
        _ => StartError::Listen { port, source },
    })
}

fn address(listener: &TcpListener) -> Result<String, StartError> {
    let local = listener.local_addr().map_err(|source| StartError::Listen { port: 0, source })?;
    Ok(format!("http://{local}"))
}

/// A client that followed redirects could be sent to any server.
fn http_client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .build()
}

/// The demonstration's users and scopes, with our one client.
fn configuration(registration: &Registration, directory: &Path) -> Config {
    Config {
        issuer: registration.issuer.clone(),
        store: format!("sqlite:{}", directory.join("codegrant.db").display()),
        secret: server::Secret::File(directory.join("codegrant.secret")),
        signing_keys: Some(["es256.pem", "rs256.pem"].map(|name| directory.join(name)).into()),
        clients: vec![server::Client {
            client_id: registration.client_id.clone(),
            client_secret: Some(registration.client_secret.expose().to_owned()),
            client_name: Some("Dashboard".to_owned()),
            redirect_uris: vec![registration.redirect_uri.clone()],
            token_endpoint_auth_method: Some("client_secret_basic".to_owned()),
            scope: format!("openid {}", SCOPES.join(" ")),
            post_logout_redirect_uris: vec![registration.post_logout_redirect_uri.clone()],
            require_pkce: true,
            ..server::Client::default()
        }],
        ..Config::default()
    }
}

async fn authorization_server(config: Config) -> Result<server::Application, server::StartError> {
    server::Application::builder(config)
        .wrap_directory(|directory| Arc::new(WatchedDirectory(directory)))
        .build()
        .await
}

fn invitation(address: &str, demo_users: &[DemoUser]) -> String {
    let mut text = format!("Open {address} in a browser, and sign in as\n\n");
    for DemoUser { username, password, story } in demo_users {
        text.push_str(&format!("    {username:<6} password {password:<12} {story}\n"));
    }
    text.push_str("\nCtrl-C stops everything and removes the database.");
    text
}

impl DemoUser {
    fn new(user: &server::User) -> Self {
        let may_read = user.permissions.iter().any(|permission| permission == reports::PERMISSION);
        let story = if may_read {
            "The policy database lets them read reports."
        } else {
            "The policy database lets them read no report."
        };
        Self {
            username: user.username.clone(),
            password: user.password.clone(),
            story: story.to_owned(),
        }
    }
}
