//! Each step alone, and all of them one after the other.

use super::{House, LIVE, access_token_in, bearer, code_in};

#[divan::bench(args = LIVE)]
fn authorize(bencher: divan::Bencher<'_, '_>, live: usize) {
    let house = House::new(live);
    bencher.bench_local(|| house.authorize());
}

#[divan::bench(args = LIVE)]
fn redeem(bencher: divan::Bencher<'_, '_>, live: usize) {
    let house = House::new(live);
    bencher
        .with_inputs(|| house.token_body(code_in(&house.authorize())))
        .bench_local_values(|body| house.redeem(&body));
}

#[divan::bench(args = LIVE)]
fn validate(bencher: divan::Bencher<'_, '_>, live: usize) {
    let house = House::new(live);
    let body = house.token_body(code_in(&house.authorize()));
    let request = bearer(access_token_in(&house.redeem(&body)));
    bencher.bench_local(|| house.validate(&request));
}

#[divan::bench(args = LIVE)]
fn whole_flow(bencher: divan::Bencher<'_, '_>, live: usize) {
    let mut house = House::new(live);
    bencher.bench_local(|| house.flow());
}
