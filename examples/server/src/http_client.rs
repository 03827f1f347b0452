//! The way to the servers of clients.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use codegrant::{HostError, HttpClient};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

/// A client's server may be slow, or somebody else's by now.
const PATIENCE: Duration = Duration::from_secs(10);

/// HTTP, over TLS or not.
pub(crate) struct Hyper(Client<HttpsConnector<HttpConnector>, Body>);

impl Hyper {
    pub(crate) fn new() -> Result<Self, HostError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls()?)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }
}

/// Trusts whom the system trusts, or whom `SSL_CERT_FILE` names: nobody, where
/// there are none. The provider of the cryptography is named, so that no other
/// crate's choice can change or break it.
fn tls() -> Result<ClientConfig, HostError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// No redirect is followed, and only the status is read: nobody here asks for
/// more, and a body may be long.
#[async_trait]
impl HttpClient for Hyper {
    async fn send(
        &self,
        request: http::Request<String>,
    ) -> Result<http::Response<String>, HostError> {
        let answer = timeout(PATIENCE, self.0.request(request.map(Body::from))).await??;
        Ok(answer.map(|_| String::new()))
    }
}
