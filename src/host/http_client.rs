//! The host's HTTP client.

use async_trait::async_trait;

use super::HostError;

/// Sends a request to another server. The host brings the client with its
/// proxies and certificates; redirects must not be followed. It has to give up
/// within seconds and to bound the answer's size: as long as it waits and reads,
/// so does whoever asked.
#[async_trait]
pub trait HttpClient: Send + Sync {
    /// The answer, whatever its status; an error if there was none.
    async fn send(
        &self,
        request: http::Request<String>,
    ) -> Result<http::Response<String>, HostError>;
}
