//! Whether the time of a refusal tells why it was refused, to somebody who
//! measures over the network: `cargo bench --bench timing`.
//!
//! Requests of two kinds go over one loopback connection in random order, and
//! Welch's t says whether their mean times differ by more than chance. Beyond
//! 4.5 they do.
//!
//! How long a request is and where in it something lies, its sender knows; both
//! show in the time, whatever the server makes of the request. So all requests are
//! of one length, and each kind comes with its parts in many places.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]
#![allow(clippy::disallowed_methods, unreachable_pub, reason = "a benchmark measures time")]

mod house;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use codegrant::{
    AuthorizationServer, Client, ClientSecret, InExtensions, Issuer, Response, SecretRing,
    ServerSecret, memory,
};
use rand::RngExt;

use house::{House, access_token_in, code_in};

/// Samples of each kind.
const SAMPLES: usize = 100_000;

/// So many of a hundred are kept. The slowest are left out: what else the machine did.
const KEPT: usize = 95;

const BAR: f64 = 4.5;

/// Bytes of every request.
const LENGTH: usize = 512;

/// In how many places the parts of a request lie.
const PLACES: usize = 64;

/// One request, with its parts in each of the places.
type Refused = Vec<Vec<u8>>;

const LONG: &str = "correct-horse-battery-staple-42";

fn main() -> ExitCode {
    let samples = if std::env::args().any(|argument| argument == "--test") { 50 } else { SAMPLES };
    let mut wire = Wire::to(serve());
    println!("| two refusals | samples each | difference of means (ns) | t (bar {BAR}) |");
    println!("| --- | ---: | ---: | ---: |");
    let mut verdict = ExitCode::SUCCESS;
    for (name, one, other) in pairs() {
        let [one, other] = wire.times([&one, &other], samples);
        let (difference, t) = welch(&one, &other);
        println!("| {name} | {samples} | {difference:.0} | {t:.1} |");
        if samples == SAMPLES && t.abs() > BAR {
            verdict = ExitCode::FAILURE;
        }
    }
    verdict
}

/// What must not be told apart.
fn pairs() -> [(&'static str, Refused, Refused); 7] {
    let (code, token) = genuine();
    let guess = "x".repeat(LONG.len());
    let (shorter_token, shorter_code) = (&token[..token.len() - 4], &code[..code.len() - 4]);
    let [mac, end] = [token.len() - 40, token.len() - 3];
    [
        (
            "the same refusal twice: the yardstick",
            client("longer", &guess),
            client("longer", &guess),
        ),
        ("unknown client, wrong secret", client("nobody", &guess), client("longer", &guess)),
        (
            "a guess of the secret's length, of another",
            client("longer", &guess),
            client("shorty", &guess),
        ),
        (
            "a secret wrong in its first letter, in its last",
            client("longer", &flipped(LONG, 0)),
            client("longer", &flipped(LONG, LONG.len() - 1)),
        ),
        (
            "forged token of the right length, of another",
            bearer(&flipped(&token, 60)),
            bearer(&flipped(shorter_token, 60)),
        ),
        (
            "a token's seal wrong in its beginning, in its end",
            bearer(&flipped(&token, mac)),
            bearer(&flipped(&token, end)),
        ),
        (
            "forged code of the right length, of another",
            redeem(&flipped(&code, 20)),
            redeem(&flipped(shorter_code, 20)),
        ),
    ]
}

/// A code and an access token that a server with the same secret made.
fn genuine() -> (String, String) {
    let house = House::new(1);
    let code = code_in(&house.authorize()).to_owned();
    let tokens = house.redeem(&house.token_body(&code));
    (code, access_token_in(&tokens).to_owned())
}

/// `text` with another letter at `place`.
fn flipped(text: &str, place: usize) -> String {
    let letter = if text[place..].starts_with('A') { "B" } else { "A" };
    [&text[..place], letter, &text[place + 1..]].concat()
}

/// A request to the token endpoint by a client that tries to prove itself.
fn client(id: &str, secret: &str) -> Refused {
    let credentials = STANDARD.encode(format!("{id}:{secret}"));
    let body = "grant_type=authorization_code&code=x&redirect_uri=x";
    request("POST /token", &format!("Basic {credentials}"), body)
}

fn redeem(code: &str) -> Refused {
    let credentials = STANDARD.encode(format!("longer:{LONG}"));
    let body = format!("grant_type=authorization_code&code={code}&redirect_uri=x");
    request("POST /token", &format!("Basic {credentials}"), &body)
}

fn bearer(token: &str) -> Refused {
    request("POST /resource", &format!("Bearer {token}"), "")
}

fn request(line: &str, authorization: &str, body: &str) -> Refused {
    let at = |place: usize| {
        let before = format!("{line} HTTP/1.1\r\nhost: localhost\r\nx-before: {:x<place$}\r\n", "");
        let after = format!(
            "authorization: {authorization}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\
             content-length: {:03}\r\nx-after: ",
            body.len()
        );
        let end = format!("\r\n\r\n{body}");
        let rest = LENGTH - before.len() - after.len() - end.len();
        [before, after, "x".repeat(rest), end].concat().into_bytes()
    };
    (0..PLACES).map(at).collect()
}

/// A server on a thread of its own.
fn serve() -> SocketAddr {
    let clients = [("longer", LONG), ("shorty", "short")].map(|(id, secret)| {
        Client::builder(id)
            .redirect_uri("https://client.example/callback")
            .client_secret_basic(ClientSecret::new(secret).hash())
            .build()
            .unwrap()
    });
    let server = AuthorizationServer::builder(
        Issuer::parse("https://id.example").unwrap(),
        SecretRing::new(ServerSecret::new([7; 32]).unwrap()),
        Arc::new(memory::Clients::new(clients)),
        Arc::new(memory::Codes::default()),
        Arc::new(InExtensions),
    )
    .build()
    .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, doors(server)).await.unwrap();
        });
    });
    address
}

fn doors(server: AuthorizationServer) -> Router {
    let guard = server.guard();
    let token = async move |request: Request| {
        let (head, body) = request.into_parts();
        let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        server.token(&head, &body).await
    };
    let resource = async move |request: Request| -> Response {
        match guard.check(&request.into_parts().0).await {
            Ok(_) => panic!("a forged token was accepted"),
            Err(denied) => denied.into_response(),
        }
    };
    Router::new().route("/token", any(token)).route("/resource", any(resource))
}

/// One connection.
struct Wire(BufReader<TcpStream>);

impl Wire {
    fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// How long each took, in nanoseconds, so many times each.
    fn times(&mut self, kinds: [&Refused; 2], samples: usize) -> [Vec<f64>; 2] {
        let mut times = [Vec::new(), Vec::new()];
        let mut random = rand::rng();
        for _ in 0..samples.min(1_000) {
            kinds.iter().for_each(|requests| self.refused(&requests[0]));
        }
        while times.iter().any(|times| times.len() < samples) {
            let kind = usize::from(random.random::<bool>());
            let request = &kinds[kind][random.random_range(..PLACES)];
            let start = Instant::now();
            self.refused(request);
            let time = start.elapsed().as_secs_f64() * 1e9;
            if times[kind].len() < samples {
                times[kind].push(time);
            }
        }
        times
    }

    fn refused(&mut self, request: &[u8]) {
        self.0.get_mut().write_all(request).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        self.0.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 40"), "{line}");
        while line != "\r\n" {
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
            self.0.read_line(&mut line).unwrap();
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
    }
}

/// How far the means are apart, and in units of what chance would do.
fn welch(one: &[f64], other: &[f64]) -> (f64, f64) {
    let mut all: Vec<f64> = one.iter().chain(other).copied().collect();
    all.sort_by(f64::total_cmp);
    let limit = all[all.len() * KEPT / 100];
    let [(mean, error), (other_mean, other_error)] = [one, other].map(|times| {
        let kept: Vec<f64> = times.iter().copied().filter(|time| *time < limit).collect();
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    let difference = mean - other_mean;
    (difference, difference / (error + other_error).sqrt())
}
