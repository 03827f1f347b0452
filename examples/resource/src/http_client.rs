//! The way to the authorization server.

use std::time::Duration;

use async_trait::async_trait;
use codegrant::{HostError, HttpClient};
use reqwest::redirect::Policy;

/// `reqwest`, with limits: an authorization server that does not answer must
/// not hold up every request to the resource.
pub(crate) struct Reqwest(reqwest::Client);

impl Reqwest {
    pub(crate) fn new() -> Result<Self, HostError> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(5))
            .redirect(Policy::none())
            .build()?;
        Ok(Self(client))
    }
}

#[async_trait]
impl HttpClient for Reqwest {
    async fn send(
        &self,
        request: http::Request<String>,
    ) -> Result<http::Response<String>, HostError> {
        let answer = self.0.execute(request.try_into()?).await?;
        let status = answer.status();
        let mut response = http::Response::new(answer.text().await?);
        *response.status_mut() = status;
        Ok(response)
    }
}
