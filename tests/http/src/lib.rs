//! What any server with the demonstration's clients and users must do, seen from
//! outside, whatever it is built with.
//!
//! ```sh
//! cargo test -p http-suite                                  # each program of examples/frameworks
//! BASE_URL=http://127.0.0.1:8080 cargo test -p http-suite   # the server that is reached there
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

pub mod apps;
pub mod program;
mod properties;
pub mod target;
pub mod user;

pub use properties::{PROPERTIES, Property};
