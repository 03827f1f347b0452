//! How many instructions the hot paths execute, counted by valgrind, which gives
//! the same figures on a busy machine as on a quiet one:
//! `cargo bench --bench instructions`.
//!
//! It fails when one grew by more than three hundredths since
//! `benches/instructions.json` was written, which `-- --record` does anew.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]
#![allow(unreachable_pub, reason = "what the benchmarks share is wider than each needs")]

mod house;

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

use house::{House, access_token_in, bearer, code_in, refresh_token_in};

/// By how much a path may grow unseen.
const TOLERANCE: f64 = 1.03;

/// How often a path is taken in the shorter of two runs. The longer takes it
/// twice as often, so that what comes before the first time is not counted.
const TIMES: usize = 1_000;

/// As many live grants as a small server has.
const LIVE: usize = 1_000;

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.json");

type Path = (&'static str, fn(usize));

const PATHS: [Path; 5] = [
    ("authorize", authorize),
    ("redeem", redeem),
    ("refresh", refresh),
    ("validate", validate),
    ("whole flow", flow),
];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, walk, path, times] = arguments.as_slice()
        && walk == "walk"
    {
        let (_, walk) = PATHS.into_iter().find(|(name, _)| name == path).unwrap();
        walk(times.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    let counted = PATHS.map(|(path, _)| (path.to_owned(), instructions(path)));
    if arguments.iter().any(|argument| argument == "--record") {
        let text = serde_json::to_string_pretty(&BTreeMap::from(counted)).unwrap();
        std::fs::write(RECORD, text + "\n").unwrap();
        return ExitCode::SUCCESS;
    }
    compare(counted)
}

fn compare(counted: [(String, usize); PATHS.len()]) -> ExitCode {
    let text = std::fs::read_to_string(RECORD).unwrap();
    let record: BTreeMap<String, usize> = serde_json::from_str(&text).unwrap();
    let counted = BTreeMap::from(counted);
    assert!(record.keys().eq(counted.keys()), "{RECORD} is of other paths");
    println!("path         instructions   recorded   ratio (at most {TOLERANCE})");
    let mut verdict = ExitCode::SUCCESS;
    for ((path, now), then) in counted.into_iter().zip(record.into_values()) {
        let ratio = now as f64 / then as f64;
        println!("{path:<10} {now:>14} {then:>10} {ratio:>7.3}");
        if ratio > TOLERANCE {
            verdict = ExitCode::FAILURE;
        }
    }
    verdict
}

/// How many instructions one time takes.
fn instructions(path: &str) -> usize {
    (executed(path, 2 * TIMES) - executed(path, TIMES)) / TIMES
}

fn executed(path: &str, times: usize) -> usize {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["walk", path, &times.to_string()])
        .output()
        .unwrap_or_else(|error| panic!("valgrind cannot be run: {error}"));
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    let (_, count) = report.split_once(" refs:").unwrap_or_else(|| panic!("{report}"));
    count.lines().next().unwrap().trim().replace(',', "").parse().unwrap()
}

fn authorize(times: usize) {
    let house = House::new(LIVE);
    for _ in 0..times {
        drop(house.authorize());
    }
}

fn redeem(times: usize) {
    let house = House::new(LIVE);
    let codes: Vec<_> = (0..2 * TIMES).map(|_| house.authorize()).collect();
    for redirect in codes.iter().take(times) {
        drop(house.redeem(&house.token_body(code_in(redirect))));
    }
}

fn refresh(times: usize) {
    let house = House::refreshing(LIVE);
    let mut tokens = house.redeem(&house.token_body(code_in(&house.authorize())));
    for _ in 0..times {
        tokens = house.redeem(House::refresh_body(refresh_token_in(&tokens)).as_bytes());
    }
}

fn validate(times: usize) {
    let house = House::new(LIVE);
    let body = house.token_body(code_in(&house.authorize()));
    let request = bearer(access_token_in(&house.redeem(&body)));
    for _ in 0..times {
        house.validate(&request);
    }
}

fn flow(times: usize) {
    let mut house = House::new(LIVE);
    for _ in 0..times {
        house.flow();
    }
}
