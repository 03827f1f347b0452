//! The programs of `examples/frameworks`.

use std::path::PathBuf;
use std::process::Command;

use e2e::program::{Output, Program};

/// One for each framework.
pub const FRAMEWORKS: [&str; 5] = ["axum", "actix", "poem", "salvo", "hyper"];

/// A running program, and its issuer identifier.
pub struct Running {
    /// The program, which ends when this is dropped.
    pub program: Program,
    /// Where it is reached.
    pub issuer: String,
}

impl Running {
    /// Starts one of [`built`] on a free port.
    #[must_use]
    pub fn start(path: &PathBuf) -> Self {
        let mut command = Command::new(path);
        command.arg("127.0.0.1:0");
        let ready = |line: &str| line.strip_prefix("listening on ").map(str::to_owned);
        let (program, issuer) =
            Program::start(command, Output::Stderr, ready).unwrap_or_else(|why| panic!("{why}"));
        Self { program, issuer }
    }
}

/// Builds the programs as this test is built; returns where each is.
#[must_use]
pub fn built() -> [PathBuf; 5] {
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/test
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package=frameworks", "--bins"]);
    cargo.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"));
    cargo.arg("--target-dir").arg(folder.parent().unwrap());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success(), "the programs under test cannot be built");
    FRAMEWORKS.map(|framework| folder.join(framework))
}
