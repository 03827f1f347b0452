//! Where Redis is, and what our keys there begin with.

use std::time::Duration;

use codegrant::HostError;
use redis::cluster::ClusterClient;
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo, parse_redis_url};
use url::Url;

use super::line::PATIENCE;

/// How long one node of a cluster may keep a new connection waiting for it: the
/// others serve their keys meanwhile.
const PATIENCE_WITH_A_NODE: Duration = Duration::from_millis(500);

/// One server, or the nodes of a cluster.
pub(super) enum Place {
    Server(Client),
    Cluster(Box<ClusterClient>),
}

/// Where the URL leads, and its prefix.
pub(super) fn parse(url: &str) -> Result<(Place, String), HostError> {
    let url = parse_redis_url(url)
        .ok_or_else(|| HostError::new("the Redis URL is none: redis://host:port/number"))?;
    let (mut prefix, mut cluster) = ("codegrant".to_owned(), None);
    for (name, value) in url.query_pairs() {
        match &*name {
            "prefix" => prefix = value.into_owned(),
            "cluster" => cluster = Some(value.into_owned()),
            _ => {
                return Err(HostError::new(format!(
                    "the Redis URL has a parameter `{name}`; it may have `prefix` and `cluster`"
                )));
            }
        }
    }
    if !is_prefix(&prefix) {
        return Err(HostError::new(
            "the Redis URL's `prefix` must be 1 to 64 letters, digits, `.`, `_` and `-`",
        ));
    }
    let place = match cluster {
        None => server(url)?,
        Some(others) => nodes(&url, &others)?,
    };
    Ok((place, prefix))
}

fn server(url: Url) -> Result<Place, HostError> {
    let server = url.into_connection_info()?.set_tcp_settings(at_once());
    Ok(Place::Server(Client::open(server)?))
}

/// The node at `url` and the others, all with its credentials.
fn nodes(url: &Url, others: &str) -> Result<Place, HostError> {
    let mut nodes = vec![url.clone()];
    for other in others.split(',').filter(|other| !other.is_empty()) {
        nodes.push(beside(url, other).ok_or_else(|| {
            HostError::new(format!(
                "the Redis URL's `cluster` has `{other}`, which is no host:port"
            ))
        })?);
    }
    let client = ClusterClient::builder(nodes)
        .tcp_settings(at_once())
        .connection_timeout(PATIENCE_WITH_A_NODE)
        .response_timeout(PATIENCE)
        // Left to itself, this client sends again what got no answer.
        .retries(0)
        .build()?;
    Ok(Place::Cluster(Box::new(client)))
}

fn beside(url: &Url, other: &str) -> Option<Url> {
    let (host, port) = other.rsplit_once(':')?;
    let mut node = url.clone();
    node.set_host(Some(host)).ok()?;
    node.set_port(Some(port.parse().ok()?)).ok()?;
    Some(node)
}

/// Small requests are not held back to be sent together.
fn at_once() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

/// No colon, so that no two prefixes have a key in common; no brace, so that
/// the cluster's hash tags are where we put them.
fn is_prefix(prefix: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&prefix.len()) && prefix.bytes().all(fits)
}
