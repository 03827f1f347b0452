//! Client metadata, judged.

use std::collections::HashSet;

use codegrant::{ClientError, ClientSecret};

use super::{Client, Problem, unbuilt};

/// The clients that the library accepts; what is wrong with the others goes to
/// `problems`.
pub(super) fn read(clients: &[Client], problems: &mut Vec<Problem>) -> Vec<codegrant::Client> {
    let mut ids = HashSet::new();
    let mut read = Vec::new();
    for (index, client) in clients.iter().enumerate() {
        let path = format!("clients[{index}]");
        if client.client_id.is_empty() {
            problems.push(Problem::new(format!("{path}.client_id"), "is missing"));
        } else if !ids.insert(&client.client_id) {
            problems.push(Problem::new(format!("{path}.client_id"), "is another client's too"));
        }
        for token in client.scope.split(' ') {
            if let Some(fault) = unbuilt::scope(token) {
                problems.push(Problem::new(format!("{path}.scope"), format!("{token:?} {fault}")));
            }
        }
        client.judge(&path, problems);
        read.extend(client.build().ok());
    }
    read
}

/// A key of one client, and what is wrong with it.
struct Fault(&'static str, String);

impl Fault {
    fn at(self, path: &str) -> Problem {
        Problem::new(format!("{path}.{}", self.0), self.1)
    }
}

impl Client {
    /// Says everything that is wrong: the library stops at the first fault, so
    /// it is asked about each redirect URI, and about all the rest, alone.
    fn judge(&self, path: &str, problems: &mut Vec<Problem>) {
        let rest = Self {
            client_id: if self.client_id.is_empty() { "none" } else { &self.client_id }.into(),
            redirect_uris: vec!["https://check.invalid/".into()],
            ..self.clone()
        };
        problems.extend(rest.build().err().map(|fault| fault.at(path)));
        if self.redirect_uris.is_empty() {
            let key = format!("{path}.redirect_uris");
            problems.push(Problem::new(key, ClientError::NoRedirectUri));
        }
        for (index, uri) in self.redirect_uris.iter().enumerate() {
            let mut alone = codegrant::Client::builder("none").redirect_uri(uri);
            if self.application_type.as_deref() == Some("native") {
                alone = alone.native();
            }
            if let Err(error) = alone.build() {
                problems.push(Problem::new(format!("{path}.redirect_uris[{index}]"), error));
            }
        }
    }

    fn build(&self) -> Result<codegrant::Client, Fault> {
        let mut builder = codegrant::Client::builder(self.client_id.as_str()).scope(&self.scope);
        if let Some(name) = &self.client_name {
            builder = builder.name(name);
        }
        match self.client_uri.as_deref() {
            Some(uri) if !uri.starts_with("https://") && !uri.starts_with("http://") => {
                return Err(Fault("client_uri", format!("{uri:?} is not an http(s) URL")));
            }
            _ => {}
        }
        for uri in &self.redirect_uris {
            builder = builder.redirect_uri(uri);
        }
        builder = match self.application_type.as_deref() {
            None | Some("web") => builder,
            Some("native") => builder.native(),
            Some(other) => {
                let fault = format!("{other:?} is neither \"web\" nor \"native\"");
                return Err(Fault("application_type", fault));
            }
        };
        builder = match self.proof()? {
            Proof::None => builder,
            Proof::Basic(secret) => builder.client_secret_basic(secret.hash()),
            Proof::Post(secret) => builder.client_secret_post(secret.hash()),
        };
        if self.require_pkce {
            builder = builder.require_pkce();
        }
        if self.trusted {
            builder = builder.trusted();
        }
        builder.build().map_err(|error| {
            let key = match &error {
                ClientError::Id(_) => "client_id",
                ClientError::Scope(_) | ClientError::DefaultScope => "scope",
                _ => "redirect_uris",
            };
            Fault(key, error.to_string())
        })
    }

    fn proof(&self) -> Result<Proof, Fault> {
        let secret = self.client_secret.as_deref().filter(|secret| !secret.is_empty());
        let method = match (self.token_endpoint_auth_method.as_deref(), secret) {
            (Some(method), _) => method,
            (None, Some(_)) => "client_secret_basic",
            (None, None) => "none",
        };
        match (method, secret.map(ClientSecret::new)) {
            ("none", None) => Ok(Proof::None),
            ("none", Some(_)) => {
                Err(Fault("client_secret", "is given, and the method is \"none\"".into()))
            }
            ("client_secret_basic", Some(secret)) => Ok(Proof::Basic(secret)),
            ("client_secret_post", Some(secret)) => Ok(Proof::Post(secret)),
            ("client_secret_basic" | "client_secret_post", None) => {
                Err(Fault("client_secret", format!("is missing for the method {method:?}")))
            }
            ("private_key_jwt" | "tls_client_auth" | "self_signed_tls_client_auth", _) => {
                Err(Fault(
                    "token_endpoint_auth_method",
                    format!("{method:?} is not offered by this build yet"),
                ))
            }
            _ => Err(Fault(
                "token_endpoint_auth_method",
                format!(
                    "{method:?} is none of \"none\", \"client_secret_basic\", \"client_secret_post\""
                ),
            )),
        }
    }
}

/// How a client proves who it is.
enum Proof {
    None,
    Basic(ClientSecret),
    Post(ClientSecret),
}
