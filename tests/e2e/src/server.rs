//! The example authorization server, with clients and users for these tests.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Output, Program, built};

/// The secret of the clients that have one.
pub const CLIENT_SECRET: &str = "bdpW2dkpPqvnu0mGfmsDEvKiLrbs1BKj6nFgUxhTfSo";
/// What the resource server in a process of its own is called.
pub const REPORTS_API: &str = "https://reports.example/api";
/// Where the clients that run on a web server are answered. Nobody listens
/// there: the tests read the redirect instead of following it.
pub const WEB_REDIRECT_URI: &str = "http://127.0.0.1:9/callback";

/// Somebody else may take a port between our choice and the server's start.
const MOST_TRIES: u8 = 5;

/// A running authorization server, with a database of its own.
pub struct Server {
    /// Its issuer identifier, under which its paths lie.
    pub issuer: String,
    _program: Program,
    _directory: TempDir,
}

impl Server {
    /// Starts one on a free port.
    pub fn start() -> Self {
        Self::start_with("http", configuration)
    }

    /// Starts one with the configuration for this issuer and its own directory.
    pub(crate) fn start_with(scheme: &str, configuration: impl Fn(&str, &Path) -> Value) -> Self {
        let directory = TempDir::with_prefix("codegrant-e2e-").expect("a temporary directory");
        let mut why = String::new();
        for _ in 0..MOST_TRIES {
            let issuer = format!("{scheme}://127.0.0.1:{}", free_port());
            let file = directory.path().join("config.json");
            let configuration = configuration(&issuer, directory.path());
            fs::write(&file, configuration.to_string()).expect("the configuration is written");
            let mut command = Command::new(built("server"));
            command.arg("--config").arg(&file);
            let listening = format!("listening on {issuer}");
            let ready = |line: &str| line.contains(&listening).then_some(());
            match Program::start(command, Output::Stderr, ready) {
                Ok((program, ())) => {
                    return Self { issuer, _program: program, _directory: directory };
                }
                Err(said) => why = said,
            }
        }
        panic!("{why}")
    }

    /// The address of an endpoint.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound address").port()
}

fn configuration(issuer: &str, directory: &Path) -> Value {
    let path = |name: &str| directory.join(name).display().to_string();
    let scope = "reports.read reports.comment";
    json!({
        "issuer": issuer,
        "store": format!("sqlite:{}", path("codegrant.db")),
        "secret": {"file": path("codegrant.secret")},
        "signing_keys": [path("es256.pem"), path("rs256.pem")],
        "clients": [
            {
                "client_id": "basic", "client_name": "Basic client", "client_secret": CLIENT_SECRET,
                "token_endpoint_auth_method": "client_secret_basic",
                "redirect_uris": [WEB_REDIRECT_URI], "scope": scope,
            },
            {
                "client_id": "post", "client_name": "Post client", "client_secret": CLIENT_SECRET,
                "token_endpoint_auth_method": "client_secret_post",
                "redirect_uris": [WEB_REDIRECT_URI], "scope": scope,
            },
            {
                "client_id": "native", "client_name": "Native client",
                "token_endpoint_auth_method": "none", "application_type": "native",
                "redirect_uris": ["http://127.0.0.1/callback"], "scope": scope,
            },
            {
                "client_id": "lasting", "client_name": "Client that stays",
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"],
                "redirect_uris": ["https://lasting.example/callback"], "scope": scope,
                "resources": [REPORTS_API],
            },
            {
                "client_id": "reports", "client_name": "Reports API",
                "client_secret": CLIENT_SECRET, "audiences": [REPORTS_API],
            },
        ],
        "users": [
            {"username": "alice", "password": "wonderland", "permissions": ["reports:read"]},
            {"username": "bob", "password": "builder"},
        ],
        "scopes": {
            "reports.read": {"description": "Read your reports"},
            "reports.comment": {"description": "Comment on your reports"},
        },
        "resource": {"scope": "reports.read", "permission": "reports:read"},
    })
}
