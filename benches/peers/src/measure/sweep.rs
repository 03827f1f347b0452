//! Forgetting what expired, once a minute of a [`LIFETIME`](crate::side::LIFETIME)
//! of ten: a tenth of all grants each time.

use crate::house::House;
use crate::measure::Each;
use crate::meter::{Stopwatch, median};
use crate::side::Side;
use crate::sides::{Codegrant, OauthAs};

/// The median pause; none for a peer that forgets nothing by itself.
pub fn sweep(live: usize, sweeps: usize) -> Each<Option<f64>> {
    [Some(pause::<Codegrant>(live, sweeps)), None, Some(pause::<OauthAs>(live, sweeps))]
}

fn pause<S: Side>(live: usize, sweeps: usize) -> f64 {
    let mut house = House::<S>::new(live);
    house.take_sweeps();
    for _ in 0..live.div_ceil(10) * sweeps {
        house.steady_flow(&Stopwatch);
    }
    median(house.take_sweeps())
}
