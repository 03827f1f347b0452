//! Who allows, and how they signed in.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::identity::{Acr, Amr, ClientId, SessionId, Subject};
use super::timestamp::Timestamp;

/// Who is signed in on the browser that sent a request, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Authentication {
    subject: Subject,
    authenticated_at: Timestamp,
    /// What not every host tells: a grant whose host does not pays a pointer.
    particulars: Option<Arc<Particulars>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Particulars {
    session: Option<SessionId>,
    acr: Option<Acr>,
    amr: Vec<Amr>,
    session_end: Option<Timestamp>,
}

/// As records and tickets have it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    subject: Subject,
    authenticated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acr: Option<Acr>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    amr: Vec<Amr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_end: Option<Timestamp>,
}

impl Authentication {
    /// `subject` proved who they are at `authenticated_at` (`auth_time`).
    #[must_use]
    pub const fn new(subject: Subject, authenticated_at: Timestamp) -> Self {
        Self { subject, authenticated_at, particulars: None }
    }

    /// Names the sign-in, so that what one browser session began cannot be
    /// finished by another of the same user.
    #[must_use]
    pub fn with_session(mut self, session: SessionId) -> Self {
        self.particulars_mut().session = Some(session);
        self
    }

    /// How sure this sign-in makes one that it is the user (`acr`).
    #[must_use]
    pub fn with_acr(mut self, acr: Acr) -> Self {
        self.particulars_mut().acr = Some(acr);
        self
    }

    /// Adds ways in which the user proved who they are (`amr`).
    #[must_use]
    pub fn with_amr(mut self, amr: impl IntoIterator<Item = Amr>) -> Self {
        self.particulars_mut().amr.extend(amr);
        self
    }

    /// When the session ends at the latest, whatever its user does: the last end
    /// that it may be prolonged to, and not the next one of a session that slides.
    /// The grants of clients that have to hear of its end are kept until then, by
    /// what was said when they were given; a session that lives on ends unheard.
    /// If not given, they are forgotten with their tokens.
    #[must_use]
    pub fn with_session_end(mut self, end: Timestamp) -> Self {
        self.particulars_mut().session_end = Some(end);
        self
    }

    /// The user.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// When they last proved who they are.
    #[must_use]
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }

    /// The sign-in this belongs to, where the host names it.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        self.particulars.as_ref()?.session.as_ref()
    }

    /// How sure it makes one, where the host says so.
    #[must_use]
    pub fn acr(&self) -> Option<&Acr> {
        self.particulars.as_ref()?.acr.as_ref()
    }

    /// How they proved who they are, where the host says so.
    #[must_use]
    pub fn amr(&self) -> &[Amr] {
        self.particulars.as_ref().map_or(&[], |particulars| &particulars.amr)
    }

    /// When the session ends at the latest, where the host says so.
    #[must_use]
    pub fn session_end(&self) -> Option<Timestamp> {
        self.particulars.as_ref()?.session_end
    }

    /// What `client` calls the session (`sid`): a name that no other client can
    /// tell to be this session's.
    pub(crate) fn sid(&self, client: &ClientId) -> Option<String> {
        // A name has no line break, so no two pairs of names read alike.
        let names = [self.session()?.as_str(), "\n", client.as_str()].concat();
        let digest = Sha256::new_with_prefix(b"codegrant sid\n").chain_update(names);
        Some(URL_SAFE_NO_PAD.encode(digest.finalize()))
    }

    /// Whether this and `other` are of one session. Where the host does not name
    /// sessions, each sign-in counts as one.
    #[cfg(feature = "openid")]
    pub(crate) fn is_same_session(&self, other: &Self) -> bool {
        self.subject == other.subject
            && self.session() == other.session()
            && (self.session().is_some() || self.authenticated_at == other.authenticated_at)
    }

    /// Whether this and `other` are one sign-in of one user, wherever its end
    /// was moved.
    pub(crate) fn is_same_sign_in(&self, other: &Self) -> bool {
        self.subject == other.subject
            && self.authenticated_at == other.authenticated_at
            && self.session() == other.session()
            && self.acr() == other.acr()
            && self.amr() == other.amr()
    }

    fn particulars_mut(&mut self) -> &mut Particulars {
        Arc::make_mut(self.particulars.get_or_insert_default())
    }
}

impl From<Authentication> for Written {
    fn from(whole: Authentication) -> Self {
        let Authentication { subject, authenticated_at, particulars } = whole;
        let Particulars { session, acr, amr, session_end } =
            particulars.map(Arc::unwrap_or_clone).unwrap_or_default();
        Self { subject, authenticated_at, session, acr, amr, session_end }
    }
}

impl From<Written> for Authentication {
    fn from(written: Written) -> Self {
        let Written { subject, authenticated_at, session, acr, amr, session_end } = written;
        let particulars = Particulars { session, acr, amr, session_end };
        let told = particulars != Particulars::default();
        Self { subject, authenticated_at, particulars: told.then(|| Arc::new(particulars)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Authentication {
        Authentication::new(Subject::parse("alice").unwrap(), Timestamp::from_unix(5))
    }

    fn everything() -> Authentication {
        alice()
            .with_session(SessionId::parse("s").unwrap())
            .with_acr(Acr::parse("gold").unwrap())
            .with_amr([Amr::parse("pwd").unwrap()])
            .with_amr([Amr::parse("otp").unwrap()])
            .with_session_end(Timestamp::from_unix(9))
    }

    #[test]
    fn what_is_not_told_is_not_written_and_what_was_written_before_still_reads() {
        let plain = r#"{"subject":"alice","authenticated_at":5}"#;
        assert_eq!(serde_json::to_string(&alice()).unwrap(), plain);
        let with_session = r#"{"subject":"alice","authenticated_at":5,"session":"s"}"#;
        let read: Authentication = serde_json::from_str(with_session).unwrap();
        assert_eq!(read, alice().with_session(SessionId::parse("s").unwrap()));
        assert!(serde_json::from_str::<Authentication>(&plain.replace("5", "5,\"x\":1")).is_err());
    }

    #[test]
    fn everything_that_is_told_reads_back() {
        let written = serde_json::to_string(&everything()).unwrap();
        let read: Authentication = serde_json::from_str(&written).unwrap();
        assert_eq!(read, everything());
        assert_eq!(read.acr().unwrap().as_str(), "gold");
        assert_eq!(read.amr().iter().map(Amr::as_str).collect::<Vec<_>>(), ["pwd", "otp"]);
        assert_eq!(read.session_end(), Some(Timestamp::from_unix(9)));
    }

    #[test]
    fn a_session_whose_end_moves_stays_the_same_sign_in() {
        let moved = everything().with_session_end(Timestamp::from_unix(99));
        assert!(moved != everything() && moved.is_same_sign_in(&everything()));
        let raised = everything().with_acr(Acr::parse("silver").unwrap());
        let again = everything().with_session(SessionId::parse("t").unwrap());
        for other in [raised, again, everything().with_amr([Amr::parse("hwk").unwrap()]), alice()] {
            assert!(!other.is_same_sign_in(&everything()));
        }
    }
}
