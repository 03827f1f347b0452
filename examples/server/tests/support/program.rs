//! The program itself, as somebody at a terminal has it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};

pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.current_dir(directory);
    command
}

/// Runs the program to its end with this configuration.
pub(crate) fn run(directory: &Path, option: &str, config: &Value) -> Output {
    fs::write(directory.join("config.json"), config.to_string()).unwrap();
    command(directory).args([option, "config.json"]).output().unwrap()
}

/// A program that listens, and is stopped with the test.
pub(crate) struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStderr>,
}

impl Running {
    /// Starts with this configuration, or none, and waits until it listens.
    pub(crate) fn start(directory: &Path, config: Option<&Value>) -> Self {
        let mut running = Self::starting(directory, config);
        running.line_with("listening on ");
        running
    }

    /// The same without waiting.
    pub(crate) fn starting(directory: &Path, config: Option<&Value>) -> Self {
        let mut command = command(directory);
        if let Some(config) = config {
            fs::write(directory.join("config.json"), config.to_string()).unwrap();
            command.args(["--config", "config.json"]);
        }
        let streams = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        Self { child, lines }
    }

    pub(crate) fn line_with(&mut self, words: &str) -> String {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "it ended before {words:?}");
        }
        line
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// What it holds in memory, by the kernel's account.
    pub(crate) fn resident_bytes(&self) -> usize {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap();
        statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    }

    /// What it has written when it has ended, and that it ended well.
    pub(crate) fn end(mut self) -> (String, String) {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.lines.read_to_string(&mut stderr).unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{stderr}");
        (stdout, stderr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A configuration on a free port, and whose users' passwords cost as much as in
/// earnest: only alice's.
pub(crate) fn config(scheme: &str) -> (u16, Value) {
    let port = free_port();
    let issuer = format!("{scheme}://127.0.0.1:{port}");
    let alice = json!({"username": "alice", "password": "wonderland"});
    (port, json!({ "issuer": issuer, "store": "sqlite:test.db", "users": [alice] }))
}

/// One below those that the system gives to connections, so that none takes it before
/// a server does, and no other test.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
