//! Many who take their time keep nobody out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on has failed"
)]

#[allow(dead_code, reason = "every test file needs other parts of it")]
mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use support::Browser;
use support::program::{Running, config};

const CROWD: usize = 10_000;

/// Longer than the server waits for a request's head, with all that the machine
/// may do meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a connection that does nothing may cost.
const MOST_BYTES_EACH: usize = 32 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_that_never_finish_a_request_are_served_around_and_closed() {
    let files = u64::try_from(CROWD).unwrap() + 1_000;
    assert!(rlimit::increase_nofile_limit(files).unwrap() >= files, "too few files may be open");
    let directory = tempfile::tempdir().unwrap();
    let (port, config) = config("http");
    let running = Running::start(directory.path(), Some(&config));
    let before = running.resident_bytes();

    let mut crowd: Vec<_> = (0..CROWD).map(|number| slow(port, number)).collect();
    let browser = Browser::new(&format!("http://127.0.0.1:{port}"));
    assert_eq!(browser.get("/healthz").await.status, 200);
    let login = browser.login_page("dashboard").await;
    assert_eq!(browser.sign_in(&login, "alice", "wonderland").await.status, 303);
    let each = running.resident_bytes().saturating_sub(before) / CROWD;
    assert!(each <= MOST_BYTES_EACH, "{each} bytes a connection");

    for connection in &mut crowd {
        assert!(is_closed(connection), "the server waits for ever");
    }
    assert_eq!(browser.get("/healthz").await.status, 200);
    running.signal("TERM");
    running.end();
}

/// A connection that sends less than it says, or less than a head.
fn slow(port: u16, number: usize) -> TcpStream {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = match number % 3 {
        0 => "",
        1 => "GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ",
        _ => "POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\ngrant_type=",
    };
    connection.write_all(head.as_bytes()).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection
}

/// Whether the server hangs up, whatever it says before.
fn is_closed(connection: &mut TcpStream) -> bool {
    match connection.read_to_end(&mut Vec::new()) {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}
