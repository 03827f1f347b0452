//! A client's server that hears of sign-outs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::openid::claims;

/// Answers each request with the next of some statuses, then with 200.
pub(crate) struct Hearing {
    pub(crate) uri: String,
    heard: Receiver<String>,
}

impl Hearing {
    pub(crate) fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}/backchannel", listener.local_addr().unwrap());
        let (say, heard) = channel();
        std::thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let status = statuses.get(index).copied().unwrap_or(200);
                let _ = say.send(answer(stream.unwrap(), status));
            }
        });
        Self { uri, heard }
    }

    /// The claims of the next logout token.
    pub(crate) fn next(&self) -> Value {
        let body = self.heard.recv_timeout(Duration::from_secs(20)).unwrap();
        let token = body.strip_prefix("logout_token=").unwrap();
        let header = claims(&json!(format!("x.{}", token.split('.').next().unwrap())));
        assert_eq!(header["typ"], "logout+jwt");
        claims(&json!(token))
    }

    /// Whether there was nothing more until now.
    pub(crate) fn is_silent(&self) -> bool {
        self.heard.try_recv().is_err()
    }
}

/// Reads a request, and says its body.
fn answer(mut stream: TcpStream, status: u16) -> String {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).unwrap();
    String::from_utf8(body).unwrap()
}
