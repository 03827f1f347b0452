//! A Redis server, alone or as one of a cluster, on a free port of the loopback
//! interface with its data in a temporary folder.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

const PROGRAM: &str = "redis-server";

/// How often a server is asked whether it is there yet, and the pause between.
const TRIES: usize = 400;
const PAUSE: Duration = Duration::from_millis(25);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// How often another program may have been faster at taking a free port.
const PORTS_TRIED: usize = 5;

/// A running server that keeps everything it acknowledged; it ends with this
/// value.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    bus_port: Option<u16>,
    folder: TempDir,
    process: Option<Child>,
}

impl Redis {
    /// Starts an empty server that answers when its disk has a write
    /// (`appendfsync always`).
    pub fn start() -> io::Result<Self> {
        Self::start_at_free_ports(false)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// The address as a client takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}/", self.address())
    }

    /// Ends the server in good order.
    pub fn stop(&mut self) -> io::Result<()> {
        let Some(process) = &mut self.process else { return Ok(()) };
        match command(self.port, &["SHUTDOWN"]) {
            // It answers by closing the connection.
            Err(error) if !is_closed(&error) => return Err(error),
            _ => process.wait()?,
        };
        self.process = None;
        Ok(())
    }

    /// Ends the server as a crash would (`SIGKILL`).
    pub fn kill(&mut self) -> io::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        process.kill()?;
        process.wait().map(drop)
    }

    /// Makes the server silent: it takes connections and answers nothing.
    pub fn pause(&self) -> io::Result<()> {
        self.signal("STOP")
    }

    /// Lets a silent server go on.
    pub fn resume(&self) -> io::Result<()> {
        self.signal("CONT")
    }

    /// Starts the stopped server again, at the same port with the same data.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill()?;
        self.launch()
    }

    /// Sends a command and returns the answer as it comes over the wire: its
    /// first line without the end, or the content of a bulk string.
    pub fn command(&self, words: &[&str]) -> io::Result<String> {
        command(self.port, words)
    }

    fn signal(&self, name: &str) -> io::Result<()> {
        let Some(process) = &self.process else { return Ok(()) };
        let id = process.id().to_string();
        match Command::new("kill").args(["-s", name, &id]).status()?.success() {
            true => Ok(()),
            false => Err(io::Error::other(format!("{PROGRAM} took no {name}"))),
        }
    }

    fn start_at_free_ports(in_cluster: bool) -> io::Result<Self> {
        let mut last = io::Error::other("no port was tried");
        for _ in 0..PORTS_TRIED {
            let bus_port = if in_cluster { Some(free_port()?) } else { None };
            let folder = tempfile::tempdir()?;
            let mut server = Self { port: free_port()?, bus_port, folder, process: None };
            match server.launch() {
                Ok(()) => return Ok(server),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Starts the process and waits until it answers.
    fn launch(&mut self) -> io::Result<()> {
        let log = self.folder.path().join("log");
        let mut program = Command::new(PROGRAM);
        program
            .current_dir(self.folder.path())
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"])
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(Stdio::null());
        if let Some(bus_port) = self.bus_port {
            program.args(["--cluster-enabled", "yes", "--cluster-port", &bus_port.to_string()]);
        }
        let process = self.process.insert(program.spawn().map_err(explain)?);
        // Whoever took the port meanwhile may be a Redis too.
        let its_name = format!("process_id:{}\r", process.id());
        for _ in 0..TRIES {
            let is_ready =
                |info: String| info.contains(&its_name) && info.contains("\nloading:0\r");
            if command(self.port, &["INFO"]).is_ok_and(is_ready) {
                return Ok(());
            }
            if process.try_wait()?.is_some() {
                break;
            }
            thread::sleep(PAUSE);
        }
        self.kill()?;
        Err(io::Error::other(format!("{PROGRAM} did not start: {}", std::fs::read_to_string(log)?)))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.kill();
    }
}

/// Three servers that share the slots of one cluster, without replicas.
#[derive(Debug)]
pub struct Cluster([Redis; 3]);

impl Cluster {
    /// Starts three empty servers and joins them.
    pub fn start() -> io::Result<Self> {
        let nodes =
            [start_node("0", "5460")?, start_node("5461", "10922")?, start_node("10923", "16383")?];
        let [first, second, third] = &nodes;
        for (epoch, node) in [("1", first), ("2", second), ("3", third)] {
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", epoch])?;
        }
        for other in [second, third] {
            let (port, bus) = (other.port.to_string(), other.bus_port.unwrap_or_default());
            first.command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus.to_string()])?;
        }
        let cluster = Self(nodes);
        cluster.wait_until_joined()?;
        Ok(cluster)
    }

    /// The servers.
    #[must_use]
    pub const fn nodes(&self) -> &[Redis; 3] {
        &self.0
    }

    /// A cluster is whole when every node says so.
    fn wait_until_joined(&self) -> io::Result<()> {
        let is_joined = |node: &Redis| {
            node.command(&["CLUSTER", "INFO"]).is_ok_and(|info| {
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
        };
        for _ in 0..TRIES {
            if self.0.iter().all(is_joined) {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        Err(io::Error::other("the three servers did not become a cluster"))
    }
}

/// A server for a cluster that has these slots.
fn start_node(first: &str, last: &str) -> io::Result<Redis> {
    let node = Redis::start_at_free_ports(true)?;
    node.command(&["CLUSTER", "ADDSLOTSRANGE", first, last])?;
    Ok(node)
}

/// A port that nobody uses now.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn command(port: u16, words: &[&str]) -> io::Result<String> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(ANSWER))?;
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    connection.write_all(request.as_bytes())?;
    let head = read_line(&mut connection)?;
    match head.strip_prefix('$').map(str::parse) {
        None if head.starts_with('-') => Err(io::Error::other(head)),
        None | Some(Err(_)) => Ok(head),
        Some(Ok(length)) => {
            let mut content = String::new();
            connection.take(length).read_to_string(&mut content)?;
            Ok(content)
        }
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}

fn read_line(connection: &mut TcpStream) -> io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        connection.read_exact(&mut byte)?;
        line.extend(byte);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn explain(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(
            error.kind(),
            format!("{PROGRAM} is not installed; Debian has it in the package `redis-server`"),
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_survives_a_crash_and_a_stop() {
        let mut server = Redis::start().unwrap();
        assert_eq!(server.command(&["SET", "a", "1"]).unwrap(), "+OK");
        server.kill().unwrap();
        assert!(server.command(&["PING"]).is_err());
        server.restart().unwrap();
        assert_eq!(server.command(&["GET", "a"]).unwrap(), "1");
        server.stop().unwrap();
        assert!(server.command(&["PING"]).is_err());
        server.restart().unwrap();
        assert_eq!(server.command(&["GET", "a"]).unwrap(), "1");
    }

    #[test]
    fn dropping_it_ends_it() {
        let server = Redis::start().unwrap();
        let address = server.address();
        drop(server);
        assert!(TcpStream::connect(address).is_err());
    }

    #[test]
    fn three_nodes_become_one_cluster() {
        let cluster = Cluster::start().unwrap();
        let mut moved = 0;
        for node in cluster.nodes() {
            match node.command(&["SET", "a", "1"]) {
                Ok(answer) => assert_eq!(answer, "+OK"),
                Err(error) => moved += usize::from(error.to_string().starts_with("-MOVED")),
            }
        }
        assert_eq!(moved, 2);
    }
}
