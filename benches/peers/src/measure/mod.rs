//! What is measured, one file each.

pub mod flow;
pub mod http;
pub mod memory;
pub mod refresh;
pub mod replay;
pub mod sweep;

use crate::house::House;
use crate::sides::{Codegrant, OauthAs, OxideAuth};

/// One a side: this crate's first.
pub type Each<T> = [T; 3];

/// A house a side, each with as many live grants.
pub struct Houses {
    codegrant: House<Codegrant>,
    oxide_auth: House<OxideAuth>,
    oauth_as: House<OauthAs>,
}

impl Houses {
    pub fn new(live: usize) -> Self {
        Self {
            codegrant: House::new(live),
            oxide_auth: House::new(live),
            oauth_as: House::new(live),
        }
    }
}

/// How many live grants, and how often what is measured is done.
#[derive(Clone, Copy)]
pub struct Scale {
    pub live: usize,
    /// Batches of flows and of refreshes.
    pub rounds: usize,
    /// Replays, which take a peer that scans a second.
    pub replays: usize,
    pub sweeps: usize,
}

impl Scale {
    /// What is measured, or, where only whether everything runs is of interest
    /// (`cargo bench -- --test`), what is quick.
    pub fn asked_for() -> Vec<Self> {
        if std::env::args().any(|argument| argument == "--test") {
            return vec![Self { live: 100, rounds: 2, replays: 1, sweeps: 1 }];
        }
        [1_000, 100_000, 1_000_000]
            .map(|live| Self { live, rounds: 400, replays: 21, sweeps: 3 })
            .into()
    }
}

/// Runs the sides in turn, `batch` times each, `rounds` times over, so that a
/// machine that gets slower or faster does so for all of them. A batch lets each
/// find its own way into the processor's caches again.
pub fn in_turn<T>(
    rounds: usize,
    batch: usize,
    mut sides: Each<&mut dyn FnMut() -> T>,
) -> Each<Vec<T>> {
    let mut readings = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        for (side, readings) in sides.iter_mut().zip(&mut readings) {
            readings.extend((0..batch).map(|_| side()));
        }
    }
    readings
}
