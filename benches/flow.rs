//! What a flow costs, from request text to response, with many grants alive,
//! beside the bare cryptography of the same run: `cargo bench --bench flow`.
//!
//! First the bars that the design is held to, then each step alone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]
#![allow(clippy::disallowed_methods, unreachable_pub, reason = "a benchmark measures time")]

mod house;

use std::hint::black_box;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use house::{CHALLENGE, House, LIVE, VERIFIER};

fn main() {
    // `cargo bench -- --test` only sees whether everything runs.
    if std::env::args().any(|argument| argument == "--test") {
        round(&mut House::new(1_000), &BareCryptography::new());
    } else {
        bars();
    }
    divan::main();
}

/// The figures that the design is held to, the median of many rounds.
fn bars() {
    println!("whole flow beside the bare cryptography (µs, medians)\n");
    println!("live grants   flow   cryptography   ratio   sweep   bytes a grant");
    let bare = BareCryptography::new();
    let mut flows = Vec::new();
    for live in LIVE {
        let before = resident_bytes();
        let mut house = House::new(live);
        let bytes = resident_bytes().saturating_sub(before) / live;
        for _ in 0..5_000 {
            round(&mut house, &bare);
        }
        let rounds: Vec<_> = (0..100_000).map(|_| round(&mut house, &bare)).collect();
        let flow = median(rounds.iter().map(|round| round.flow));
        let cryptography = median(rounds.iter().map(|round| round.cryptography));
        let sweep = rounds.iter().map(|round| round.sweep).sum::<f64>() / 1e5;
        let ratio = flow / cryptography;
        flows.push(flow);
        println!(
            "{live:>11} {flow:>6.2} {cryptography:>14.2} {ratio:>7.2} {sweep:>7.2} {bytes:>16}"
        );
    }
    println!("\na million live grants against a thousand: {:.2} times\n", flows[2] / flows[0]);
}

/// Microseconds.
struct Round {
    flow: f64,
    cryptography: f64,
    /// Forgetting what expired meanwhile.
    sweep: f64,
}

/// One flow, each step in turn with its share of the cryptography, so that
/// neither finds the processor better prepared. What the client does between
/// the steps is not counted.
fn round(house: &mut House, bare: &BareCryptography) -> Round {
    let (code, c1) = timed(|| bare.authorize());
    let (redirect, f1) = timed(|| house.authorize());
    house.client_takes_code(&redirect);
    let (token, c2) = timed(|| bare.redeem(&code));
    let (tokens, f2) = timed(|| {
        drop(redirect);
        house.redeem(&house.body)
    });
    house.client_takes_token(&tokens);
    let ((), c3) = timed(|| bare.validate(&token));
    let ((), f3) = timed(|| {
        drop(tokens);
        house.validate(&house.resource_request);
    });
    let ((), sweep) = timed(|| house.forget_expired());
    Round { flow: f1 + f2 + f3, cryptography: c1 + c2 + c3, sweep }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let output = work();
    (output, start.elapsed().as_secs_f64() * 1e6)
}

fn median(times: impl Iterator<Item = f64>) -> f64 {
    let mut times: Vec<_> = times.collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// What the process holds in memory, by the kernel's account.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// The cryptography that no implementation of the design can leave out: draw,
/// seal and open, hash, PKCE. Nothing around it.
struct BareCryptography {
    code_key: Hmac<Sha256>,
    token_key: Hmac<Sha256>,
}

impl BareCryptography {
    fn new() -> Self {
        Self {
            code_key: Hmac::<Sha256>::new(&[1; 64].into()),
            token_key: Hmac::<Sha256>::new(&[2; 64].into()),
        }
    }

    fn authorize(&self) -> String {
        Self::seal::<37>(&self.code_key)
    }

    fn redeem(&self, code: &str) -> String {
        Self::open(&self.code_key, code);
        let mut challenge = [0; 48];
        URL_SAFE_NO_PAD.decode_slice(black_box(CHALLENGE), &mut challenge).unwrap();
        Self::hash_and_compare(black_box(VERIFIER.as_bytes()));
        Self::seal::<55>(&self.token_key)
    }

    fn validate(&self, token: &str) {
        Self::open(&self.token_key, token);
    }

    /// Draws id, seed and attempt, hashes the seed, seals.
    fn seal<const LENGTH: usize>(key: &Hmac<Sha256>) -> String {
        let mut drawn = [0; 40];
        rand::rng().fill_bytes(&mut drawn);
        black_box(Sha256::digest(&drawn[..16]));
        let mut bytes = Vec::with_capacity(LENGTH + 32);
        bytes.extend_from_slice(&drawn);
        bytes.resize(LENGTH, 0);
        let mac = key.clone().chain_update(&bytes).finalize();
        bytes.extend_from_slice(&mac.into_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens, and compares the seed's hash.
    fn open(key: &Hmac<Sha256>, text: &str) {
        let mut bytes = [0; 128];
        let length = URL_SAFE_NO_PAD.decode_slice(black_box(text), &mut bytes).unwrap();
        let (sealed, mac) = bytes[..length].split_last_chunk::<32>().unwrap();
        key.clone().chain_update(sealed).verify(mac.into()).unwrap();
        Self::hash_and_compare(&sealed[..16]);
    }

    fn hash_and_compare(secret: &[u8]) {
        black_box(<[u8; 32]>::from(Sha256::digest(secret)).ct_eq(black_box(&[0; 32])));
    }
}
