//! The dashboard and its four companions, as the program that a newcomer starts.

use std::process::{Command, ExitStatus, Output as Finished};

use tempfile::TempDir;

use crate::program::{Output, Program, built};

/// A running dashboard on free ports.
pub struct Dashboard {
    /// The address that it tells people to open.
    pub address: String,
    program: Program,
    /// Where it may put temporary files.
    folder: TempDir,
}

impl Dashboard {
    /// Starts one, with a database of its own.
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("codegrant-e2e-").expect("a temporary folder");
        let mut command = Command::new(built("dashboard"));
        command.args(["--port", "0"]).env("TMPDIR", folder.path());
        let address = |line: &str| {
            let address = line.split_whitespace().find(|word| word.starts_with("http://"))?;
            Some(address.to_owned())
        };
        let (program, address) =
            Program::start(command, Output::Stdout, address).unwrap_or_else(|why| panic!("{why}"));
        Self { address, program, folder }
    }

    /// Starts one on this port and waits for its end.
    pub fn run_on(port: u16) -> Finished {
        let mut command = Command::new(built("dashboard"));
        command.args(["--port", &port.to_string()]).output().expect("the dashboard runs")
    }

    /// Ends it with SIGTERM; says how, and how many temporary files it left.
    pub fn terminate(self) -> (ExitStatus, usize) {
        let status = self.program.terminate();
        (status, self.folder.path().read_dir().expect("the folder is still there").count())
    }
}
