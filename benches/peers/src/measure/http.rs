//! The flow over HTTP: the smallest program on each side, on axum, one client on
//! one connection over the loopback interface.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use axum::Router;
use bytes::Bytes;
use http::header::{HeaderName, LOCATION};
use http::{HeaderValue, Request, Response};
use tokio::runtime;

use crate::house::{code_in, tokens_in};
use crate::measure::{Each, in_turn};
use crate::meter::{Meter, Stopwatch, median};
use crate::programs;
use crate::request;

/// Flows a round.
pub const BATCH: usize = 20;
const USER: HeaderName = HeaderName::from_static("x-user");

/// The median.
pub fn flow(rounds: usize) -> Each<f64> {
    let [mut codegrant, mut oxide_auth, mut oauth_as] = [
        serve(async || programs::codegrant::routes(Default::default()).unwrap()),
        serve(async || programs::oxide_auth::routes().unwrap()),
        serve(async || programs::oauth_as::routes().await.unwrap().1),
    ]
    .map(Connection::to);
    let flows = in_turn(
        rounds,
        BATCH,
        [&mut || codegrant.flow(), &mut || oxide_auth.flow(), &mut || oauth_as.flow()],
    );
    flows.map(median)
}

/// Serves in a thread of its own until the process ends.
fn serve<F: Future<Output = Router>>(routes: impl FnOnce() -> F + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, routes().await).await.unwrap();
        });
    });
    address
}

/// A client's, which stays open.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Steps 2 to 8, without what the client does between them.
    fn flow(&mut self) -> f64 {
        let mut request = request::authorization();
        request.headers_mut().insert(USER, HeaderValue::from_static("user-00000001"));
        let (redirect, authorize) = self.ask(&request);
        let (answer, exchange) = self.ask(&request::exchange(&code_in(&redirect)));
        let (access_token, _) = tokens_in(answer.status(), answer.body());
        let (reports, validate) = self.ask(&request::resource(&access_token));
        assert_eq!(reports.body(), "the reports of user-00000001");
        authorize + exchange + validate
    }

    fn ask(&mut self, request: &Request<Bytes>) -> (Response<String>, f64) {
        let text = written(request);
        Stopwatch.read(|| {
            self.0.get_mut().write_all(&text).unwrap();
            self.answer()
        })
    }

    fn answer(&mut self) -> Response<String> {
        let status = self.line();
        let mut response = Response::builder().status(status.split(' ').nth(1).unwrap());
        let mut length = 0;
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else { break };
            match name {
                "content-length" => length = value.parse().unwrap(),
                "location" => response = response.header(LOCATION, value),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        response.body(String::from_utf8(body).unwrap()).unwrap()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.truncate(line.trim_end().len());
        line
    }
}

/// As it goes over the wire.
fn written(request: &Request<Bytes>) -> Vec<u8> {
    let mut text =
        format!("{} {} HTTP/1.1\r\nhost: id.example\r\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    text += &format!("content-length: {}\r\n\r\n", request.body().len());
    [text.as_bytes(), request.body()].concat()
}
