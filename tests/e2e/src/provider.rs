//! The example authorization server as an OpenID Connect provider over TLS, with
//! a client of every kind.

use std::ffi::OsString;
use std::fs;

use reqwest::Certificate;
use serde_json::{Value, json};

use crate::agent::Agent;
use crate::identity::Identity;
use crate::server::{CLIENT_SECRET, REPORTS_API, Server};

/// Where the clients are answered that run on a web server. Nobody goes there.
pub const REDIRECT_URI: &str = "https://client.example/callback";
/// Where their users return after they have signed out.
pub const POST_LOGOUT_REDIRECT_URI: &str = "https://client.example/signed-out";
/// What the provider calls alice.
pub const SUBJECT: &str = "248289761001";
/// The signature algorithms. A client is named after each, and gets all that is
/// signed for it by this one: ID tokens, and claims from the userinfo endpoint.
pub const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// What the provider's access tokens look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTokens {
    /// To be asked about.
    Opaque,
    /// To be read (RFC 9068).
    Jwt,
}

/// A running provider.
pub struct Provider {
    /// The server that it is.
    pub server: Server,
    identity: Identity,
}

impl Provider {
    /// Starts one.
    #[must_use]
    pub fn start(access_tokens: AccessTokens) -> Self {
        Self::start_as(Identity::default(), access_tokens, "https://application.example")
    }

    /// Starts one as this identity, and with client `spa` at the origin `application`.
    #[must_use]
    pub fn start_as(identity: Identity, access_tokens: AccessTokens, application: &str) -> Self {
        let server = Server::start_with("https", |issuer, directory| {
            let path = |name: &str| directory.join(name);
            let keys = ["rs256.pem", "ps256.pem", "es256.pem", "eddsa.pem"].map(path);
            json!({
                "issuer": issuer,
                "tls": {"certificate": identity.certificate(), "key": identity.key()},
                "store": format!("sqlite:{}", path("codegrant.db").display()),
                "secret": {"file": path("codegrant.secret")},
                "signing_keys": keys,
                "policy": {"access_token_format": access_tokens.format()},
                "clients": clients(application),
                "users": [alice()],
                "scopes": {
                    "reports.read": {"description": "Read your reports"},
                    "reports.comment": {"description": "Comment on your reports"},
                },
                "resource": {"scope": "reports.read", "permission": "reports:read"},
            })
        });
        Self { server, identity }
    }

    /// The authority that vouches for the provider.
    #[must_use]
    pub fn authority(&self) -> Certificate {
        let pem = fs::read(self.identity.authority()).expect("the authority's certificate");
        Certificate::from_pem(&pem).expect("a certificate")
    }

    /// A user's browser that trusts the provider.
    #[must_use]
    pub fn agent(&self) -> Agent {
        Agent::trusting(self.authority())
    }

    /// All that a judge in a process of its own must know.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let authority = self.identity.authority().into_os_string();
        let known = [
            ("ISSUER", self.server.issuer.as_str()),
            ("CLIENT_SECRET", CLIENT_SECRET),
            ("REDIRECT_URI", REDIRECT_URI),
            ("POST_LOGOUT_REDIRECT_URI", POST_LOGOUT_REDIRECT_URI),
            ("SUBJECT", SUBJECT),
            ("REPORTS_API", REPORTS_API),
        ];
        let trusted = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"];
        let known = known.map(|(name, value)| (name, OsString::from(value)));
        known.into_iter().chain(trusted.map(|name| (name, authority.clone()))).collect()
    }
}

impl AccessTokens {
    const fn format(self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::Jwt => "jwt",
        }
    }
}

fn alice() -> Value {
    json!({
        "username": "alice", "password": "wonderland", "permissions": ["reports:read"],
        "claims": {
            "sub": SUBJECT, "name": "Alice Liddell", "given_name": "Alice",
            "email": "alice@wonderland.example", "email_verified": true,
        },
    })
}

/// A client by each way to authenticate, one in the browser, and one by each algorithm.
fn clients(application: &str) -> Value {
    let public = json!({"token_endpoint_auth_method": "none", "client_secret": null});
    let in_browser = json!({
        "token_endpoint_auth_method": "none", "client_secret": null,
        "redirect_uris": [format!("{application}/callback")],
        "post_logout_redirect_uris": [format!("{application}/")],
    });
    let mut clients = vec![
        client("basic", &json!({})),
        client("post", &json!({"token_endpoint_auth_method": "client_secret_post"})),
        client("public", &public),
        client("spa", &in_browser),
    ];
    let by_algorithm = |alg| {
        let signed = json!({
            "id_token_signed_response_alg": alg,
            "userinfo_signed_response_alg": alg,
        });
        client(alg, &signed)
    };
    clients.extend(ALGORITHMS.map(by_algorithm));
    clients.into()
}

/// A client as most of them are, except for what is `different`.
fn client(id: &str, different: &Value) -> Value {
    let mut client = json!({
        "client_id": id, "client_name": id, "client_secret": CLIENT_SECRET,
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [REDIRECT_URI],
        "post_logout_redirect_uris": [POST_LOGOUT_REDIRECT_URI],
        "scope": "openid profile email offline_access reports.read reports.comment",
        "resources": [REPORTS_API],
    });
    let members = client.as_object_mut().expect("an object");
    members.extend(different.as_object().expect("an object").clone());
    client
}
