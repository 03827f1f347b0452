//! How long the same work takes on each side, as Markdown:
//! `cargo bench -p peers --bench times`.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

use peers::measure::flow::flow;
use peers::measure::refresh::refresh;
use peers::measure::replay::replay;
use peers::measure::sweep::sweep;
use peers::measure::{Houses, Scale, http};
use peers::meter::Stopwatch;
use peers::table;

fn main() {
    println!("\nNanoseconds, medians of interleaved rounds, one thread, in memory.");
    table::head("ns");
    for scale in Scale::asked_for() {
        let mut houses = Houses::new(scale.live);
        steps(&mut houses, scale);
        let replay = replay(&mut houses, scale.replays, &Stopwatch);
        let ends = replay.map(|replay| replay.ends_tokens.then_some(replay.median));
        table::row(scale.live, "code used twice, its tokens ended", ends);
        table::row(scale.live, "sweep of a tenth", sweep(&mut houses, scale.sweeps));
        drop(houses);
        let refresh = refresh(scale.live, scale.rounds, &Stopwatch);
        table::row(scale.live, "refresh, rotating", refresh.map(Some));
    }
    // Its houses are empty at first.
    let over_http = Scale::asked_for().iter().map(|scale| scale.rounds).min().unwrap_or(1);
    table::row(
        over_http * http::BATCH,
        "whole flow over HTTP, at most",
        http::flow(over_http).map(Some),
    );
}

fn steps(houses: &mut Houses, scale: Scale) {
    let sides = flow(houses, scale.rounds, &Stopwatch);
    table::row(scale.live, "authorize", sides.each_ref().map(|side| Some(side.authorize)));
    table::row(scale.live, "exchange, PKCE", sides.each_ref().map(|side| Some(side.exchange)));
    table::row(scale.live, "validate", sides.each_ref().map(|side| Some(side.validate)));
    table::row(scale.live, "**whole flow**", sides.each_ref().map(|side| Some(side.whole)));
}
