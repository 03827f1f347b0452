//! The user signs out: what that ends, and which clients have to hear of it
//! (OpenID Connect Back-Channel Logout section 2).

#[cfg(feature = "openid")]
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Grant;
#[cfg(feature = "openid")]
use super::{Attempt, Stage};
use crate::model::client::Client;
use crate::model::scope::OFFLINE_ACCESS;
use crate::model::timestamp::Timestamp;

/// Whether its client has to hear of the session's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Farewell {
    /// It has: it knows the session by an ID token.
    Due,
    /// Whoever wrote this tells it.
    Said,
}

/// What a sign-out makes of a grant.
#[cfg(feature = "openid")]
pub(crate) struct Departure {
    /// To be written.
    pub(crate) next: Arc<Grant>,
    /// Whether its client is then to be told.
    pub(crate) is_told: bool,
}

impl Grant {
    /// When the record may be forgotten: nothing issued from it can be valid any
    /// more, and its client need not hear of its session's end.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        match self.particulars().farewell {
            Some(Farewell::Due) => {
                let session_end = self.facts.authentication.session_end();
                session_end.map_or(self.valid_until(), |end| end.max(self.valid_until()))
            }
            Some(Farewell::Said) | None => self.valid_until(),
        }
    }

    /// Whether it goes on when its user signs out: they allowed `offline_access`
    /// in answer to an authentication request (OpenID Connect Core section 11).
    #[must_use]
    pub fn survives_sign_out(&self) -> bool {
        self.asked().is_some() && self.facts.scope.contains(OFFLINE_ACCESS)
    }

    /// What its client calls the session that it was given in (`sid`): the same in
    /// all that this client is told of the session, and nothing that another
    /// client could compare. `None` where the host does not name sessions.
    #[must_use]
    pub fn sid(&self) -> Option<String> {
        self.facts.authentication.sid(&self.facts.client)
    }

    /// What is due once `client` has its first ID token.
    pub(super) fn farewell_due(&self, client: &Client) -> Option<Farewell> {
        let hears = self.asked().is_some() && client.backchannel_logout_uri().is_some();
        hears.then_some(Farewell::Due)
    }

    /// The user signed out: it ends, unless it survives that. A code that waits
    /// never does: it would begin a session at the client after the end of ours.
    /// `None` if nothing is left to be done.
    #[cfg(feature = "openid")]
    pub(crate) fn sign_out(&self, attempt: Attempt) -> Option<Departure> {
        let goes_on = self.survives_sign_out() && !matches!(self.facts.stage, Stage::Coded(_));
        let is_told = self.particulars().farewell == Some(Farewell::Due);
        if !is_told && (goes_on || self.is_ended()) {
            return None;
        }
        let stage = if goes_on { self.facts.stage.clone() } else { Stage::Ended };
        let farewell = self.particulars().farewell.map(|_| Farewell::Said);
        let next = self.next_with(attempt, stage, self.facts.expires_at, farewell);
        Some(Departure { next, is_told })
    }
}
