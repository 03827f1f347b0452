//! The configuration as a file spells it.

mod check;
mod clients;
mod defaults;
mod offer;
mod openid;
mod policy;
mod read;
mod scopes;
mod unbuilt;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use codegrant::ClientId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use check::{Checked, Store};

use crate::secret::{PAIRWISE_SALT, SECRET};
use crate::{files, listener, secret, signing_keys};

/// Everything that can be configured; [`Config::default`] is the demonstration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The server's own name: the URL below which all its paths lie.
    pub issuer: String,
    /// Address and port to listen on; host and port of `issuer` if not given.
    pub listen: Option<String>,
    /// Address and port at which Prometheus reads `/metrics`; nowhere if not given.
    /// Whoever reaches it reads them.
    pub metrics: Option<String>,
    /// The certificate, where this server itself speaks TLS.
    pub tls: Option<Tls>,
    /// Whether a proxy in front of this server speaks TLS and adds
    /// `X-Forwarded-For`.
    pub proxied: bool,
    /// `memory:`, `sqlite:PATH`, `postgres://…` or `redis://…`.
    pub store: String,
    /// Where the server's secrets come from. SIGHUP has the file read again, and
    /// the signing keys; a new secret in an environment variable needs a restart.
    pub secret: Secret,
    /// The keys that sign tokens: PEM files, `es256.pem` and `rs256.pem` if not given.
    /// All are published, the first of each algorithm signs. A missing one is created
    /// for the algorithm in its name: every machine on one store needs the same. With
    /// none it is no OpenID Connect provider.
    pub signing_keys: Option<Vec<PathBuf>>,
    /// Lifetimes and rules.
    pub policy: Policy,
    /// The applications that may ask.
    pub clients: Vec<Client>,
    /// The people who can sign in.
    pub users: Vec<User>,
    /// What consent pages say of scopes, in place of what is built in; one that is
    /// in neither is shown as it is.
    pub scopes: BTreeMap<String, Scope>,
    /// What `/resource` demands.
    pub resource: Resource,
    /// Clients that may introspect every token.
    pub introspection_clients: Vec<String>,
    /// What the names are made of by which clients know users whose `subject_type`
    /// is `pairwise`: one base64url line. Never change it.
    pub pairwise_salt: Option<Secret>,
}

/// PEM files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// One base64url line a secret, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// A file; a missing one is created only where the store is `memory:` or
    /// `sqlite:PATH`, since all machines on one store need the same secrets.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

/// Lifetimes in seconds; what is `None` is as the profile has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// `default` (RFC 6749 as RFC 9700 hardens it) or `oauth2.1`.
    pub profile: Option<String>,
    /// From the redirect with a code to its redemption.
    pub code_lifetime: Option<u64>,
    /// `expires_in` of an access token.
    pub access_token_lifetime: Option<u64>,
    /// `opaque` or `jwt`. A JWT is known to be revoked only where this server is
    /// asked about it.
    pub access_token_format: Option<String>,
    /// How long a refresh token may lie unused.
    pub refresh_idle_lifetime: Option<u64>,
    /// From the user's approval to the last refresh.
    pub refresh_absolute_lifetime: Option<u64>,
    /// Whose refresh tokens are replaced at each use: `public`, `always` or `never`.
    pub refresh_rotation: Option<String>,
    /// How long the refresh token before may come once more.
    pub refresh_grace: Option<u64>,
    /// How long a sign-in lasts.
    pub login_lifetime: Option<u64>,
    /// How long a login or consent page may stay open.
    pub interaction_lifetime: Option<u64>,
}

/// A client's metadata (RFC 7591 section 2).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs, reason = "their names are their definitions in the RFC")]
pub struct Client {
    pub client_id: String,
    pub client_secret: Option<String>,
    pub client_name: Option<String>,
    pub client_uri: Option<String>,
    pub redirect_uris: Vec<String>,
    /// `client_secret_basic` for a client with a secret, else `none`, if not given.
    pub token_endpoint_auth_method: Option<String>,
    pub application_type: Option<String>,
    /// `code`, and nothing else.
    pub response_types: Option<Vec<String>>,
    /// `authorization_code`, alone if not given or with `refresh_token`; none
    /// for a client that only serves resources.
    pub grant_types: Option<Vec<String>>,
    /// All it may ask for, separated by spaces.
    pub scope: String,
    /// The resource servers that it may ask tokens for.
    pub resources: Vec<String>,
    /// The resources that it serves itself: it may introspect tokens for them.
    pub audiences: Vec<String>,
    pub id_token_signed_response_alg: Option<String>,
    /// Plain JSON, if not given.
    pub userinfo_signed_response_alg: Option<String>,
    /// `public`, if not given, or `pairwise`.
    pub subject_type: Option<String>,
    /// It is not fetched: who configures the server vouches for it.
    pub sector_identifier_uri: Option<String>,
    pub default_max_age: Option<u64>,
    pub require_auth_time: bool,
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: Option<String>,
    pub backchannel_logout_session_required: bool,
    pub default_acr_values: Vec<String>,
    /// Whether it must use PKCE even though it authenticates.
    pub require_pkce: bool,
    /// Whether it belongs to the server's operator, so that users are not asked.
    pub trusted: bool,
}

/// Somebody who can sign in.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct User {
    /// What they type at the login page.
    pub username: String,
    /// Their password, in the clear.
    pub password: String,
    /// What is known about them; `sub` is their subject, else it is the username.
    pub claims: Map<String, Value>,
    /// Their roles.
    pub roles: Vec<String>,
    /// What they may do.
    pub permissions: Vec<String>,
}

/// What is known of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// What the consent page says it allows.
    pub description: String,
    /// What of `users[].claims` it releases, and `roles` and `permissions`.
    pub claims: Vec<String>,
}

/// What `/resource` demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resource {
    /// Of the access token.
    pub scope: String,
    /// Of the user.
    pub permission: Option<String>,
    /// The resource that the access token has to be addressed to.
    pub audience: Option<String>,
}

/// Something in a configuration that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `clients[0].redirect_uris`.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
}

impl Config {
    /// Reads a configuration, or says everything that is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, Vec<Problem>> {
        let (config, mut problems) = read::config(text)?;
        problems.extend(config.check().err().into_iter().flatten());
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// What is registered as `id`.
    pub(crate) fn client(&self, id: &ClientId) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id == id.as_str())
    }

    /// What is wrong with the files and variables that this configuration
    /// names. Nothing is created.
    pub fn check_files(&self) -> Result<(), Vec<Problem>> {
        let store = check::store(&self.store).map_err(|problem| vec![problem])?;
        let may_be_created = store.is_local();
        let mut problems = signing_keys::check(&self.signing_keys());
        let secret = secret::check(SECRET, &self.secret, may_be_created, secret::load);
        let salt = self.pairwise_salt.as_ref().map(|salt| {
            secret::check(PAIRWISE_SALT, salt, may_be_created, secret::load_pairwise_salt)
        });
        problems.extend(secret.err().into_iter().chain(salt.and_then(Result::err)));
        problems.extend(self.tls.as_ref().and_then(|tls| listener::load(tls).err()));
        if let Store::Sqlite(path) = &store {
            problems.extend(files::check_folder("store", path).err());
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn signing_keys(&self) -> Vec<PathBuf> {
        let two = || vec!["es256.pem".into(), "rs256.pem".into()];
        self.signing_keys.clone().unwrap_or_else(two)
    }
}

impl Problem {
    pub(crate) fn new(key: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { key: key.into(), message: message.to_string() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// The secret is not shown.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("client_id", &self.client_id)
            .field("redirect_uris", &self.redirect_uris)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// The password is not shown.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("username", &self.username).finish_non_exhaustive()
    }
}
