//! What a signed token costs beside the bare signature over the same bytes, made
//! by the same library in the same run: `cargo bench --bench signatures`.
//!
//! First the bars that the design is held to, then each token alone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use codegrant::{Algorithm, KeySet, SigningKey};

/// A typical ID token's.
const CLAIMS: &[u8] = br#"{"iss":"https://id.example","sub":"248289761001","aud":"dashboard","exp":1700003600,"iat":1700000000,"auth_time":1699999990,"nonce":"n-0S6_WzA2Mj4aWcbR7fKQ","acr":"urn:example:silver","amr":["pwd","otp"],"azp":"dashboard","at_hash":"77QmUPtjPfzWtF2AnpK9RQ","sid":"08a5019c-17e1-4977-8f42-65a12843ea02","name":"Alice Example","roles":["admin"]}"#;

fn main() {
    // `cargo bench -- --test` only sees whether everything runs.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 3 } else { 3_001 };
    bars(rounds);
    divan::main();
}

/// How much the whole token may cost of the bare signature's time, where the
/// design says so.
const fn bar(algorithm: Algorithm) -> Option<f64> {
    match algorithm {
        Algorithm::Rs256 => Some(1.1),
        Algorithm::EdDsa => Some(1.5),
        _ => None,
    }
}

fn bars(rounds: usize) {
    println!("whole token beside the bare signature (µs, medians), {} bytes", CLAIMS.len());
    println!("\nalgorithm   token   signature   ratio   at most");
    for &algorithm in Algorithm::ALL {
        let token = Token::new(algorithm);
        let input = token.signing_input();
        let bare = Bare::new(&token.key);
        let (mut tokens, mut signatures) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            // Each first in turn, so that neither always finds a warmer cache.
            if round % 2 == 0 {
                signatures.push(timed(|| bare.sign(&input)));
                tokens.push(timed(|| token.sign()));
            } else {
                tokens.push(timed(|| token.sign()));
                signatures.push(timed(|| bare.sign(&input)));
            }
        }
        let (token, signature) = (median(tokens), median(signatures));
        let (name, ratio) = (algorithm.as_str(), token / signature);
        let bar = bar(algorithm).map_or("-".to_owned(), |bar| bar.to_string());
        println!("{name:>9} {token:>7.1} {signature:>11.1} {ratio:>7.2} {bar:>9}");
    }
    println!();
}

fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let output = work();
    let time = start.elapsed().as_secs_f64() * 1e6;
    black_box(output);
    time
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A set of one key, and what is signed with it.
struct Token {
    key: SigningKey,
    keys: KeySet,
}

impl Token {
    fn new(algorithm: Algorithm) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        Self { keys: KeySet::new([key.clone()]).unwrap(), key }
    }

    fn sign(&self) -> String {
        ready(self.keys.sign(self.key.algorithm(), "JWT", black_box(CLAIMS))).unwrap()
    }

    fn signing_input(&self) -> Vec<u8> {
        self.sign().rsplit_once('.').unwrap().0.as_bytes().to_vec()
    }
}

/// A key here signs without waiting.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a key here waited"),
    }
}

/// The library's own key, from the same numbers.
enum Bare {
    Rsa(rsa::KeyPair, &'static dyn RsaEncoding),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Bare {
    fn new(key: &SigningKey) -> Self {
        let pem = key.to_pkcs8_pem().unwrap();
        let text: String = pem.expose().lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(text).unwrap();
        let rsa = || rsa::KeyPair::from_pkcs8(&der).unwrap();
        match key.algorithm() {
            Algorithm::Rs256 => Self::Rsa(rsa(), &RSA_PKCS1_SHA256),
            Algorithm::Ps256 => Self::Rsa(rsa(), &RSA_PSS_SHA256),
            Algorithm::Es256 => {
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                Self::P256(EcdsaKeyPair::from_pkcs8(algorithm, &der).unwrap())
            }
            Algorithm::EdDsa => Self::Ed25519(Ed25519KeyPair::from_pkcs8(&der).unwrap()),
            other => panic!("{other}"),
        }
    }

    fn sign(&self, message: &[u8]) {
        let (message, random) = (black_box(message), SystemRandom::new());
        match self {
            Self::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &random, message, &mut signature).unwrap();
                black_box(signature);
            }
            Self::P256(pair) => drop(black_box(pair.sign(&random, message).unwrap())),
            Self::Ed25519(pair) => drop(black_box(pair.sign(message))),
        }
    }
}

#[divan::bench(args = Algorithm::ALL)]
fn token(bencher: divan::Bencher<'_, '_>, algorithm: &Algorithm) {
    let token = Token::new(*algorithm);
    bencher.bench_local(|| token.sign());
}
