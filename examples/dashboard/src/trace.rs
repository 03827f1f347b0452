//! What the parties said to each other for one browser session: a list of
//! arrows, and a bell that rings when it changes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::step::Step;

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    User,
    Application,
    AuthorizationServer,
    Database,
    ReportsApi,
}

/// One message from one party to another, or one party's note to itself.
#[derive(Clone, Debug)]
pub(crate) struct Arrow {
    pub(crate) step: Step,
    pub(crate) from: Party,
    pub(crate) to: Party,
    pub(crate) kind: Kind,
    /// The request line, the status, or what a note says.
    pub(crate) head: String,
    pub(crate) lines: Vec<Line>,
    /// What a newcomer should notice.
    pub(crate) remarks: Vec<String>,
}

/// What an arrow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Answer,
    Note,
}

/// A parameter, header or field, fit to be shown: secrets are shortened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// An arrow with a number that no other arrow of its trace ever has.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    pub(crate) number: u64,
    pub(crate) arrow: Arrow,
}

/// The arrows of one browser session, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    log: Mutex<Log>,
    bell: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Log {
    drawn: u64,
    arrows: Vec<Numbered>,
}

/// More than any flow has; a browser that keeps asking loses its oldest arrows.
const MOST_ARROWS: usize = 200;

impl Trace {
    pub(crate) fn add(&self, arrow: Arrow) {
        let mut log = self.log();
        log.drawn = log.drawn.wrapping_add(1);
        let number = log.drawn;
        if log.arrows.len() >= MOST_ARROWS {
            log.arrows.remove(0);
        }
        log.arrows.push(Numbered { number, arrow });
        drop(log);
        self.ring();
    }

    /// Forgets `step` and all that follow, because they are about to begin anew.
    pub(crate) fn rewind(&self, step: Step) {
        self.log().arrows.retain(|kept| kept.arrow.step < step);
        self.ring();
    }

    /// What was asked of the reports API and how it answered becomes the reason to
    /// begin anew with step 2: all else since then is forgotten.
    pub(crate) fn begin_again(&self) {
        let mut log = self.log();
        log.arrows.retain(|kept| kept.arrow.step < Step::Redirect || kept.arrow.step >= Step::Call);
        for kept in log.arrows.iter_mut().filter(|kept| kept.arrow.step >= Step::Call) {
            kept.arrow.step = Step::Redirect;
        }
        drop(log);
        self.ring();
    }

    /// Whether `step` or a later one has happened.
    pub(crate) fn reached(&self, step: Step) -> bool {
        self.log().arrows.iter().any(|kept| kept.arrow.step >= step)
    }

    pub(crate) fn arrows(&self) -> Vec<Numbered> {
        self.log().arrows.clone()
    }

    /// Tells everybody who listens that something about the session changed.
    pub(crate) fn ring(&self) {
        self.bell.send_replace(());
    }

    /// Hears the bell. The first ring is for what happened before.
    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        let mut changes = self.bell.subscribe();
        changes.mark_changed();
        changes
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrow {
    pub(crate) fn request(step: Step, from: Party, to: Party, head: impl Into<String>) -> Self {
        Self::new(step, from, to, Kind::Request, head.into())
    }

    pub(crate) fn answer(step: Step, from: Party, to: Party, head: impl Into<String>) -> Self {
        Self::new(step, from, to, Kind::Answer, head.into())
    }

    /// Something that `party` does by itself.
    pub(crate) fn note(step: Step, party: Party, head: impl Into<String>) -> Self {
        Self::new(step, party, party, Kind::Note, head.into())
    }

    pub(crate) fn with(mut self, lines: impl IntoIterator<Item = Line>) -> Self {
        self.lines.extend(lines);
        self
    }

    pub(crate) fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remarks.push(remark.into());
        self
    }

    fn new(step: Step, from: Party, to: Party, kind: Kind, head: String) -> Self {
        Self { step, from, to, kind, head, lines: Vec::new(), remarks: Vec::new() }
    }
}

impl Party {
    pub(crate) const ALL: [Self; 5] = [
        Self::User,
        Self::Application,
        Self::AuthorizationServer,
        Self::Database,
        Self::ReportsApi,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Application => "Dashboard application",
            Self::AuthorizationServer => "Authorization server",
            Self::Database => "User & policy database",
            Self::ReportsApi => "Reports API",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(step: Step) -> Arrow {
        Arrow::note(step, Party::User, "something")
    }

    #[test]
    fn a_step_that_begins_anew_takes_the_later_ones_with_it() {
        let trace = Trace::default();
        for step in Step::ALL {
            trace.add(note(step));
        }
        trace.rewind(Step::Call);
        assert!(trace.reached(Step::Token));
        assert!(!trace.reached(Step::Call));
        trace.add(note(Step::Call));
        let numbers: Vec<_> = trace.arrows().iter().map(|kept| kept.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 10], "a number is never used twice");
    }

    #[test]
    fn the_answer_of_the_reports_api_can_be_the_reason_to_begin_again() {
        let trace = Trace::default();
        for step in [Step::Open, Step::Redirect, Step::Token, Step::Call, Step::Check] {
            trace.add(note(step));
        }
        trace.begin_again();
        let kept: Vec<_> =
            trace.arrows().iter().map(|kept| (kept.number, kept.arrow.step)).collect();
        assert_eq!(kept, [(1, Step::Open), (4, Step::Redirect), (5, Step::Redirect)]);
    }

    #[test]
    fn an_endless_flow_loses_its_oldest_arrows() {
        let trace = Trace::default();
        for _ in 0..MOST_ARROWS + 5 {
            trace.add(note(Step::Decide));
        }
        let arrows = trace.arrows();
        assert_eq!(arrows.len(), MOST_ARROWS);
        assert_eq!(arrows[0].number, 6);
    }

    #[tokio::test]
    async fn every_change_rings_and_a_new_listener_hears_of_the_past() {
        let trace = Trace::default();
        let mut changes = trace.listen();
        changes.changed().await.unwrap();
        assert!(!changes.has_changed().unwrap());
        trace.add(note(Step::Open));
        assert!(changes.has_changed().unwrap());
    }
}
