//! The targets that come in by the public doors, each with what must be true
//! whatever bytes arrive. The others are `codegrant::fuzzing`, beside what they ask.
#![forbid(unsafe_code)]

mod authorize;
mod client;
mod guard;
mod house;
mod logout;
mod record;
mod redirect_uri;
mod token;

pub use authorize::authorize;
pub use client::client;
pub use guard::guard;
pub use logout::logout;
pub use record::record;
pub use redirect_uri::redirect_uri;
pub use token::token;

/// The first `N - 1` lines of a text, and all that comes behind them.
fn lines<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let lines: Vec<_> = std::str::from_utf8(data).ok()?.splitn(N, '\n').collect();
    lines.try_into().ok()
}

/// The values of `name` in a form, by a decoder that repairs.
fn values(form: &str, name: &str) -> Vec<String> {
    let pairs = url::form_urlencoded::parse(form.as_bytes());
    pairs.filter(|pair| pair.0 == name).map(|pair| pair.1.into_owned()).collect()
}
