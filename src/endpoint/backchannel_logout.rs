//! Clients hear that a session has ended (OpenID Connect Back-Channel Logout
//! section 2.5).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};

use super::service::Service;
use crate::grant::Grant;
use crate::host::{HostError, HttpClient};
use crate::model::client::Client;
use crate::model::identity::{ClientId, Subject};
use crate::together::together;
use crate::token::logout_token::{self, Ended, LogoutToken};

/// The clients that have to hear of one sign-out, each once.
#[must_use]
pub struct Notices {
    service: Arc<Service>,
    notices: Vec<Notice>,
}

/// What one client has to hear.
#[derive(Debug, PartialEq, Eq)]
struct Notice {
    client: ClientId,
    subject: Subject,
    sid: Option<String>,
}

/// Why a client has not heard, as far as one can know.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Undelivered {
    /// It answered 400: it understood, and refuses (section 2.8).
    #[error("the client refused the logout token")]
    Refused,
    /// It requires `sid`, by which alone it finds what to end, and the host did not
    /// name the session (section 2.2).
    #[error("the client requires the session's name, and it has none")]
    NoSession,
    /// It answered something else than 200, 204 or 400.
    #[error("the client answered {0}")]
    Answer(StatusCode),
    /// The logout token could not be signed or sent.
    #[error("the logout token could not be sent: {0}")]
    Host(#[source] HostError),
}

impl Notices {
    pub(super) const fn none(service: Arc<Service>) -> Self {
        Self { service, notices: Vec::new() }
    }

    /// Adds what the client of `grant` has to hear; of two grants it hears once.
    pub(super) fn add(&mut self, grant: &Grant) {
        let notice = Notice {
            client: grant.client().clone(),
            subject: grant.known_as().clone(),
            sid: grant.sid(),
        };
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Whether nobody has to be told.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.notices.is_empty()
    }

    /// The clients that have to be told; twice, if two of their sessions ended.
    pub fn clients(&self) -> impl Iterator<Item = &ClientId> {
        self.notices.iter().map(|notice| &notice.client)
    }

    /// Tells every client, all at the same time, and says in the order they
    /// ended what became of each. A client that cannot be reached, or answers
    /// with an error of its own, is tried again after each of `waits`, which
    /// `sleep` (such as `tokio::time::sleep`) lets pass; one that refuses, or cannot
    /// be told which session it was, is not.
    ///
    /// Each try has a logout token of its own, so that none expires meanwhile, and
    /// a client that heard but whose answer was lost does not take it for a replay.
    pub async fn deliver<S>(
        &self,
        http: &dyn HttpClient,
        waits: &[Duration],
        sleep: impl Fn(Duration) -> S,
    ) -> Vec<(ClientId, Result<(), Undelivered>)>
    where
        S: Future<Output = ()>,
    {
        let sleep = &sleep;
        let each = self.notices.iter().map(async |notice| {
            (notice.client.clone(), notice.deliver(&self.service, http, waits, sleep).await)
        });
        together(each).await
    }
}

impl Notice {
    async fn deliver<S: Future<Output = ()>>(
        &self,
        service: &Service,
        http: &dyn HttpClient,
        waits: &[Duration],
        sleep: &impl Fn(Duration) -> S,
    ) -> Result<(), Undelivered> {
        for wait in waits {
            match self.send(service, http).await {
                Ok(()) => return Ok(()),
                Err(last @ (Undelivered::Refused | Undelivered::NoSession)) => return Err(last),
                Err(_) => sleep(*wait).await,
            }
        }
        self.send(service, http).await
    }

    /// One try. A client that is registered no more, or for this no more, need
    /// not hear.
    async fn send(&self, service: &Service, http: &dyn HttpClient) -> Result<(), Undelivered> {
        let Some(client) = service.clients.client(&self.client).await? else { return Ok(()) };
        let Some(uri) = client.backchannel_logout_uri() else { return Ok(()) };
        if self.sid.is_none() && client.backchannel_logout_session_required() {
            return Err(Undelivered::NoSession);
        }
        let token = self.sign(service, &client).await?;
        // A signed token has no character that a form would encode.
        let request = Request::post(uri)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(["logout_token=", &token].concat())
            .map_err(HostError::from)?;
        match http.send(request).await?.status() {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
            StatusCode::BAD_REQUEST => Err(Undelivered::Refused),
            status => Err(Undelivered::Answer(status)),
        }
    }

    async fn sign(&self, service: &Service, client: &Client) -> Result<String, HostError> {
        let Some(provider) = &service.provider else {
            return Err(HostError::new("this server signs nothing"));
        };
        let ended = Ended {
            issuer: service.issuer.as_str(),
            client: client.id().as_str(),
            subject: self.subject.as_str(),
            sid: self.sid.as_deref(),
        };
        let token = LogoutToken::new(ended, service.draw()?, service.now());
        let claims = serde_json::to_vec(&token)?;
        provider.keys.sign(client.id_token_signed_response_alg(), logout_token::TYPE, &claims).await
    }
}

impl From<HostError> for Undelivered {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Notices").field(&self.notices).finish()
    }
}
