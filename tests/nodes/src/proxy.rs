//! A way to a database server on which messages get lost.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// In every request that writes a grant, and in no other: a member of its record.
const GRANT_IN_REQUEST: &[u8] = b"\"attempt\"";

/// What the connection breaks before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loses {
    /// The write: the server never sees it.
    Request,
    /// The answer to it: the server has done its work.
    Answer,
}

/// What the proxy does once the connection is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The next connection is as good as new.
    Returns,
    /// No connection is of any use until [`Proxy::mend`].
    StaysAway,
}

/// A proxy that does what it should, except when it is told to lose something.
/// It ends with this value.
pub struct Proxy {
    url: String,
    switch: Arc<Switch>,
    listens: JoinHandle<()>,
}

struct Switch {
    plan: Mutex<Option<(Loses, Then)>>,
    away: watch::Sender<bool>,
    lost: AtomicUsize,
}

impl Proxy {
    /// Starts one to the server at `url`.
    pub async fn to(url: &str) -> Self {
        let mut url = Url::parse(url).expect("a URL");
        let server = (url.host_str().expect("a host"), url.port().expect("a port"));
        let server = tokio::net::lookup_host(server).await.expect("an address").next();
        let server = server.expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound address").port();
        url.set_port(Some(port)).expect("a URL with a host");
        let switch = Arc::new(Switch {
            plan: Mutex::new(None),
            away: watch::Sender::new(false),
            lost: AtomicUsize::new(0),
        });
        let listens = tokio::spawn(listen(listener, server, switch.clone()));
        Self { url: url.into(), switch, listens }
    }

    /// The database's URL through this proxy.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next write of a grant is lost, or the answer to it.
    pub fn lose(&self, what: Loses, then: Then) {
        *self.switch.plan.lock().expect("nobody panicked") = Some((what, then));
    }

    /// Everything gets through again.
    pub fn mend(&self) {
        self.switch.away.send_replace(false);
    }

    /// How often something was lost.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.switch.lost.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

impl Switch {
    /// Takes the plan if `request` is what it waits for.
    fn strikes(&self, request: &[u8]) -> Option<(Loses, Then)> {
        let writes = request.windows(GRANT_IN_REQUEST.len()).any(|part| part == GRANT_IN_REQUEST);
        self.plan.lock().expect("nobody panicked").take_if(|_| writes)
    }

    fn strike(&self, then: Then) {
        self.away.send_replace(then == Then::StaysAway);
        self.lost.fetch_add(1, Ordering::SeqCst);
    }
}

async fn listen(listener: TcpListener, server: SocketAddr, switch: Arc<Switch>) {
    while let Ok((client, _)) = listener.accept().await {
        let switch = switch.clone();
        tokio::spawn(async move {
            // A connection ends as it likes; both sides see it.
            let _ = carry(client, server, &switch).await;
        });
    }
}

/// Carries messages both ways until one side closes, or one is to be lost.
async fn carry(mut client: TcpStream, server: SocketAddr, switch: &Switch) -> Result<()> {
    let mut away = switch.away.subscribe();
    if *away.borrow_and_update() {
        return Ok(());
    }
    let mut server = TcpStream::connect(server).await?;
    let (mut request, mut answer) = (vec![0; 65_536], vec![0; 65_536]);
    let mut doomed = None;
    loop {
        select! {
            () = goes_away(&mut away) => return Ok(()),
            length = client.read(&mut request) => {
                let request = request.get(..length?).unwrap_or_default();
                if request.is_empty() {
                    return Ok(());
                }
                match switch.strikes(request) {
                    Some((Loses::Request, then)) => {
                        switch.strike(then);
                        return Ok(());
                    }
                    Some((Loses::Answer, then)) => doomed = Some(then),
                    None => {}
                }
                server.write_all(request).await?;
            }
            length = server.read(&mut answer) => {
                let answer = answer.get(..length?).unwrap_or_default();
                if let Some(then) = doomed {
                    switch.strike(then);
                    return Ok(());
                }
                if answer.is_empty() {
                    return Ok(());
                }
                client.write_all(answer).await?;
            }
        }
    }
}

async fn goes_away(away: &mut watch::Receiver<bool>) {
    // The switch outlives every connection.
    let _ = away.wait_for(|away| *away).await;
}
