//! Clients hear in the background that their users have signed out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use codegrant::{Cause, HostError, HttpClient, Notices, SignedOut};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::http_client::Hyper;
use crate::log;

/// How long to wait before each try after the first: a client's server may just
/// be starting again, or be down for some minutes.
const WAITS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
];

/// How long a server that is told to stop goes on telling clients.
const FAREWELL: Duration = Duration::from_secs(5);

pub(crate) struct NoticeBoard {
    http: Arc<dyn HttpClient>,
    deliveries: Mutex<JoinSet<()>>,
}

impl NoticeBoard {
    pub(crate) fn new() -> Result<Self, HostError> {
        Ok(Self { http: Arc::new(Hyper::new()?), deliveries: Mutex::default() })
    }

    /// Tells the clients, while the user goes on. An error says that not all was
    /// signed out.
    pub(crate) fn tell(&self, signed_out: SignedOut) -> Result<(), Cause> {
        let SignedOut { notices, fault, .. } = signed_out;
        if !notices.is_empty() {
            let mut deliveries = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
            while deliveries.try_join_next().is_some() {}
            deliveries.spawn(deliver(self.http.clone(), notices));
        }
        fault.map_or(Ok(()), Err)
    }

    /// Waits for the deliveries that are under way, but not for long.
    pub(crate) async fn close(&self) {
        let deliveries = {
            let mut deliveries = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *deliveries)
        };
        if timeout(FAREWELL, deliveries.join_all()).await.is_err() {
            tracing::error!("stopped before all clients heard of the last sign-outs");
        }
    }
}

async fn deliver(http: Arc<dyn HttpClient>, notices: Notices) {
    for (client, outcome) in notices.deliver(&*http, &WAITS, sleep).await {
        log::notice(&client, outcome.as_ref().err());
    }
}
