//! What the same work allocates on each side, and what stays, as Markdown:
//! `cargo bench -p peers --bench memory`. Apart from the times, which the
//! counting would change.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(missing_docs)]

use peers::measure::flow::flow;
use peers::measure::memory::{Allocations, Allocator, bytes_a_grant, print_bytes_of};
use peers::measure::refresh::refresh;
use peers::measure::{Houses, Scale};
use peers::table;
use stats_alloc::INSTRUMENTED_SYSTEM;

#[global_allocator]
static ALLOCATOR: &Allocator = &INSTRUMENTED_SYSTEM;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [flag, side, live] = arguments.as_slice()
        && flag == "--side"
        && let Ok(live) = live.parse()
    {
        return print_bytes_of(side, live, ALLOCATOR);
    }
    table::head("memory");
    let scales = Scale::asked_for();
    for scale in scales.iter().take(1) {
        allocations(scale.live);
    }
    for scale in scales {
        let bytes = bytes_a_grant(scale.live);
        table::row(scale.live, "bytes a grant", bytes.map(|bytes| Some(bytes.allocated)));
        table::row(scale.live, "resident bytes", bytes.map(|bytes| Some(bytes.resident)));
    }
}

/// These are as many whatever lives.
fn allocations(live: usize) {
    let sides = flow(&mut Houses::new(live), 20, &Allocations(ALLOCATOR));
    table::row(live, "allocations to authorize", sides.each_ref().map(|side| Some(side.authorize)));
    table::row(live, "to exchange", sides.each_ref().map(|side| Some(side.exchange)));
    table::row(live, "to validate", sides.each_ref().map(|side| Some(side.validate)));
    table::row(live, "whole flow", sides.each_ref().map(|side| Some(side.whole)));
    let refresh = refresh(live, 2, &Allocations(ALLOCATOR));
    table::row(live, "refresh, rotating", refresh.map(Some));
}
