//! Whether memory stays where it is under valid and senseless requests, mixed, at
//! full speed: `cargo bench --bench soak` for ten minutes, `-- 60` for one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]
#![allow(clippy::disallowed_methods, unreachable_pub, reason = "a benchmark measures time")]

mod house;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use house::{House, access_token_in, code_in};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const LIVE: usize = 10_000;

/// So many rounds pass first, until as much is forgotten as is added.
const WARM_UP: usize = 5 * LIVE;

/// How often memory is looked at.
const LOOKS: u32 = 10;

/// By how much it may grow after the first look: what the allocator keeps apart.
const TOLERANCE: f64 = 1.05;

/// Parts of requests, so that noise gets as far as it can.
const WORDS: [&str; 12] = [
    "response_type=code",
    "client_id=dashboard",
    "client_id=nobody",
    "redirect_uri=https%3A%2F%2Fevil.example%2F",
    "scope=openid+reports.read",
    "grant_type=authorization_code",
    "grant_type=refresh_token",
    "code=Agon25N6xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "token=%00%ff%zz",
    "code_challenge=x&code_challenge_method=plain",
    "request_uri=urn%3Ax",
    "claims=%7B%22userinfo%22%3A%7B%7D%7D",
];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let seconds = match arguments.iter().find_map(|argument| argument.parse().ok()) {
        Some(seconds) => seconds,
        None if arguments.iter().any(|argument| argument == "--test") => 1,
        None => 600,
    };
    let mut house = House::new(LIVE);
    let mut random = StdRng::seed_from_u64(1);
    let (mut rounds, mut first) = (0_u64, None);
    println!("| seconds | rounds | resident (KiB) |");
    println!("| ---: | ---: | ---: |");
    for _ in 0..WARM_UP {
        round(&mut house, &mut random);
    }
    let start = Instant::now();
    for look in 1..=LOOKS {
        let until = Duration::from_secs(seconds) * look / LOOKS;
        while start.elapsed() < until {
            round(&mut house, &mut random);
            rounds += 1;
        }
        let resident = resident_kib();
        println!("| {} | {rounds} | {resident} |", until.as_secs());
        let first = *first.get_or_insert(resident);
        if resident as f64 > first as f64 * TOLERANCE {
            println!("\nmemory grows");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// A whole flow, a replay, and something senseless at every door.
fn round(house: &mut House, random: &mut StdRng) {
    house.flow();
    replay(house);
    house.refuse(&noise(random));
}

/// A code that comes twice ends its grant before its time.
fn replay(house: &House) {
    let body = house.token_body(code_in(&house.authorize()));
    assert!(!access_token_in(&house.redeem(&body)).is_empty());
    assert_eq!(house.redeem(&body).status(), 400);
}

fn noise(random: &mut StdRng) -> String {
    let mut text = String::new();
    for _ in 0..random.random_range(0..8) {
        text += WORDS[random.random_range(0..WORDS.len())];
        text.push(if random.random::<bool>() { '&' } else { char::from(random.random::<u8>()) });
    }
    text
}

/// What the process holds in memory, by the kernel's account.
fn resident_kib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4
}
