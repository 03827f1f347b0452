//! A wire to a server, to be cut where neither end notices.

use std::net::SocketAddr;
use std::pin::pin;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Carries connections to a server until it is cut.
pub(crate) struct Wire {
    address: SocketAddr,
    cuts: watch::Sender<u32>,
}

impl Wire {
    pub(crate) async fn to(server: String) -> Self {
        let entrance = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = entrance.local_addr().unwrap();
        let cuts = watch::Sender::new(0);
        let ends = cuts.clone();
        tokio::spawn(async move {
            while let Ok((mut here, _)) = entrance.accept().await {
                let (mut cut, server) = (ends.subscribe(), server.clone());
                tokio::spawn(async move {
                    let mut there = TcpStream::connect(server).await.unwrap();
                    let carried = pin!(copy_bidirectional(&mut here, &mut there));
                    tokio::select! {
                        _ = carried => return,
                        _ = cut.changed() => {}
                    }
                    std::future::pending::<()>().await;
                });
            }
        });
        Self { address, cuts }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// From now on nothing comes through on any connection that there is, and
    /// nobody is told; new ones are carried.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}
