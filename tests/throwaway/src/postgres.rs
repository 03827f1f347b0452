//! A PostgreSQL server.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its server can only fail, and says why"
)]

use std::collections::hash_map::RandomState;
use std::fs::{File, read_dir, read_to_string};
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// A server of its own, on a loopback port and in a folder that goes with it.
/// Whatever makes it durable is as PostgreSQL sets it.
pub struct Postgres {
    running: Option<Running>,
    programs: PathBuf,
    /// Who runs it, where that may not be us: PostgreSQL refuses root.
    owner: Option<(u32, u32)>,
    port: u16,
    password: String,
    databases: AtomicU32,
    folder: TempDir,
}

struct Running {
    postmaster: Child,
    /// Ends with the last process that could write to the log.
    log: JoinHandle<()>,
}

impl Postgres {
    /// Starts a server that accepts connections when this returns.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is not installed, or does not start.
    #[must_use]
    pub fn start() -> Self {
        let mut server = Self {
            running: None,
            programs: programs(),
            owner: geteuid().is_root().then(unprivileged),
            port: free_port(),
            password: random(),
            databases: AtomicU32::new(0),
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        if let Some((user, group)) = server.owner {
            chown(server.folder.path(), Some(user), Some(group)).expect("root may give it away");
        }
        server.initialize();
        server.restart();
        server
    }

    /// The server that tests running at the same time share: it ends with the
    /// last of them, which a `static` would not.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start) does.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// Its own first database, as its superuser.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// A database that is new and empty.
    ///
    /// # Panics
    ///
    /// If the server does not run.
    #[must_use]
    pub fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut createdb = self.command("createdb");
        createdb.args(["--host=127.0.0.1", "--username=postgres", &name]);
        createdb.arg(format!("--port={}", self.port)).env("PGPASSWORD", &self.password);
        complete(createdb);
        self.url_of(&name)
    }

    /// Shuts it down in good order, open connections notwithstanding.
    pub fn stop(&mut self) {
        self.end(|postmaster| send(postmaster, Signal::INT));
    }

    /// Ends every process of it at once, as a crash would.
    ///
    /// # Panics
    ///
    /// Where there is no `/proc`.
    pub fn kill(&mut self) {
        self.end(|postmaster| {
            send(postmaster, Signal::STOP);
            children(postmaster).into_iter().for_each(|child| send(child, Signal::KILL));
            send(postmaster, Signal::KILL);
        });
    }

    /// Starts it again with its port and data, after it was stopped or killed.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&mut self) {
        self.stop();
        let mut postgres = self.command("postgres");
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        postgres.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
        postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut postmaster = postgres.spawn().expect("postgres can be run");
        let stderr = postmaster.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let mut said = Vec::new();
        while !said
            .last()
            .is_some_and(|line: &String| line.ends_with("ready to accept connections"))
        {
            let Some(line) = lines.next() else {
                let status = postmaster.wait();
                panic!("PostgreSQL did not start ({status:?}):\n{}", said.join("\n"))
            };
            said.push(line);
        }
        let log = thread::spawn(move || lines.for_each(drop));
        self.running = Some(Running { postmaster, log });
    }

    /// A loopback superuser without a password would let everybody on this
    /// machine run programs in our name. It goes in the clear: to prove it
    /// otherwise takes a client without optimizations a tenth of a second.
    fn initialize(&self) {
        let password = self.folder.path().join("password");
        let mut file = File::create(&password).expect("the folder is ours");
        file.write_all(self.password.as_bytes()).expect("the folder is ours");
        let mut initdb = self.command("initdb");
        initdb.args(["--username=postgres", "--auth=password", "--encoding=UTF8"]);
        initdb.args(["--no-locale", "--no-sync"]);
        initdb.arg("--pwfile").arg(password).arg("-D").arg(self.data());
        complete(initdb);
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).env_clear();
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn end(&mut self, by: impl FnOnce(Pid)) {
        if let Some(Running { mut postmaster, log }) = self.running.take() {
            by(Pid::from_child(&postmaster));
            let _ = postmaster.wait();
            let _ = log.join();
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }
}

/// A shutdown that waits for nobody; the folder follows.
impl Drop for Postgres {
    fn drop(&mut self) {
        self.end(|postmaster| send(postmaster, Signal::QUIT));
    }
}

/// Where Debian keeps the newest version's programs, or what the path leads to.
fn programs() -> PathBuf {
    let debian = read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .max()
        .map(|(_, folder)| folder.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest
        .into_iter()
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .expect("PostgreSQL is not installed: apt-get install postgresql")
}

/// User and group of `postgres`, whom every package of PostgreSQL brings.
fn unprivileged() -> (u32, u32) {
    let users = read_to_string("/etc/passwd").expect("there are users");
    let id = |field: Option<&str>| field.and_then(|id| id.parse().ok());
    users
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut user| match user.next() {
            Some("postgres") => Some((id(user.nth(1))?, id(user.next())?)),
            _ => None,
        })
        .expect("there is no user postgres to run it as: apt-get install postgresql")
}

/// A port below those that connections going out take, so that it is still
/// free when the server comes back to it.
fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const PORTS: u64 = 12_000;
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let random = || u16::try_from(RandomState::new().build_hasher().finish() % PORTS).ok();
    std::iter::repeat_with(|| random().map_or(FIRST, |offset| FIRST.saturating_add(offset)))
        .take(100)
        .find(is_free)
        .expect("a port is free")
}

fn random() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

fn complete(mut command: Command) {
    let output = command.output().expect("it can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{said}");
}

/// A process that has just ended by itself need not be told.
fn send(process: Pid, signal: Signal) {
    let _ = kill_process(process, signal);
}

/// Every process whose parent is `parent`: the fourth field of its `stat`, the
/// second after its name, which is in brackets.
fn children(parent: Pid) -> Vec<Pid> {
    let parent_of = |process: &Path| -> Option<Pid> {
        let stat = read_to_string(process.join("stat")).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
    };
    read_dir("/proc")
        .expect("there is a /proc")
        .flatten()
        .filter(|process| parent_of(&process.path()) == Some(parent))
        .filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn answers(server: &Postgres) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).is_ok()
    }

    #[test]
    fn a_server_lives_through_stop_and_kill_and_ends_with_its_test_even_if_that_panics() {
        let mut server = Postgres::start();
        for end in [Postgres::stop, Postgres::kill] {
            assert!(answers(&server));
            end(&mut server);
            assert!(!answers(&server));
            server.restart();
        }
        let (folder, port) = (server.folder.path().to_owned(), server.port);
        assert!(children(Pid::from_child(&server.running.as_ref().unwrap().postmaster)).len() > 1);
        let test = thread::spawn(move || {
            assert!(server.new_database().ends_with("/test_0"));
            panic!("{}", server.url())
        });
        assert!(test.join().unwrap_err().downcast_ref::<String>().unwrap().contains("127.0.0.1"));
        assert!(!folder.exists());
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    }

    #[test]
    fn tests_at_the_same_time_share_one_server_and_no_database() {
        let (one, other) = (Postgres::shared(), Postgres::shared());
        assert_eq!(one.url(), other.url());
        assert_ne!(one.new_database(), other.new_database());
    }
}
