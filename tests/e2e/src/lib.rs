//! What the tests from outside share: the programs under test, a real browser,
//! and a browser's stand-in that only follows redirects and fills in forms.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

pub mod agent;
pub mod application;
pub mod browser;
pub mod dashboard;
mod form;
pub mod identity;
pub mod judge;
pub mod program;
pub mod provider;
pub mod server;
