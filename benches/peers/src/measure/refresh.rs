//! A refresh of each of many grants, once.

use crate::house::{Grant, House};
use crate::measure::{Each, in_turn};
use crate::meter::{Meter, median};
use crate::side::Side;
use crate::sides::{Codegrant, OauthAs, OxideAuth};

const BATCH: usize = 50;

/// The median, of houses built anew until `rounds` batches are full.
pub fn refresh(live: usize, rounds: usize, meter: &impl Meter) -> Each<f64> {
    let mut codegrant = Refreshed::<Codegrant>::new(live);
    let mut oxide_auth = Refreshed::<OxideAuth>::new(live);
    let mut oauth_as = Refreshed::<OauthAs>::new(live);
    let readings = in_turn(
        rounds,
        BATCH,
        [&mut || codegrant.next(meter), &mut || oxide_auth.next(meter), &mut || {
            oauth_as.next(meter)
        }],
    );
    readings.map(median)
}

/// A house whose grants are refreshed one after the other. A peer keeps what a
/// refresh replaced, so more than once each would not be with so many alive.
struct Refreshed<S> {
    live: usize,
    house: House<S>,
    grants: Vec<Grant>,
}

impl<S: Side> Refreshed<S> {
    fn new(live: usize) -> Self {
        let mut house = House::new(live);
        let grants = house.take_grants_at_hand();
        Self { live, house, grants }
    }

    fn next(&mut self, meter: &impl Meter) -> f64 {
        if self.grants.is_empty() {
            *self = Self::new(self.live);
        }
        self.house.refresh(&self.grants.pop().unwrap(), meter)
    }
}
