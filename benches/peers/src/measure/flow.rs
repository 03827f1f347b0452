//! The flow, step by step and as a whole.

use crate::house::Flow;
use crate::measure::{Each, Houses, in_turn};
use crate::meter::{Meter, median};

const BATCH: usize = 50;

/// Each step's median, and that of all three together, of `rounds` batches.
pub struct Medians {
    pub authorize: f64,
    pub exchange: f64,
    pub validate: f64,
    pub whole: f64,
}

pub fn flow(houses: &mut Houses, rounds: usize, meter: &impl Meter) -> Each<Medians> {
    let Houses { codegrant, oxide_auth, oauth_as } = houses;
    let mut sides: Each<&mut dyn FnMut() -> Flow> =
        [&mut || codegrant.steady_flow(meter), &mut || oxide_auth.steady_flow(meter), &mut || {
            oauth_as.steady_flow(meter)
        }];
    // The first tenth finds the caches cold.
    in_turn(rounds / 10, BATCH, sides.each_mut().map(|side| *side as _));
    in_turn(rounds, BATCH, sides).map(|flows| Medians {
        authorize: median(flows.iter().map(|flow| flow.authorize)),
        exchange: median(flows.iter().map(|flow| flow.exchange)),
        validate: median(flows.iter().map(|flow| flow.validate)),
        whole: median(flows.iter().map(Flow::whole)),
    })
}
