//! How the programs end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;

use http_suite::program::{Running, built};

/// A request whose body waits for leave, so that its sender knows that it is served.
const HEAD: &[u8] = b"POST /token HTTP/1.1\r\nHost: id.example\r\nConnection: close\r\n\
    Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\
    Expect: 100-continue\r\n\r\n";

#[test]
fn a_program_that_is_asked_to_end_answers_what_is_in_flight_and_keeps_no_connection() {
    for path in built() {
        let Running { program, issuer } = Running::start(&path);
        let address = issuer.trim_start_matches("http://");
        let mut in_flight = BufReader::new(TcpStream::connect(address).unwrap());
        in_flight.get_mut().write_all(HEAD).unwrap();
        let mut leave = String::new();
        in_flight.read_line(&mut leave).unwrap();
        assert!(leave.starts_with("HTTP/1.1 100 "), "{}: {leave}", path.display());

        let mut idle = BufReader::new(TcpStream::connect(address).unwrap());
        idle.get_mut().write_all(b"HEAD /jwks HTTP/1.1\r\nHost: id.example\r\n\r\n").unwrap();
        let answered = idle.by_ref().lines().map(Result::unwrap).any(|line| line.is_empty());
        assert!(answered, "{}", path.display());

        let ending = thread::spawn(move || program.terminate());
        // From its end on, everybody can know that the program has begun to stop.
        assert_eq!(idle.read(&mut [0]).unwrap(), 0, "{}", path.display());
        let mut answer = String::new();
        in_flight.get_mut().write_all(b"x=y").unwrap();
        in_flight.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("HTTP/1.1 400 "), "{}: {answer}", path.display());
        assert!(ending.join().unwrap().success(), "{}", path.display());
    }
}
