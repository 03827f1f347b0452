//! Sign-outs are carried to their end in the background: clients hear of them, and
//! what an error of the store broke off is tried again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use codegrant::{
    Authentication, AuthorizationServer, Cause, EndSession, HostError, HttpClient, Notices,
    Response, SignedOut, Subject,
};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::http_client::Hyper;
use crate::log;

/// How long to wait before each try after the first: a client's server, or the
/// database, may just be starting again, or be down for some minutes.
const WAITS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
];

/// How long a server that is told to stop goes on with what it has begun.
const FAREWELL: Duration = Duration::from_secs(5);

/// Everybody who has just signed out, and has not quite left.
pub(crate) struct Departures {
    server: AuthorizationServer,
    http: Arc<dyn HttpClient>,
    under_way: Mutex<JoinSet<()>>,
}

impl Departures {
    pub(crate) fn new(server: AuthorizationServer) -> Result<Self, HostError> {
        Ok(Self { server, http: Arc::new(Hyper::new()?), under_way: Mutex::default() })
    }

    /// Signs `user` out of what was issued in their login session, which has ended.
    /// An error says that not all has ended yet. It is tried again: with their
    /// session, they have lost the means to do so.
    pub(crate) async fn sign_out(&self, user: &Authentication) -> Result<(), Cause> {
        let first = self.server.sign_out(user).await;
        self.see_off(user.clone(), first)
    }

    /// The same for a sign-out that came from a client or was asked about, and
    /// where the browser goes.
    pub(crate) async fn finish(&self, session: EndSession) -> Result<Option<Response>, Cause> {
        let user = session.user().cloned();
        let (first, then) = self.server.finish_logout(session).await;
        user.map_or(Ok(()), |user| self.see_off(user, first))?;
        Ok(then)
    }

    /// Ends all that `user` has allowed, after all of their login sessions. After an
    /// error they can do it again, from whatever session they begin next; to try it
    /// here would end that one's tokens too.
    pub(crate) async fn sign_out_everywhere(&self, user: &Subject) -> Result<(), Cause> {
        let SignedOut { notices, fault, .. } = self.server.sign_out_everywhere(user).await;
        self.begin(deliver(self.http.clone(), notices));
        let revoked = self.server.revoke_all(user).await;
        fault.map_or(revoked, Err)
    }

    fn see_off(&self, user: Authentication, first: SignedOut) -> Result<(), Cause> {
        let fault = first.fault.clone();
        self.begin(carry_through(self.server.clone(), self.http.clone(), user, first));
        fault.map_or(Ok(()), Err)
    }

    fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        while under_way.try_join_next().is_some() {}
        under_way.spawn(work);
    }

    /// Waits for what is under way, but not for long.
    pub(crate) async fn close(&self) {
        let under_way = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *under_way)
        };
        if timeout(FAREWELL, under_way.join_all()).await.is_err() {
            tracing::error!("stopped before the last sign-outs came to their end");
        }
    }
}

/// Tells the clients of the first try, and of every one that an error makes
/// necessary. Who is slow to hear holds no try up.
async fn carry_through(
    server: AuthorizationServer,
    http: Arc<dyn HttpClient>,
    user: Authentication,
    first: SignedOut,
) {
    let mut telling = JoinSet::new();
    let mut tell = |tried: SignedOut| {
        telling.spawn(deliver(http.clone(), tried.notices));
        tried.fault
    };
    let mut fault = tell(first);
    for wait in WAITS {
        let Some(cause) = fault else { break };
        log::unfinished(user.subject(), &cause);
        sleep(wait).await;
        fault = tell(server.sign_out(&user).await);
    }
    if let Some(cause) = fault {
        log::given_up(user.subject(), &cause);
    }
    telling.join_all().await;
}

async fn deliver(http: Arc<dyn HttpClient>, notices: Notices) {
    for (client, outcome) in notices.deliver(&*http, &WAITS, sleep).await {
        log::notice(&client, outcome.as_ref().err());
    }
}
