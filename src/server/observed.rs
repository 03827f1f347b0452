//! What every door does around its work: whoever listens hears of a refusal.

use std::future::poll_fn;
use std::pin::pin;

use super::AuthorizationServer;
use crate::answer::Response;
use crate::cause::Cause;
#[cfg(feature = "openid")]
use crate::endpoint::logout_pause::{EndSession, Logout};
use crate::endpoint::pause::{Authorize, Consent, Login, Refused};
use crate::observer::{Around, Endpoint, Event};

/// What a door's work comes to.
pub(super) trait Outcome {
    /// Why it is not what was asked for, if so.
    fn cause(&self) -> Option<&Cause>;
}

impl AuthorizationServer {
    /// Does what `begin` begins. It is begun here, in its place: a future that is
    /// handed on is copied every time.
    pub(super) async fn observed<W: Future<Output: Outcome>>(
        &self,
        endpoint: Endpoint,
        begin: impl FnOnce() -> W,
    ) -> W::Output {
        let around = Around::request(endpoint);
        let mut work = pin!(begin());
        let outcome = poll_fn(|context| around.run(|| work.as_mut().poll(context))).await;
        around.run(|| self.tell_of(endpoint, &outcome));
        outcome
    }

    pub(super) fn tell_of(&self, endpoint: Endpoint, outcome: &impl Outcome) {
        if let Some(cause) = outcome.cause() {
            self.0.audit.tell(Event::Refused { endpoint, cause });
        }
    }
}

impl Outcome for Response {
    fn cause(&self) -> Option<&Cause> {
        self.extensions().get()
    }
}

impl Outcome for Authorize {
    fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Login(_) | Self::Consent(_) => None,
            Self::Refused(refused) => Some(&refused.cause),
            Self::Redirect(response) => response.cause(),
        }
    }
}

impl<T: Outcome> Outcome for Result<T, Refused> {
    fn cause(&self) -> Option<&Cause> {
        match self {
            Ok(outcome) => outcome.cause(),
            Err(refused) => Some(&refused.cause),
        }
    }
}

impl Outcome for Login {
    fn cause(&self) -> Option<&Cause> {
        None
    }
}

impl Outcome for Consent {
    fn cause(&self) -> Option<&Cause> {
        None
    }
}

#[cfg(feature = "openid")]
impl Outcome for Logout {
    fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Confirm(_) | Self::End(_) => None,
            Self::Refused(refused) => Some(&refused.cause),
            Self::Redirect(response) => response.cause(),
        }
    }
}

#[cfg(feature = "openid")]
impl Outcome for EndSession {
    fn cause(&self) -> Option<&Cause> {
        None
    }
}
