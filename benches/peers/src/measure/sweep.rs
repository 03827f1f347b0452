//! Forgetting what expired, once a minute of a [`LIFETIME`](crate::side::LIFETIME)
//! of ten: a tenth of all grants each time.

use crate::house::House;
use crate::measure::{Each, Houses};
use crate::meter::{Stopwatch, median};
use crate::side::Side;

/// The median pause; none for a peer that forgets nothing by itself.
pub fn sweep(houses: &mut Houses, sweeps: usize) -> Each<Option<f64>> {
    let Houses { codegrant, oxide_auth: _, oauth_as } = houses;
    [Some(pause(codegrant, sweeps)), None, Some(pause(oauth_as, sweeps))]
}

fn pause<S: Side>(house: &mut House<S>, sweeps: usize) -> f64 {
    house.take_sweeps();
    for _ in 0..house.live().div_ceil(10) * sweeps {
        house.steady_flow(&Stopwatch);
    }
    median(house.take_sweeps())
}
