//! From a [`Config`] to the parts that a server is made of, with every fault of
//! meaning found at once.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use axum::http::uri::Authority;
use codegrant::{Issuer, Resource, Scope, Subject};

use super::offer::Offer;
use super::{Config, Problem, User, clients};

/// A configuration that means something.
pub(crate) struct Checked {
    pub(crate) issuer: Issuer,
    /// The issuer's path, without the slash at its end.
    pub(crate) path: String,
    /// Whether browsers reach this server by https.
    pub(crate) secure: bool,
    pub(crate) listen: String,
    pub(crate) store: Store,
    /// Empty, unless it is an OpenID Connect provider.
    pub(crate) signing_keys: Vec<PathBuf>,
    pub(crate) policy: codegrant::Policy,
    pub(crate) login_lifetime: Duration,
    pub(crate) clients: Vec<codegrant::Client>,
    pub(crate) subjects: Vec<Subject>,
    /// Every scope that is described.
    pub(crate) scopes: Scope,
    /// What an access token must cover at `/resource`.
    pub(crate) resource_scope: Scope,
    /// Whom it must be addressed to there.
    pub(crate) audience: Option<Resource>,
}

/// Where everything is kept.
pub(crate) enum Store {
    Memory,
    Sqlite(PathBuf),
    Postgres(String),
    Redis(String),
}

impl Store {
    /// Whether only this machine uses it, so that the secret is nobody else's.
    pub(crate) const fn is_local(&self) -> bool {
        matches!(self, Self::Memory | Self::Sqlite(_))
    }
}

impl Config {
    /// Judges what every key means.
    pub(crate) fn check(&self) -> Result<Checked, Vec<Problem>> {
        let problems = &mut Vec::new();
        let issuer = Issuer::parse(&self.issuer).map_err(|error| Problem::new("issuer", error));
        let issuer = keep(problems, issuer.and_then(usable_path));
        let listen = self.listen(problems);
        self.check_metrics(problems);
        self.check_tls(problems);
        let store = keep(problems, store(&self.store));
        let signing_keys = self.signing_keys();
        let offer = Offer::read(self, &signing_keys, problems);
        let policy = self.policy.read(&offer, problems);
        let login_lifetime = self.policy.login_lifetime(problems);
        let scopes = self.scopes(&offer, problems);
        let clients = clients::read(self, &offer, problems);
        let subjects = subjects(&self.users, problems);
        let resource_scope = Scope::parse(&self.resource.scope)
            .map_err(|error| Problem::new("resource.scope", error));
        let resource_scope = keep(problems, resource_scope);
        let audience = self.resource.audience.as_deref().map(Resource::parse).transpose();
        let audience = audience.map_err(|error| Problem::new("resource.audience", error));
        let audience = keep(problems, audience).flatten();
        let (Some(issuer), Some(listen), Some(store), Some(scopes), Some(resource_scope), true) =
            (issuer, listen, store, scopes, resource_scope, problems.is_empty())
        else {
            return Err(std::mem::take(problems));
        };
        Ok(Checked {
            path: issuer.path().to_owned(),
            secure: issuer.as_str().starts_with("https:"),
            issuer,
            listen,
            store,
            signing_keys,
            policy,
            login_lifetime,
            clients,
            subjects,
            scopes,
            resource_scope,
            audience,
        })
    }

    /// Where to listen; the issuer's host, at the scheme's port if it names none.
    fn listen(&self, problems: &mut Vec<Problem>) -> Option<String> {
        let address = match &self.listen {
            Some(address) => address.clone(),
            None => {
                let uri = self.issuer.parse::<Uri>().ok()?;
                let port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
                format!("{}:{}", uri.host()?, uri.port_u16().unwrap_or(port))
            }
        };
        keep(problems, place("listen", &address).map(|()| address))
    }

    fn check_metrics(&self, problems: &mut Vec<Problem>) {
        let Some(address) = &self.metrics else { return };
        keep(problems, place("metrics", address));
    }

    fn check_tls(&self, problems: &mut Vec<Problem>) {
        let https = self.issuer.starts_with("https:");
        let fault = match &self.tls {
            Some(tls) if tls.certificate.as_os_str().is_empty() => "needs a certificate",
            Some(tls) if tls.key.as_os_str().is_empty() => "needs a key",
            Some(_) if self.proxied => "is for a server without a proxy, and proxied is true",
            Some(_) if !https => "is given, and the issuer is not https",
            None if https && !self.proxied => {
                "is needed for an https issuer, unless proxied is true"
            }
            _ => return,
        };
        problems.push(Problem::new("tls", fault));
    }
}

/// Refuses what nothing can listen on: it takes a host, by its name or IP address,
/// and a port.
fn place(key: &str, address: &str) -> Result<(), Problem> {
    let fits = |place: &Authority| place.port_u16().is_some() && is_host(place.host());
    if address.parse().as_ref().is_ok_and(fits) && !address.contains('@') {
        return Ok(());
    }
    Err(Problem::new(key, format!("{address:?} is not an address and a port")))
}

/// What ends in a number is meant to be an IP address.
fn is_host(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.parse::<u64>().is_ok() { host.parse::<Ipv4Addr>().is_ok() } else { !host.is_empty() }
}

/// Refuses an issuer whose path would end a cookie's `Path` early, would name
/// another host at the beginning of a `Location`, or lies where metadata are.
fn usable_path(issuer: Issuer) -> Result<Issuer, Problem> {
    let path = issuer.path();
    let fault = if path.contains(';') || path.starts_with("//") {
        "has a path with a semicolon or with two slashes at its beginning"
    } else if path.starts_with("/.well-known/") {
        "has a path below /.well-known/"
    } else {
        return Ok(issuer);
    };
    Err(Problem::new("issuer", fault))
}

pub(super) fn store(url: &str) -> Result<Store, Problem> {
    let fault = match url.split_once(':') {
        Some(("memory", "")) => return Ok(Store::Memory),
        Some(("sqlite", path)) if !path.is_empty() => return Ok(Store::Sqlite(path.into())),
        Some(("sqlite", _)) => "\"sqlite:\" needs the path of a file".to_owned(),
        Some(("postgres" | "postgresql", _)) => return Ok(Store::Postgres(url.to_owned())),
        Some(("redis", _)) => return Ok(Store::Redis(url.to_owned())),
        Some(("rediss", _)) => "\"rediss:\" needs a build of the store with TLS".to_owned(),
        _ => format!(
            "{url:?} is none of \"memory:\", \"sqlite:PATH\", \"postgres://…\", \"redis://…\""
        ),
    };
    Err(Problem::new("store", fault))
}

/// Everybody's subject, in the order of the users; no two share one.
fn subjects(users: &[User], problems: &mut Vec<Problem>) -> Vec<Subject> {
    let (mut usernames, mut seen) = (HashSet::new(), HashSet::new());
    let mut subjects = Vec::new();
    for (index, user) in users.iter().enumerate() {
        let mut fault = |key: &str, fault: &str| {
            problems.push(Problem::new(format!("users[{index}].{key}"), fault))
        };
        if user.username.is_empty() {
            fault("username", "is missing");
        } else if user.username.trim() != user.username {
            fault("username", "begins or ends with a space, which the login page leaves out");
        } else if !usernames.insert(&user.username) {
            fault("username", "is another user's too");
        }
        if user.password.is_empty() {
            fault("password", "is missing");
        }
        let sub = match user.claims.get("sub") {
            None => Some(user.username.as_str()),
            Some(sub) => sub.as_str(),
        };
        match sub.map(Subject::parse) {
            None => fault("claims.sub", "is not a string"),
            Some(Err(_)) if user.username.is_empty() => {}
            Some(Err(error)) => fault("claims.sub", &error.to_string()),
            Some(Ok(subject)) if !seen.insert(subject.clone()) => {
                fault("claims.sub", "is another user's too");
            }
            Some(Ok(subject)) => subjects.push(subject),
        }
    }
    subjects
}

fn keep<T>(problems: &mut Vec<Problem>, judged: Result<T, Problem>) -> Option<T> {
    judged.map_err(|problem| problems.push(problem)).ok()
}
