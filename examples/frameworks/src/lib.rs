//! One host application without a web framework: users, login sessions, pages.
//! Each program in `src/bin` gives it to another framework; what an application
//! of its own copies is such a program, and of the host what it does not have.

mod host;
mod pages;
mod people;
mod sessions;

use std::error::Error;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

pub use host::{Host, Page};

/// Where programs listen that are not told otherwise.
const ADDRESS: &str = "127.0.0.1:8080";

/// How often what expired is forgotten.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);

/// How long requests in flight have once the program is to end.
pub const FAREWELL: Duration = Duration::from_secs(10);

/// What every program begins with: a listener at the address that is its only
/// argument, port 0 for any that is free; the host that is reached there; and a
/// future that ends once a terminal or a service manager asks the program to.
pub fn start() -> Result<(TcpListener, Arc<Host>, impl Future<Output = ()>), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or(ADDRESS))?;
    listener.set_nonblocking(true)?;
    let host = Arc::new(Host::new(&format!("http://{}", listener.local_addr()?))?);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let end = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    tokio::spawn(sweep(host.clone()));
    announce(&host);
    Ok((listener, host, end))
}

async fn sweep(host: Arc<Host>) {
    loop {
        tokio::time::sleep(BETWEEN_SWEEPS).await;
        host.sweep().await;
    }
}

#[allow(clippy::print_stderr, reason = "whoever started it waits for this line")]
fn announce(host: &Host) {
    eprintln!("listening on {}", host.server().issuer());
}
