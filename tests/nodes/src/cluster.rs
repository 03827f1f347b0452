//! Processes of one configuration over one database.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::answer::Answer;
use crate::app::{self, App};
use crate::node::{Node, free_address};

/// Nobody listens there: requests go to the nodes, as if behind a balancer.
pub const ISSUER: &str = "http://127.0.0.1:9";

/// Of the one user, alice.
pub const PASSWORD: &str = "wonderland";

const SECRET: &str = "c2l4dGVlbiBieXRlcyBhcmUgdG9vIGZldyBmb3IgaXQ";

/// Longer than a node takes to find its database again.
const RECOVERY: Duration = Duration::from_secs(60);

/// Running nodes; they end with this value.
pub struct Cluster {
    /// Each at an address of its own.
    pub nodes: Vec<Node>,
    _directory: TempDir,
}

impl Cluster {
    /// Starts `count` nodes over the database at `store`.
    pub async fn start(store: &str, count: usize) -> Self {
        let directory = TempDir::with_prefix("codegrant-nodes-").expect("a temporary directory");
        let secret = directory.path().join("secret");
        fs::write(&secret, format!("{SECRET}\n")).expect("the directory is ours");
        let mut nodes = Vec::new();
        for number in 0..count {
            let (file, address) = (directory.path().join(format!("{number}.json")), free_address());
            let config = configuration(store, &address, &secret);
            fs::write(&file, config.to_string()).expect("the directory is ours");
            let mut node = Node::new(&address, file);
            node.start().await;
            nodes.push(node);
        }
        Self { nodes, _directory: directory }
    }

    /// The address of a node, whichever `number` leads to.
    #[must_use]
    pub fn node(&self, number: usize) -> &str {
        let number = number.checked_rem(self.nodes.len()).unwrap_or_default();
        &self.nodes.get(number).expect("a cluster has nodes").url
    }

    /// The addresses of all nodes.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.url.clone()).collect()
    }

    /// Waits until every node says that it can do its work.
    pub async fn wait_until_healthy(&self, app: &App) {
        let wanted = async {
            for node in &self.nodes {
                while !matches!(app.health(&node.url).await, Answer::Done(_)) {
                    sleep(Duration::from_millis(20)).await;
                }
            }
        };
        timeout(RECOVERY, wanted).await.expect("the nodes notice by themselves");
    }
}

/// Lifetimes are long, so that nothing expires while a busy machine works.
fn configuration(store: &str, address: &str, secret: &Path) -> Value {
    json!({
        "issuer": ISSUER,
        "listen": address,
        "store": store,
        "secret": {"file": secret},
        "policy": {
            "code_lifetime": 600, "access_token_lifetime": 7200, "refresh_grace": 60,
        },
        "clients": [
            {
                "client_id": app::ID, "client_name": "Application",
                "token_endpoint_auth_method": "none", "redirect_uris": [app::REDIRECT_URI],
                "grant_types": ["authorization_code", "refresh_token"], "scope": app::SCOPE,
            },
            {
                "client_id": app::AUDITOR, "client_name": "Auditor",
                "client_secret": app::AUDITOR_SECRET, "grant_types": [],
            },
        ],
        "introspection_clients": [app::AUDITOR],
        "users": [{"username": "alice", "password": PASSWORD}],
        "scopes": {app::SCOPE: {"description": "Read your reports"}},
        "resource": {"scope": app::SCOPE},
    })
}
