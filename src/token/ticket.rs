//! Tickets: what a page carries while people think, and what they bring back from
//! the login page, so that the server need not remember it.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::credential::{Kind, Sealer};
use crate::model::authentication::Authentication;
use crate::model::base64url;
use crate::model::identity::{Acr, Amr, SessionId};
use crate::model::timestamp::Timestamp;

/// How much later than a page was asked for a login may seem to be earlier: the
/// clock that dates logins need not be the one that dates pages.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Why somebody has to sign in, even though somebody may be signed in already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoginReason {
    /// Nobody is signed in.
    #[default]
    SignedOut,
    /// The client wants to be sure that it is still them (`prompt=login`).
    Prompt,
    /// The client wants them to choose an account (`prompt=select_account`).
    SelectAccount,
    /// They signed in longer ago than the client accepts (`max_age`).
    MaxAge,
    /// The client means somebody else (`id_token_hint`, or `sub` in `claims`).
    OtherUser,
    /// They have to prove more than they did (`acr_values`, or `acr` in `claims`).
    Acr,
}

/// The page asks somebody to sign in.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LoginTicket {
    /// The parameters of the authorization request, as a query.
    pub(crate) request: String,
    pub(crate) asked_at: Timestamp,
    #[serde(default)]
    pub(crate) reason: LoginReason,
    /// Who was signed in when the page was asked for, if anybody was.
    #[serde(default)]
    pub(crate) seen: Option<Seen>,
}

/// What comes back from the login page with the request: that there was one, and
/// what a login has to be later than to have come from it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LoginNote {
    #[serde(with = "base64url")]
    request: [u8; 32],
    asked_at: Timestamp,
    seen: Option<Seen>,
}

/// One sign-in, told from others without naming its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    at: Timestamp,
    #[serde(with = "base64url")]
    sign_in: [u8; 32],
}

/// The page asks who is signed in to agree.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConsentTicket {
    /// The parameters of the authorization request, as a query.
    pub(crate) request: String,
    pub(crate) asked_at: Timestamp,
    /// Who was asked: only the same user, by the same sign-in, may answer.
    pub(crate) asked: Seen,
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

/// What all kinds share.
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

impl LoginTicket {
    /// What goes back with the request.
    pub(crate) fn note(&self) -> LoginNote {
        let LoginTicket { request, asked_at, seen, .. } = self;
        LoginNote {
            request: Sha256::digest(request).into(),
            asked_at: *asked_at,
            seen: seen.clone(),
        }
    }
}

impl LoginNote {
    /// Whether it was made for this request, all of it.
    pub(crate) fn is_of(&self, request: &str) -> bool {
        self.request == *Sha256::digest(request)
    }

    /// Whether `user` signed in on the page that it came from: later than who was
    /// signed in before, and not before the page was there.
    pub(crate) fn is_met_by(&self, user: &Authentication) -> bool {
        let now = Seen::of(user);
        let is_new = self.seen.as_ref().is_none_or(|seen| *seen != now && seen.at <= now.at);
        is_new && now.at.plus(CLOCK_SKEW) >= self.asked_at
    }
}

impl Seen {
    pub(crate) fn of(user: &Authentication) -> Self {
        let session = user.session().map(SessionId::as_str).unwrap_or_default();
        let acr = user.acr().map(Acr::as_str).unwrap_or_default();
        let amr = user.amr().iter().map(Amr::as_str);
        let names = [user.subject().as_str(), session, acr].into_iter().chain(amr);
        // A name has no line break and is not empty, so no two sign-ins read alike.
        let names = names.collect::<Vec<_>>().join("\n");
        Self { at: user.authenticated_at(), sign_in: Sha256::digest(names).into() }
    }
}

impl Ticket for LoginTicket {
    const KIND: Kind = Kind::LoginTicket;

    fn asked_at(&self) -> Timestamp {
        self.asked_at
    }
}

impl Ticket for LoginNote {
    const KIND: Kind = Kind::LoginNote;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identity::Subject;

    const ASKED_AT: i64 = 1000;

    fn user(name: &str, at: i64, session: &str) -> Authentication {
        let subject = Subject::parse(name).unwrap();
        Authentication::new(subject, Timestamp::from_unix(at))
            .with_session(SessionId::parse(session).unwrap())
    }

    fn acr(name: &str) -> Acr {
        Acr::parse(name).unwrap()
    }

    fn note(seen: Option<&Authentication>) -> LoginNote {
        let asked_at = Timestamp::from_unix(ASKED_AT);
        let (request, reason) = ("state=a".to_owned(), LoginReason::Prompt);
        LoginTicket { request, asked_at, reason, seen: seen.map(Seen::of) }.note()
    }

    #[test]
    fn a_sign_in_is_seen_again_however_long_it_lasts_and_no_other_is() {
        let of = |change: fn(Authentication) -> Authentication| {
            Seen::of(&change(user("alice", 990, "one").with_acr(acr("a"))))
        };
        let seen = of(|same| same);
        assert_eq!(seen, of(|same| same.with_session_end(Timestamp::from_unix(2000))));
        for other in [
            of(|_| user("alice", 991, "one").with_acr(acr("a"))),
            of(|_| user("bob", 990, "one").with_acr(acr("a"))),
            of(|_| user("alice", 990, "two").with_acr(acr("a"))),
            of(|_| user("alice", 990, "one")),
            of(|same| same.with_acr(acr("b"))),
            of(|same| same.with_amr([Amr::parse("otp").unwrap()])),
        ] {
            assert_ne!(seen, other);
        }
    }

    #[test]
    fn a_note_is_of_one_request_to_the_letter() {
        assert!(note(None).is_of("state=a"));
        for other in ["state=b", "state=a&", "", "State=a"] {
            assert!(!note(None).is_of(other), "{other}");
        }
    }

    #[test]
    fn a_login_meets_it_that_is_later_than_the_one_seen_and_than_the_page() {
        let seen = user("alice", 990, "one");
        for (now, after_alice, after_nobody) in [
            (user("alice", 990, "one"), false, true),
            (user("alice", 989, "two"), false, true),
            (user("alice", 990, "two"), true, true),
            (user("alice", 991, "one"), true, true),
            (user("bob", 1001, "one"), true, true),
            (user("bob", 940, "one"), false, true),
            (user("bob", 939, "one"), false, false),
        ] {
            assert_eq!(note(Some(&seen)).is_met_by(&now), after_alice, "{now:?}");
            assert_eq!(note(None).is_met_by(&now), after_nobody, "{now:?}");
        }
    }

    /// However long ago somebody was seen: who signed in long before the page was
    /// there did not sign in on it.
    #[test]
    fn a_login_from_before_the_page_does_not_meet_it() {
        let seen = user("alice", 100, "one");
        assert!(!note(Some(&seen)).is_met_by(&user("alice", 939, "two")));
        assert!(note(Some(&seen)).is_met_by(&user("alice", 940, "two")));
    }

    #[test]
    fn a_ticket_of_before_there_were_reasons_still_opens() {
        let ticket: LoginTicket =
            serde_json::from_str(r#"{"request":"state=a","asked_at":1000}"#).unwrap();
        assert_eq!((ticket.reason, ticket.seen), (LoginReason::SignedOut, None));
    }
}
