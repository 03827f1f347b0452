//! Programs that a test starts, and that never outlive it.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Longer than anything takes to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at whether a program has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// A running program, in a process group of its own. Dropping it ends them all.
pub struct Program {
    name: String,
    child: Child,
}

/// Which of a program's outputs says that it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Program {
    /// Starts `command` and waits until `announcement` finds in a line of
    /// `output` what it is looking for.
    pub fn start<T>(
        mut command: Command,
        output: Output,
        announcement: impl Fn(&str) -> Option<T>,
    ) -> Result<(Self, T), String> {
        let name = command.get_program().to_string_lossy().into_owned();
        let (stdout, stderr) = match output {
            Output::Stdout => (Stdio::piped(), Stdio::null()),
            Output::Stderr => (Stdio::null(), Stdio::piped()),
        };
        let spawned = command.stdout(stdout).stderr(stderr).process_group(0).spawn();
        let mut child = spawned.map_err(|error| format!("{name} cannot be started: {error}"))?;
        let lines = match output {
            Output::Stdout => child.stdout.take().map(lines),
            Output::Stderr => child.stderr.take().map(lines),
        };
        let program = Self { name, child };
        let lines = lines.expect("the output is piped");
        let mut heard = String::new();
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            if let Some(found) = announcement(&line) {
                return Ok((program, found));
            }
            heard.push_str(&line);
            heard.push('\n');
        }
        Err(format!("{} did not get ready; it said:\n{heard}", program.name))
    }

    /// Asks it to end, as a terminal or a service manager would.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait(PATIENCE).unwrap_or_else(|| panic!("{} ignores SIGTERM", self.name))
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        let sent =
            Command::new("kill").args(["-s", signal, "--", &group]).stderr(Stdio::null()).status();
        assert!(sent.is_ok(), "the command kill is missing: install Debian's package procps");
    }

    fn wait(&mut self, at_most: Duration) -> Option<ExitStatus> {
        let looks = at_most.as_millis().checked_div(PAUSE.as_millis()).unwrap_or_default();
        for _ in 0..looks {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            thread::sleep(PAUSE);
        }
        None
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        self.signal("TERM");
        if self.wait(Duration::from_secs(5)).is_none() {
            self.signal("KILL");
            self.wait(PATIENCE);
        }
    }
}

/// Reads to the end whether or not anybody listens, so that the program never
/// waits for its reader.
fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (heard, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody listens any more once the program is ready.
            let _ = heard.send(line);
        }
    });
    lines
}

/// The path of one of the workspace's programs, built as the tests are.
pub fn built(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build).join(name)
}

fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own path");
    // target/debug/deps/test
    let folder = test.parent().and_then(|deps| deps.parent()).expect("cargo's folders");
    let target = folder.parent().expect("cargo's folders");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet"]);
    cargo.args(["server", "dashboard", "resource"].map(|name| format!("--package={name}")));
    cargo.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"));
    cargo.arg("--target-dir").arg(target);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.status().expect("cargo runs");
    assert!(status.success(), "the programs under test cannot be built");
    folder.to_owned()
}
