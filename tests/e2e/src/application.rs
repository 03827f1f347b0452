//! An application that has no server of its own, only an origin that serves its
//! files to the browser.

use std::process::Command;

use crate::identity::Identity;
use crate::judge::{FOLDER, HINT};
use crate::program::{Output, Program};

/// A running origin on a free port.
pub struct Application {
    /// Its origin: the scheme, the host and the port.
    pub origin: String,
    _program: Program,
}

impl Application {
    /// Serves it over TLS as this identity.
    #[must_use]
    pub fn start(identity: &Identity) -> Self {
        let mut node = Command::new("node");
        node.arg("spa/serve.js").current_dir(FOLDER);
        node.env("CERTIFICATE", identity.certificate()).env("KEY", identity.key());
        let origin = |line: &str| line.strip_prefix("listening on ").map(str::to_owned);
        let (program, origin) = Program::start(node, Output::Stdout, origin)
            .unwrap_or_else(|why| panic!("{HINT}: {why}"));
        Self { origin, _program: program }
    }
}
