//! What every side of the comparison can do.

use bytes::Bytes;
use http::{Request, Response};

/// How long everything lives that is issued, a code aside.
pub const LIFETIME: u64 = 600;
/// How long a code lives.
pub const CODE_LIFETIME: u64 = 60;

/// A library that makes authorization servers, with its stores in memory, put
/// together as its documentation says: one public client, PKCE with S256, opaque
/// access tokens, refresh tokens that are replaced at each use.
///
/// Each method takes a request as a framework hands it over, its head parsed and
/// its body as bytes, and gives what the framework would send.
pub trait Side {
    /// As crates.io calls it.
    const NAME: &'static str;
    /// A response's body.
    type Body;

    fn new() -> Self;

    /// Who is signed in, and has allowed what will be asked, from now on.
    fn sign_in(&mut self, user: &str);

    /// The authorization endpoint.
    fn authorize(&mut self, request: Request<Bytes>) -> Response<Self::Body>;

    /// The token endpoint.
    fn token(&mut self, request: Request<Bytes>) -> Response<Self::Body>;

    /// The resource server's check: may whoever sent `request` read reports?
    fn may_read(&mut self, request: Request<Bytes>) -> bool;

    /// What is sent as a body.
    fn text(body: Self::Body) -> String;

    /// Moves the clock on.
    fn advance(&mut self, seconds: u64);

    /// Tells a side without [`sweep`](Self::sweep) of its own what the client got.
    fn note(&mut self, _access_token: &str, _refresh_token: &str) {}

    /// Forgets what expired, and says how many records.
    fn sweep(&mut self) -> u64;
}
