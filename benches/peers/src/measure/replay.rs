//! A code used twice, and what happens to the tokens issued for it.

use crate::house::House;
use crate::measure::{Each, Houses, in_turn};
use crate::meter::{Meter, median};
use crate::side::Side;

/// What came of it.
#[derive(Clone, Copy)]
pub struct Replay {
    pub median: f64,
    /// Whether the tokens of the first use are worth nothing now, which RFC 6749
    /// section 4.1.2 wants.
    pub ends_tokens: bool,
}

pub fn replay(houses: &mut Houses, rounds: usize, meter: &impl Meter) -> Each<Replay> {
    let Houses { codegrant, oxide_auth, oauth_as } = houses;
    let readings = in_turn(
        rounds,
        1,
        [&mut || once(codegrant, meter), &mut || once(oxide_auth, meter), &mut || {
            once(oauth_as, meter)
        }],
    );
    readings.map(|readings| Replay {
        median: median(readings.iter().map(|(reading, _)| *reading)),
        ends_tokens: readings.iter().all(|(_, ends_tokens)| *ends_tokens),
    })
}

fn once<S: Side>(house: &mut House<S>, meter: &impl Meter) -> (f64, bool) {
    let (grant, _) = house.flow(meter);
    let reading = house.replay(&grant, meter);
    (reading, !house.is_alive(&grant))
}
