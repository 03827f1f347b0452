//! Listening: TCP, TLS where configured, and an end without broken answers.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use axum_server::Handle;
use axum_server::accept::DefaultAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::TokioTimer;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::application::{Application, StartError};
use crate::config::{Problem, Tls};
use crate::idle::WhileUsed;
use crate::log;

/// How long requests in flight may take once the server is told to stop.
const FAREWELL: Duration = Duration::from_secs(20);

/// How long a connection may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How many bytes of headers HTTP/2 reads: an authorization request may have 16 KiB
/// and comes back from the login page with a note.
const LONGEST_HEAD: u32 = 64 * 1024;

/// An application that accepts connections, and answers them once served.
pub struct Listener {
    application: Application,
    tcp: TcpListener,
    tls: Option<RustlsConfig>,
    /// For those who watch the server.
    metrics: Option<TcpListener>,
}

/// Listens where `application` says, until `shutdown` is ready; then finishes
/// the requests in flight.
pub async fn serve(
    application: Application,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let listener = Listener::bind(application).await?;
    tracing::info!("listening on {}", listener.application.server().issuer());
    listener.serve(shutdown).await
}

impl Listener {
    /// Takes the address that `application` is configured for.
    pub async fn bind(application: Application) -> Result<Self, StartError> {
        let tcp = bind(application.listen()).await?;
        let metrics = match &application.config().metrics {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        Ok(Self { metrics, ..Self::on(tcp, application)? })
    }

    /// Takes a listener over, whatever `application` is configured for.
    pub fn on(tcp: TcpListener, application: Application) -> Result<Self, StartError> {
        let non_blocking = tcp.set_nonblocking(true);
        non_blocking.map_err(|error| unusable(application.listen(), error))?;
        let tls = application.config().tls.as_ref().map(load).transpose()?;
        Ok(Self { application, tcp, tls, metrics: None })
    }

    /// Answers until `shutdown` is ready, then finishes the requests in flight.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
        let application = self.application.clone();
        log::unproven(&application.config().clients);
        let serving = self.serve_until(shutdown);
        serving.await.map_err(|error| unusable(application.listen(), error))
    }

    async fn serve_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let Self { application, tcp, tls, metrics } = self;
        let handle = Handle::<SocketAddr>::new();
        let service = application.router().into_make_service_with_connect_info::<SocketAddr>();
        let mut server = axum_server::from_tcp(tcp)?.handle(handle.clone());
        server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        server.http_builder().http2().max_header_list_size(LONGEST_HEAD);
        let serving = async {
            match tls {
                Some(tls) => {
                    server.acceptor(WhileUsed(RustlsAcceptor::new(tls))).serve(service).await
                }
                None => server.acceptor(WhileUsed(DefaultAcceptor)).serve(service).await,
            }
        };
        let telling = async {
            let Some(tcp) = metrics else { return std::future::pending().await };
            let service = application.metrics_router().into_make_service();
            axum_server::from_tcp(tcp)?.acceptor(WhileUsed(DefaultAcceptor)).serve(service).await
        };
        let stop = async {
            shutdown.await;
            handle.graceful_shutdown(Some(FAREWELL));
            std::future::pending().await
        };
        let served = tokio::select! {
            served = serving => served,
            told = telling => told,
            () = stop => Ok(()),
            () = application.sweep() => Ok(()),
        };
        application.close().await;
        served
    }
}

async fn bind(address: &str) -> Result<TcpListener, StartError> {
    let tcp = tokio::net::TcpListener::bind(address).await;
    let tcp = tcp.and_then(tokio::net::TcpListener::into_std);
    tcp.map_err(|error| unusable(address, error))
}

fn unusable(address: &str, error: io::Error) -> StartError {
    StartError::Listen { address: address.to_owned(), error }
}

/// Reads the certificate chain and its key. The provider of the cryptography is
/// named, so that no other crate's choice can change or break it.
pub(crate) fn load(tls: &Tls) -> Result<RustlsConfig, Problem> {
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| problem("tls.certificate", &tls.certificate, &error))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .map_err(|error| problem("tls.key", &tls.key, &error))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| problem("tls", &tls.certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

fn problem(key: &str, path: &Path, error: &dyn fmt::Display) -> Problem {
    Problem::new(key, format!("{}: {error}", path.display()))
}
