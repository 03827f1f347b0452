//! Tickets: what a login or consent page carries while people think, so that
//! the server need not remember it.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::credential::{Kind, Sealer};
use crate::model::timestamp::Timestamp;
use crate::model::user::Authentication;

/// The page asks somebody to sign in.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LoginTicket {
    /// The parameters of the authorization request, as a query.
    pub(crate) request: String,
    pub(crate) asked_at: Timestamp,
}

/// The page asks who is signed in to agree.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConsentTicket {
    /// The parameters of the authorization request, as a query.
    pub(crate) request: String,
    pub(crate) asked_at: Timestamp,
    /// Who was asked: only the same user, in the same session, may answer.
    pub(crate) asked: Authentication,
}

/// A ticket that leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// It was altered, or sealed by somebody else, or as something else.
    #[error("the ticket was not made by this server for this page")]
    Forged,
    /// The page stood open longer than the policy's `interaction_lifetime`.
    #[error("the ticket has expired")]
    Expired,
    /// Another user or session answers than was asked.
    #[error("the ticket was made for another sign-in")]
    OtherUser,
}

/// What both kinds share.
pub(crate) trait Ticket: Serialize + DeserializeOwned {
    const KIND: Kind;

    fn asked_at(&self) -> Timestamp;

    fn seal(&self, sealer: &Sealer) -> Result<String, serde_json::Error> {
        Ok(sealer.seal(Self::KIND, &[&serde_json::to_vec(self)?]))
    }

    fn open(
        sealer: &Sealer,
        text: &str,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<Self, TicketError> {
        let payload = sealer.open(Self::KIND, text).ok_or(TicketError::Forged)?;
        let ticket: Self = serde_json::from_slice(&payload).map_err(|_| TicketError::Forged)?;
        if now >= ticket.asked_at().plus(lifetime) {
            return Err(TicketError::Expired);
        }
        Ok(ticket)
    }
}

impl Ticket for LoginTicket {
    const KIND: Kind = Kind::LoginTicket;

    fn asked_at(&self) -> Timestamp {
        self.asked_at
    }
}

impl Ticket for ConsentTicket {
    const KIND: Kind = Kind::ConsentTicket;

    fn asked_at(&self) -> Timestamp {
        self.asked_at
    }
}
