//! What a page carries that asks whether to sign out.

use serde::{Deserialize, Serialize};

use super::credential::Kind;
use super::ticket::Ticket;
use crate::model::authentication::Authentication;
use crate::model::identity::ClientId;
use crate::model::timestamp::Timestamp;

/// The page asks who is signed in whether they mean to sign out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LogoutTicket {
    pub(crate) asked_at: Timestamp,
    /// Who was asked: nobody else who is signed in may answer.
    pub(crate) asked: Authentication,
    /// Which client wants it, and where it wants the browser to be afterwards.
    pub(crate) client: Option<ClientId>,
    pub(crate) post_logout_redirect_uri: Option<String>,
    pub(crate) state: Option<String>,
}

impl Ticket for LogoutTicket {
    const KIND: Kind = Kind::LogoutTicket;

    fn asked_at(&self) -> Timestamp {
        self.asked_at
    }
}
