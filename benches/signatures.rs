//! What an ID token adds to an answer of the token endpoint, beside the bare
//! signature over the same bytes, made by the same library in the same run:
//! `cargo bench --bench signatures`.
//!
//! First the bars that the design is held to, then each signed token alone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use codegrant::{
    Acr, Algorithm, Amr, Authentication, AuthorizationServer, Authorize, Client, ClientSecret,
    HostError, Issuer, KeySet, Provider, Response, SecretRing, ServerSecret, SigningKey, Subject,
    Timestamp, UserAuthenticator, memory,
};
use http::Request;
use http::header::{CONTENT_TYPE, LOCATION};
use http::request::Parts;

/// A typical ID token's.
const CLAIMS: &[u8] = br#"{"iss":"https://id.example","sub":"248289761001","aud":"dashboard","exp":1700003600,"iat":1700000000,"auth_time":1699999990,"nonce":"n-0S6_WzA2Mj4aWcbR7fKQ","acr":"urn:example:silver","amr":["pwd","otp"],"azp":"dashboard","at_hash":"77QmUPtjPfzWtF2AnpK9RQ","sid":"08a5019c-17e1-4977-8f42-65a12843ea02","name":"Alice Example","roles":["admin"]}"#;

fn main() {
    // `cargo bench -- --test` only sees whether everything runs.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 3 } else { 3_001 };
    bars(rounds);
    divan::main();
}

/// How much the ID token may cost of the bare signature's time, where the design
/// says so.
const fn bar(algorithm: Algorithm) -> Option<f64> {
    match algorithm {
        Algorithm::Rs256 => Some(1.1),
        Algorithm::EdDsa => Some(1.5),
        _ => None,
    }
}

/// An answer with an ID token less one without is the ID token: the user looked
/// up, the claims built, written and signed.
fn bars(rounds: usize) {
    println!("an ID token as the token endpoint makes it, beside its bare signature (µs, medians)");
    println!("\nalgorithm   ID token   signature   ratio   at most");
    for &algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let (endpoint, bare) = (Endpoint::new(&key), Bare::new(&key));
        let input = endpoint.signing_input();
        let (mut with, mut without, mut signatures) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            let codes = (endpoint.code("openid+reports.read"), endpoint.code("reports.read"));
            // Each first in turn, so that none always finds a warmer cache.
            for turn in 0..3 {
                match (round + turn) % 3 {
                    0 => signatures.push(timed(|| bare.sign(&input))),
                    1 => with.push(timed(|| endpoint.redeem(&codes.0))),
                    _ => without.push(timed(|| endpoint.redeem(&codes.1))),
                }
            }
        }
        let (id_token, signature) = (median(with) - median(without), median(signatures));
        let (name, ratio) = (algorithm.as_str(), id_token / signature);
        let bar = bar(algorithm).map_or("-".to_owned(), |bar| bar.to_string());
        println!("{name:>9} {id_token:>10.1} {signature:>11.1} {ratio:>7.2} {bar:>9}");
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

/// A provider whose one client gets ID tokens signed by one key.
struct Endpoint {
    server: AuthorizationServer,
    head: Parts,
}

/// Where the client is answered, as both requests say it.
const TO: &str = "redirect_uri=https%3A%2F%2Fdashboard.example%2Fcallback";

/// Alice, who proved it by two factors.
struct Alice;

#[async_trait]
impl UserAuthenticator for Alice {
    async fn authenticate(&self, _: &Parts) -> Result<Option<Authentication>, HostError> {
        let alice = Subject::parse("248289761001").unwrap();
        let amr = ["pwd", "otp"].map(|amr| Amr::parse(amr).unwrap());
        let alice = Authentication::new(alice, Timestamp::from_unix(1_700_000_000));
        Ok(Some(alice.with_acr(Acr::parse("urn:example:silver").unwrap()).with_amr(amr)))
    }
}

impl Endpoint {
    fn new(key: &SigningKey) -> Self {
        // A provider has a key for RS256, whatever its clients want.
        let keys = match key.algorithm() {
            Algorithm::Rs256 => vec![key.clone()],
            _ => vec![key.clone(), SigningKey::generate(Algorithm::Rs256).unwrap()],
        };
        let client = Client::builder("dashboard")
            .redirect_uri("https://dashboard.example/callback")
            .client_secret_post(ClientSecret::new("secret").hash())
            .scope("openid reports.read")
            .id_token_signed_response_alg(key.algorithm())
            .trusted();
        let server = AuthorizationServer::builder(
            Issuer::parse("https://id.example").unwrap(),
            SecretRing::new(ServerSecret::new([7; 32]).unwrap()),
            Arc::new(memory::Clients::new([client.build().unwrap()])),
            Arc::new(memory::Codes::default()),
            Arc::new(Alice),
        );
        let server = server.openid(Provider::new(KeySet::new(keys).unwrap())).build().unwrap();
        let head =
            Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        Self { server, head: head.body(()).unwrap().into_parts().0 }
    }

    /// The body of a token request with a fresh code.
    fn code(&self, scope: &str) -> Vec<u8> {
        let uri = format!(
            "/authorize?response_type=code&client_id=dashboard&scope={scope}\
             &nonce=n-0S6_WzA2Mj4aWcbR7fKQ&{TO}"
        );
        let (request, ()) = Request::get(uri).body(()).unwrap().into_parts();
        let Authorize::Redirect(response) = ready(self.server.authorize(&request, b"")) else {
            panic!("a question")
        };
        let location = response.headers()[LOCATION].to_str().unwrap();
        let code = location.split(['=', '&']).nth(1).unwrap();
        let client = "client_id=dashboard&client_secret=secret";
        format!("grant_type=authorization_code&{client}&{TO}&code={code}").into_bytes()
    }

    fn redeem(&self, body: &[u8]) -> Response {
        ready(self.server.token(&self.head, body))
    }

    /// What the bare key signs: the same bytes, but for a few digits and hashes.
    fn signing_input(&self) -> Vec<u8> {
        let response = self.redeem(&self.code("openid+reports.read"));
        let answer: serde_json::Value = serde_json::from_str(response.body()).unwrap();
        let id_token = answer["id_token"].as_str().unwrap();
        id_token.rsplit_once('.').unwrap().0.as_bytes().to_vec()
    }
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
}

/// Neither a key here nor an embedded store ever waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("something waited"),
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
