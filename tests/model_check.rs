//! Nodes that share a store answer, under random schedules, as one naive
//! machine can that does one thing at a time.

mod actor;
mod history;
mod judgement;
mod model;
mod planted;
mod store;
mod wire;
mod world;

use std::panic::catch_unwind;
use std::sync::Arc;

use codegrant::memory::Codes;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, Runner};

use actor::Scene;
use planted::{Plant, Planted};
use store::Faults;

const RUNS: usize = 300;

/// Three nodes with good clocks, on a store that never fails.
const CALM: Scene = Scene {
    skews: &[0, 0, 0],
    requests: 5,
    faults: Faults::None,
    sweeps: true,
    store: || Arc::new(Codes::default()),
};

/// Plays under schedules that follow from the scheduler's seed alone. A failure
/// prints the history, and the schedule for `shuttle::replay`.
fn play(scene: Scene, scheduler: impl Scheduler + 'static, persistence: FailurePersistence) {
    let mut config = Config::new();
    config.stack_size = 1 << 20;
    config.failure_persistence = persistence;
    Runner::new(scheduler, config).run(move || scene.play());
}

fn assert_like_one_naive_machine(scene: Scene, seed: u64) {
    let schedules = RandomScheduler::new_from_seed(seed, RUNS);
    play(scene, schedules, FailurePersistence::Print);
}

#[test]
fn nodes_answer_like_one_naive_machine() {
    assert_like_one_naive_machine(CALM, 1);
}

/// The schedules that Burckhardt and others found to show rare bugs: a node is
/// overtaken only a few times, at the worst moments.
#[test]
fn nodes_that_are_overtaken_seldom_answer_like_one_naive_machine() {
    play(CALM, PctScheduler::new_from_seed(2, 3, RUNS), FailurePersistence::Print);
}

#[test]
fn nodes_whose_clocks_differ_answer_like_one_naive_machine() {
    assert_like_one_naive_machine(Scene { skews: &[-4, 0, 7], ..CALM }, 3);
}

/// A replace that was done and whose answer got lost is never taken for a
/// replay, and no client hears of it, unless what was written is swept at once.
#[test]
fn lost_acknowledgements_are_noticed_by_nobody() {
    assert_like_one_naive_machine(
        Scene { faults: Faults::LostAcknowledgements, sweeps: false, ..CALM },
        4,
    );
}

/// What a client was told is true, and what nobody was told was done or not.
#[test]
fn nodes_with_a_failing_store_answer_like_one_naive_machine() {
    assert_like_one_naive_machine(Scene { faults: Faults::Any, ..CALM }, 5);
}

fn assert_found(store: fn() -> Arc<dyn codegrant::CodeStore>) {
    let schedules = RandomScheduler::new_from_seed(6, 10 * RUNS);
    let scene = Scene { store, ..CALM };
    let played = catch_unwind(|| play(scene, schedules, FailurePersistence::None));
    let why = played.expect_err("the fault is not found");
    let why = why.downcast_ref::<String>().unwrap();
    assert!(why.contains("no naive machine answers like this"), "{why}");
}

#[test]
fn a_swap_that_ignores_the_version_is_found() {
    assert_found(|| Arc::new(Planted::new(Plant::IgnoresTheVersion)));
}

#[test]
fn a_swap_in_two_steps_is_found() {
    assert_found(|| Arc::new(Planted::new(Plant::ReplacesInTwoSteps)));
}

#[test]
fn a_read_from_a_replica_that_lags_is_found() {
    assert_found(|| Arc::new(Planted::new(Plant::Lags)));
}

#[test]
fn a_list_that_misses_a_grant_is_found() {
    assert_found(|| Arc::new(Planted::new(Plant::ListsTooFew)));
}
