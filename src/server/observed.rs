//! What every door does around its work: whoever listens hears of a refusal.

use super::AuthorizationServer;
use crate::answer::Response;
use crate::cause::Cause;
#[cfg(feature = "openid")]
use crate::endpoint::logout_pause::{EndSession, Logout};
use crate::endpoint::pause::{Authorize, Login, Refused};
#[cfg(feature = "tracing")]
use crate::observer::trace;
use crate::observer::{Endpoint, Event};

/// What a door's work comes to.
pub(super) trait Outcome {
    /// Why it is not what was asked for, if so.
    fn cause(&self) -> Option<&Cause>;
}

impl AuthorizationServer {
    pub(super) fn observed<T: Outcome>(
        &self,
        endpoint: Endpoint,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = T> {
        let work = async move {
            let outcome = work.await;
            self.tell_of(endpoint, &outcome);
            outcome
        };
        #[cfg(feature = "tracing")]
        let work = tracing::Instrument::instrument(work, trace::span(endpoint));
        work
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
