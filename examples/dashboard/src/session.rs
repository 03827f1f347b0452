//! The dashboard's browser sessions: who is under way to a sign-in, which
//! tokens came back, how the last action ended. All in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use codegrant::{Entropy, HostError, SystemEntropy};
use oauth2::{AccessToken, CsrfToken, PkceCodeVerifier};

use crate::reports::Report;
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
    tokens: Option<Tokens>,
    user: Option<String>,
    outcome: Option<Outcome>,
    report: Option<Report>,
}

/// A sign-in under way: what the answer will be checked against.
pub(crate) struct Pending {
    pub(crate) state: CsrfToken,
    pub(crate) code_verifier: PkceCodeVerifier,
}

/// What the token response said.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access_token: AccessToken,
    pub(crate) scope: String,
    pub(crate) expires_in: Option<u64>,
}

/// How the last action ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    SignedIn,
    Denied,
    Report,
    Forbidden,
    Error(String),
    SignedOut,
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
    pub(crate) tokens: Option<Tokens>,
    pub(crate) user: Option<String>,
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
    /// denied, there is no token.
    pub(crate) fn begin_sign_in(&self, pending: Pending) {
        let mut state = self.state();
        state.forget();
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

    pub(crate) fn sign_in(&self, tokens: Tokens) {
        let mut state = self.state();
        state.forget();
        state.tokens = Some(tokens);
        drop(state);
        self.finish(Outcome::SignedIn);
    }

    pub(crate) fn sign_out(&self) {
        self.state().forget();
        self.finish(Outcome::SignedOut);
    }

    pub(crate) fn access_token(&self) -> Option<AccessToken> {
        self.state().tokens.as_ref().map(|tokens| tokens.access_token.clone())
    }

    pub(crate) fn show_report(&self, report: Report) {
        let mut state = self.state();
        state.user = Some(report.subject.clone());
        state.report = Some(report);
        drop(state);
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
            tokens: state.tokens.clone(),
            user: state.user.clone(),
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
        self.tokens = None;
        self.user = None;
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
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let value = cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
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

    fn pending(state: &str) -> Pending {
        Pending {
            state: CsrfToken::new(state.to_owned()),
            code_verifier: PkceCodeVerifier::new("v".repeat(43)),
        }
    }

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
        let cookie = format!("other=1; {COOKIE_NAME}={}", mine.cookie());
        headers.insert(COOKIE, cookie.parse().unwrap());
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

    fn tokens() -> Tokens {
        Tokens {
            access_token: AccessToken::new("secret".into()),
            scope: "reports.read".into(),
            expires_in: Some(600),
        }
    }

    #[test]
    fn signing_out_forgets_the_token_and_what_it_brought() {
        let session = Session::draw().unwrap();
        session.sign_in(tokens());
        session.sign_out();
        let view = session.view();
        assert!(view.tokens.is_none() && view.user.is_none() && view.report.is_none());
        assert_eq!(view.outcome, Some(Outcome::SignedOut));
    }

    #[test]
    fn a_new_sign_in_does_not_end_with_the_token_of_an_old_one() {
        let session = Session::draw().unwrap();
        session.sign_in(tokens());
        session.begin_sign_in(pending("denied later"));
        session.finish(Outcome::Denied);
        assert!(session.access_token().is_none());
    }
}
