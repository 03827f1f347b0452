//! One process of the example server.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::iter::repeat_with;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use e2e::program::built;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Longer than anything takes to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what a process has said.
const PAUSE: Duration = Duration::from_millis(20);

/// A server process, running or killed. It ends with this value.
pub struct Node {
    /// Where requests go: `http://address:port`.
    pub url: String,
    config: PathBuf,
    log: PathBuf,
    child: Option<Child>,
}

impl Node {
    /// A node that listens at `address` once it is started with this
    /// configuration file.
    #[must_use]
    pub fn new(address: &str, config: PathBuf) -> Self {
        let log = config.with_extension("log");
        Self { url: format!("http://{address}"), config, log, child: None }
    }

    /// Starts the process and waits until it listens.
    pub async fn start(&mut self) {
        let log = File::create(&self.log).expect("the directory is ours");
        let mut command = Command::new(built("server"));
        command.arg("--config").arg(&self.config).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("the server can be run"));
        timeout(PATIENCE, self.listens()).await.expect("the server starts in time");
    }

    /// Ends the process at once, as a crash would.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("a running node");
        child.kill().await.expect("a process of ours");
    }

    /// The id of its process.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    async fn listens(&mut self) {
        while !said(&self.log).contains("listening on ") {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert_eq!(ended, None, "the server ended:\n{}", said(&self.log));
            sleep(PAUSE).await;
        }
    }
}

fn said(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}

/// An address whose port is below those that connections going out take, so
/// that it is still free when a killed node comes back to it.
#[must_use]
pub fn free_address() -> String {
    let is_free = |port: &u64| TcpListener::bind(format!("127.0.0.1:{port}")).is_ok();
    let ports = repeat_with(|| (any_number() % 10_000).saturating_add(10_000));
    let port = ports.take(100).find(is_free).expect("a port is free");
    format!("127.0.0.1:{port}")
}

/// A number that nobody chose.
#[must_use]
pub fn any_number() -> u64 {
    RandomState::new().build_hasher().finish()
}
