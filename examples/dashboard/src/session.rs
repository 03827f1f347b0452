//! The dashboard's browser sessions: who is under way to a sign-in, who came
//! back, how the last action ended. All in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use codegrant::{Entropy, HostError, SystemEntropy};
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};

use crate::client::{Provider, SignedIn};
use crate::outcome::Outcome;
use crate::reports::{Report, ReportName};
use crate::trace::Trace;

/// Distinct from the authorization server's cookies: browsers keep one jar for
/// all ports of a host.
pub(crate) const COOKIE_NAME: &str = "dashboard_session";

/// Sessions kept; the oldest gives way.
const MOST_SESSIONS: usize = 1000;
/// Sign-ins that one browser may have under way, in several tabs.
const MOST_PENDING: usize = 8;

/// One browser.
pub(crate) struct Session {
    /// The cookie's value: a secret.
    cookie: Mutex<String>,
    /// What the parties call the session among themselves: no secret.
    trace_id: String,
    pub(crate) trace: Trace,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pending: VecDeque<Pending>,
    /// `state` values whose answer came, so that a repetition is recognized.
    answered: VecDeque<CsrfToken>,
    signed_in: Option<Arc<SignedIn>>,
    /// The `state` of the sign-out under way.
    leaving: Option<CsrfToken>,
    outcome: Option<Outcome>,
    report: Option<Report>,
}

/// A sign-in under way: what the answer will be checked against.
pub(crate) struct Pending {
    pub(crate) state: CsrfToken,
    pub(crate) nonce: Nonce,
    pub(crate) code_verifier: PkceCodeVerifier,
    pub(crate) provider: Arc<Provider>,
    /// What somebody who is signed in wanted to see, and has to sign in once more for.
    pub(crate) report: Option<ReportName>,
}

/// What an answer's `state` says of it.
pub(crate) enum Answered {
    /// It belongs to a sign-in that was under way.
    Expected(Pending),
    /// It came before: somebody went back in the browser's history.
    Again,
    /// Nobody here asked for it.
    Unasked,
}

/// What the page shows of a session.
pub(crate) struct View {
    pub(crate) signed_in: Option<Arc<SignedIn>>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) report: Option<Report>,
}

impl Session {
    fn draw() -> Result<Self, HostError> {
        Ok(Self {
            cookie: random_hex::<32>()?.into(),
            trace_id: random_hex::<16>()?,
            trace: Trace::default(),
            state: Mutex::default(),
        })
    }

    /// The cookie that names this session. Lax: it comes along when the
    /// authorization server sends the browser back.
    pub(crate) fn set_cookie(&self) -> String {
        format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Lax", self.cookie())
    }

    /// Draws another value for the cookie, because somebody signs in: whoever
    /// planted or saw the old one is left with nothing.
    pub(crate) fn renew_cookie(&self) -> Result<(), HostError> {
        *self.cookie() = random_hex::<32>()?;
        Ok(())
    }

    /// The header that carries this session's name along a back channel (W3C
    /// Trace Context).
    pub(crate) fn traceparent(&self) -> Result<String, HostError> {
        Ok(format!("00-{}-{}-01", self.trace_id, random_hex::<8>()?))
    }

    /// A sign-in begins, and takes the place of what came before: if it is
    /// denied, nobody is signed in. Who only has to prove once more who they are
    /// stays signed in meanwhile.
    pub(crate) fn begin_sign_in(&self, pending: Pending) {
        let mut state = self.state();
        if pending.report.is_none() {
            state.forget();
        }
        push_bounded(&mut state.pending, pending, MOST_PENDING);
        drop(state);
        self.trace.ring();
    }

    /// Takes the sign-in that `answer` belongs to; each is answered once.
    pub(crate) fn answered(&self, answer: &str) -> Answered {
        let mut state = self.state();
        let position = state.pending.iter().position(|kept| kept.state.secret() == answer);
        if let Some(pending) = position.and_then(|position| state.pending.remove(position)) {
            push_bounded(&mut state.answered, pending.state.clone(), MOST_PENDING);
            return Answered::Expected(pending);
        }
        if state.answered.iter().any(|kept| kept.secret() == answer) {
            return Answered::Again;
        }
        Answered::Unasked
    }

    pub(crate) fn sign_in(&self, user: SignedIn) {
        let mut state = self.state();
        state.forget();
        state.signed_in = Some(Arc::new(user));
        drop(state);
        self.finish(Outcome::SignedIn);
    }

    /// Forgets who is signed in; they are on their way to sign out at the
    /// authorization server, too.
    pub(crate) fn leave(&self, expected: CsrfToken) {
        let mut state = self.state();
        state.forget();
        state.leaving = Some(expected);
        drop(state);
        self.trace.ring();
    }

    /// Whether `state` is the one that the sign-out under way comes back with.
    pub(crate) fn has_left(&self, state: &str) -> bool {
        self.state().leaving.take_if(|expected| expected.secret() == state).is_some()
    }

    pub(crate) fn signed_in(&self) -> Option<Arc<SignedIn>> {
        self.state().signed_in.clone()
    }

    pub(crate) fn show_report(&self, report: Report) {
        self.state().report = Some(report);
        self.finish(Outcome::Report);
    }

    pub(crate) fn hide_report(&self) {
        self.state().report = None;
    }

    /// Says how an action ended.
    pub(crate) fn finish(&self, outcome: Outcome) {
        self.state().outcome = Some(outcome);
        self.trace.ring();
    }

    pub(crate) fn view(&self) -> View {
        let state = self.state();
        View {
            signed_in: state.signed_in.clone(),
            outcome: state.outcome.clone(),
            report: state.report.clone(),
        }
    }

    fn cookie(&self) -> MutexGuard<'_, String> {
        self.cookie.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// As if nobody had signed in.
    fn forget(&mut self) {
        self.signed_in = None;
        self.report = None;
        self.outcome = None;
    }
}

/// All sessions. Cloning shares them.
#[derive(Clone, Default)]
pub(crate) struct Sessions(Arc<Mutex<VecDeque<Arc<Session>>>>);

impl Sessions {
    pub(crate) fn begin(&self) -> Result<Arc<Session>, HostError> {
        let session = Arc::new(Session::draw()?);
        push_bounded(&mut self.all(), session.clone(), MOST_SESSIONS);
        Ok(session)
    }

    /// The session of the browser that sent these headers.
    pub(crate) fn of_browser(&self, headers: &HeaderMap) -> Option<Arc<Session>> {
        let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
        // Whatever others put into theirs, the dashboard's is among them.
        let value = lines
            .flat_map(|line| line.split(|byte| *byte == b';'))
            .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
            .find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))?;
        self.all().iter().find(|session| *session.cookie() == value).cloned()
    }

    /// The session that a back-channel request was sent for.
    pub(crate) fn of_back_channel(&self, headers: &HeaderMap) -> Option<Arc<Session>> {
        let trace_id = headers.get("traceparent")?.to_str().ok()?.split('-').nth(1)?;
        self.all().iter().find(|session| session.trace_id == trace_id).cloned()
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(item);
}

fn random_hex<const N: usize>() -> Result<String, HostError> {
    let mut bytes = [0; N];
    SystemEntropy.fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::tests::pending;

    #[test]
    fn an_answer_is_taken_once_and_only_if_somebody_asked() {
        let session = Session::draw().unwrap();
        session.begin_sign_in(pending("first tab"));
        session.begin_sign_in(pending("second tab"));
        assert!(matches!(session.answered("second tab"), Answered::Expected(_)));
        assert!(matches!(session.answered("first tab"), Answered::Expected(_)));
        assert!(matches!(session.answered("first tab"), Answered::Again));
        assert!(matches!(session.answered("planted"), Answered::Unasked));
    }

    #[test]
    fn a_browser_and_its_back_channel_lead_to_the_same_session() {
        let sessions = Sessions::default();
        let mine = sessions.begin().unwrap();
        sessions.begin().unwrap();
        let mut headers = HeaderMap::new();
        let cookie = format!("other=\u{e9}; {COOKIE_NAME}={}", mine.cookie());
        headers.insert(COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap());
        headers.insert("traceparent", mine.traceparent().unwrap().parse().unwrap());
        assert!(Arc::ptr_eq(&mine, &sessions.of_browser(&headers).unwrap()));
        assert!(Arc::ptr_eq(&mine, &sessions.of_back_channel(&headers).unwrap()));
        assert!(sessions.of_browser(&HeaderMap::new()).is_none());
        mine.renew_cookie().unwrap();
        assert!(sessions.of_browser(&headers).is_none(), "the old cookie names nobody");
    }

    #[test]
    fn the_oldest_session_gives_way() {
        let sessions = Sessions::default();
        for _ in 0..MOST_SESSIONS + 1 {
            sessions.begin().unwrap();
        }
        assert_eq!(sessions.all().len(), MOST_SESSIONS);
    }

    #[test]
    fn a_sign_out_is_expected_back_once_and_with_its_own_state() {
        let session = Session::draw().unwrap();
        assert!(!session.has_left(""), "nobody is leaving");
        session.leave(CsrfToken::new("drawn".to_owned()));
        assert!(!session.has_left("planted"));
        assert!(session.has_left("drawn"));
        assert!(!session.has_left("drawn"));
    }
}
