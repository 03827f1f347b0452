//! What happened, and whether one naive machine can have done it.

use std::collections::HashSet;
use std::fmt::Write;

use super::model::{Answer, Ask, Model, Moment};

/// One request and its answer, as whoever asked saw them.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) ask: Ask,
    /// `None` if the server was unavailable: it may have done it all the same,
    /// then or later.
    pub(crate) answer: Option<Answer>,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    /// What the node's clock can have shown meanwhile.
    pub(crate) instants: Vec<i64>,
    /// Whether the node's store failed meanwhile.
    pub(crate) store_failed: bool,
}

/// Something that the machine does at one moment of an event. It need not have
/// been done if nobody was told so.
struct Step {
    event: usize,
    ask: Ask,
    answer: Option<Answer>,
    beside_withdrawal: bool,
    /// Which step has to have been taken before.
    follows: Option<usize>,
    /// Which step must not have been taken yet.
    precedes: Option<usize>,
}

/// An order in which the machine can have answered every event as it was
/// answered, each at a moment between its begin and its end.
struct Search<'h> {
    events: &'h [Event],
    steps: Vec<Step>,
    refuted: HashSet<(u128, Model)>,
}

/// Fails with the whole history if there is no such order.
pub(crate) fn explain(events: &[Event]) -> Result<(), String> {
    if let Some(event) = events.iter().find(|event| event.answer.is_none() && !event.store_failed) {
        return Err(format!("unavailable while the store was up: {event:#?}"));
    }
    let steps = steps(events);
    assert!(steps.len() <= 128, "the history is too long");
    let mut search = Search { events, steps, refuted: HashSet::new() };
    if search.finds(0, &Model::default()) {
        return Ok(());
    }
    let mut text = String::from("no naive machine answers like this:\n");
    for event in events {
        let Event { ask, answer, began, ended, instants, store_failed } = event;
        let failed = if *store_failed { ", store failed" } else { "" };
        let _ = writeln!(text, "{began}-{ended} at {instants:?}{failed}: {ask:?} => {answer:?}");
    }
    Err(abridged(&text))
}

/// The same with codes, tokens and tickets cut down to their last characters.
fn abridged(text: &str) -> String {
    let quoted = text.split('"').map(|part| match part.char_indices().rev().nth(5) {
        Some((last, _)) if part.len() > 40 && !part.contains(' ') => {
            format!("…{}", part.split_at(last).1)
        }
        _ => part.to_owned(),
    });
    quoted.collect::<Vec<_>>().join("\"")
}

/// What the machine has to do for these events, and what it may have done.
fn steps(events: &[Event]) -> Vec<Step> {
    let mut steps = Vec::new();
    let codes: Vec<&String> = events.iter().filter_map(Event::code).collect();
    for (place, event) in events.iter().enumerate() {
        let beside_withdrawal =
            events.iter().any(|other| matches!(other.ask, Ask::Withdraw) && other.overlaps(event));
        let mut add = |ask: &Ask, answer: &Option<Answer>, follows, precedes| {
            let (ask, answer) = (ask.clone(), answer.clone());
            steps.push(Step { event: place, ask, answer, beside_withdrawal, follows, precedes });
            steps.len() - 1
        };
        match &event.ask {
            // First the one, then the others, each by itself.
            Ask::Withdraw => {
                let forgets = add(&Ask::Forget, &event.answer, None, None);
                for code in &codes {
                    let end = Ask::End { code: (*code).clone() };
                    add(&end, &event.answer, Some(forgets), None);
                }
            }
            // It may have been done, with the store's answer lost, and tried again.
            ask if event.store_failed && event.answer.is_some() => {
                let again = add(ask, &event.answer, None, None);
                add(ask, &None, None, Some(again));
            }
            ask => {
                add(ask, &event.answer, None, None);
            }
        }
    }
    steps
}

impl Event {
    /// The code that it handed out.
    fn code(&self) -> Option<&String> {
        match &self.answer {
            Some(Answer::Code(code)) => Some(code),
            _ => None,
        }
    }

    /// An unavailable server may do later what it was asked.
    fn overlaps(&self, other: &Self) -> bool {
        let ended = |event: &Self| event.answer.as_ref().map_or(u64::MAX, |_| event.ended);
        self.began < ended(other) && other.began < ended(self)
    }
}

impl Search<'_> {
    /// Whether the steps that were not `taken` can follow `model`.
    fn finds(&mut self, taken: u128, model: &Model) -> bool {
        let is_over =
            |(place, step): (usize, &Step)| taken >> place & 1 == 1 || step.answer.is_none();
        if self.steps.iter().enumerate().all(is_over) {
            return true;
        }
        if !self.refuted.insert((taken, model.clone())) {
            return false;
        }
        (0..self.steps.len()).any(|place| {
            self.may_be_next(taken, place)
                && self
                    .outcomes(place, model)
                    .iter()
                    .any(|outcome| self.finds(taken | 1 << place, outcome))
        })
    }

    /// Whether no step has to come first.
    fn may_be_next(&self, taken: u128, place: usize) -> bool {
        let is_taken = |place: usize| taken >> place & 1 == 1;
        let step = &self.steps[place];
        let began = self.events[step.event].began;
        let is_late = |(other, step): (usize, &Step)| {
            step.answer.is_some() && !is_taken(other) && self.events[step.event].ended < began
        };
        !is_taken(place)
            && step.follows.is_none_or(is_taken)
            && !step.precedes.is_some_and(is_taken)
            && !self.steps.iter().enumerate().any(is_late)
    }

    /// What the machine can have become by this step, at any of its instants.
    fn outcomes(&self, place: usize, model: &Model) -> Vec<Model> {
        let Step { event, ask, answer, beside_withdrawal, .. } = &self.steps[place];
        let at =
            |now: &i64| Moment { asker: *event, now: *now, beside_withdrawal: *beside_withdrawal };
        let instants = self.events[*event].instants.iter();
        instants.filter_map(|now| model.after(ask, at(now), answer.as_ref())).collect()
    }
}
