//! Clients at work, whatever happens to the servers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nodes::answer::Answer;
use nodes::app::App;
use nodes::browser::Browser;
use nodes::journal::{End, Event, Life};
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::time::sleep;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(30);

/// One client: lives one life after the other, each at random nodes.
pub(crate) struct Worker {
    nodes: Vec<String>,
    app: App,
    browser: Browser,
    random: StdRng,
}

/// How a life ends, if its client has a say.
#[derive(Clone, Copy)]
enum Course {
    /// Never: the tokens stay in use.
    Kept,
    /// The client gives its tokens back.
    Revoked,
    /// The code comes a second time.
    Replayed,
    /// The code comes twice at the same time.
    Raced,
}

impl Worker {
    pub(crate) fn new(nodes: Vec<String>, app: App, browser: Browser, random: StdRng) -> Self {
        Self { nodes, app, browser, random }
    }

    /// Works until `stop`, and returns what it wrote down.
    pub(crate) async fn work(mut self, stop: Arc<AtomicBool>) -> Vec<Life> {
        let mut lives = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            let node = self.node();
            match self.browser.code(&node).await {
                Some(code) => lives.push(self.live(code).await),
                None => sleep(PAUSE).await,
            }
        }
        lives
    }

    async fn live(&mut self, code: String) -> Life {
        let mut life = Life { code, events: Vec::new() };
        let course = match self.random.random_range(0..6) {
            0..3 => Course::Kept,
            3 => Course::Revoked,
            4 => Course::Replayed,
            _ => Course::Raced,
        };
        if let Course::Raced = course {
            self.race(&mut life).await;
        }
        self.redeem(&mut life).await;
        for _ in 0..self.random.random_range(0..3) {
            self.refresh(&mut life).await;
        }
        match course {
            Course::Kept | Course::Raced => {}
            Course::Revoked => self.revoke(&mut life).await,
            Course::Replayed => self.replay(&mut life).await,
        }
        life
    }

    /// Presents the code until there is an answer, unless there is one.
    async fn redeem(&mut self, life: &mut Life) {
        while !is_answered(life) {
            let node = self.node();
            let answer = self.app.redeem(&node, &life.code).await;
            life.events.push(Event::Redeemed(answer.clone()));
            if answer.is_open() {
                sleep(PAUSE).await;
            }
        }
    }

    /// Presents the code at two nodes at once. What was granted is written down
    /// first, and what was refused last: either may have been the cause.
    async fn race(&mut self, life: &mut Life) {
        let (here, there) = (self.node(), self.node());
        let (one, other) =
            tokio::join!(self.app.redeem(&here, &life.code), self.app.redeem(&there, &life.code));
        let mut answers = [one, other];
        answers.sort_by_key(|answer| match answer {
            Answer::Done(_) => 0,
            Answer::Unavailable | Answer::Lost => 1,
            Answer::Refused(_) => 2,
        });
        life.events.extend(answers.map(Event::Redeemed));
    }

    async fn refresh(&mut self, life: &mut Life) {
        let Some(token) = latest(life, |tokens| tokens.refresh) else { return };
        loop {
            let node = self.node();
            let answer = self.app.refresh(&node, &token).await;
            life.events.push(Event::Refreshed(answer.clone()));
            if !answer.is_open() {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    async fn revoke(&mut self, life: &mut Life) {
        let Some(token) = latest(life, |tokens| tokens.access) else { return };
        loop {
            let node = self.node();
            let answer = self.app.revoke(&node, &token).await;
            life.events.push(Event::Revoked(answer.clone()));
            if !answer.is_open() {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    async fn replay(&mut self, life: &mut Life) {
        let node = self.node();
        let answer = self.app.redeem(&node, &life.code).await;
        life.events.push(Event::Redeemed(answer));
    }

    fn node(&mut self) -> String {
        let number = self.random.random_range(0..self.nodes.len());
        self.nodes[number].clone()
    }
}

/// Whether the client knows what became of its code.
fn is_answered(life: &Life) -> bool {
    life.events.iter().any(|event| match event {
        Event::Redeemed(answer) => !answer.is_open(),
        Event::Refreshed(_) | Event::Revoked(_) => true,
    })
}

/// What the client holds, unless it has heard that its grant has ended.
fn latest<T>(life: &Life, part: impl FnOnce(nodes::answer::Tokens) -> T) -> Option<T> {
    match life.end().ok()? {
        End::Alive(tokens) | End::Open(tokens) => tokens.last().cloned().map(part),
        End::Waiting | End::Dead(_) => None,
    }
}

/// What clients went through.
#[derive(Default)]
pub(crate) struct Tally {
    codes: u64,
    requests: u64,
    unanswered: u64,
    unavailable: u64,
    redeemed: u64,
    refreshed: u64,
    revoked: u64,
    alive: u64,
    dead: u64,
    open: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, life: &Life, end: &End) {
        self.codes += 1;
        for event in &life.events {
            let (answer, done) = match event {
                Event::Redeemed(answer) => (answer, &mut self.redeemed),
                Event::Refreshed(answer) => (answer, &mut self.refreshed),
                Event::Revoked(answer) => (answer, &mut self.revoked),
            };
            *done += u64::from(matches!(answer, Answer::Done(_)));
            self.requests += 1;
            self.unanswered += u64::from(*answer == Answer::Lost);
            self.unavailable += u64::from(*answer == Answer::Unavailable);
        }
        match end {
            End::Alive(_) => self.alive += 1,
            End::Dead(_) => self.dead += 1,
            End::Open(_) => self.open += 1,
            End::Waiting => {}
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} codes, {} requests ({} without an answer, {} answered 503), {} redemptions, \
             {} refreshes, {} revocations; of the grants {} must be alive and are, {} must be \
             dead and are, {} may be either and are whole",
            self.codes,
            self.requests,
            self.unanswered,
            self.unavailable,
            self.redeemed,
            self.refreshed,
            self.revoked,
            self.alive,
            self.dead,
            self.open,
        )
    }
}
