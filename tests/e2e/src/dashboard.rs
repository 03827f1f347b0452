//! The dashboard and its four companions, as the program that a newcomer starts.

use std::process::{Command, ExitStatus};

use crate::program::{Output, Program, built};

/// A running dashboard on free ports.
pub struct Dashboard {
    /// The address that it tells people to open.
    pub address: String,
    program: Program,
}

impl Dashboard {
    /// Starts one, with a database of its own.
    pub fn start() -> Self {
        let mut command = Command::new(built("dashboard"));
        command.args(["--port", "0"]);
        let address = |line: &str| {
            let address = line.split_whitespace().find(|word| word.starts_with("http://"))?;
            Some(address.to_owned())
        };
        let (program, address) =
            Program::start(command, Output::Stdout, address).unwrap_or_else(|why| panic!("{why}"));
        Self { address, program }
    }

    /// Ends it with SIGTERM.
    pub fn terminate(self) -> ExitStatus {
        self.program.terminate()
    }
}
