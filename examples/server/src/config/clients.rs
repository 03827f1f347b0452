//! Client metadata, judged.

use std::collections::HashSet;
use std::fmt;

use codegrant::{ClientBuilder, ClientError, ClientSecret, Resource, Resources};

use super::offer::{NO_PROVIDER, Offer};
use super::{Client, Config, Problem, scopes};

/// The clients that the library accepts, those of `introspection_clients` with
/// that right; what is wrong with the others goes to `problems`.
pub(super) fn read(
    config: &Config,
    offer: &Offer,
    problems: &mut Vec<Problem>,
) -> Vec<codegrant::Client> {
    judge_introspection(&config.clients, &config.introspection_clients, problems);
    let mut ids = HashSet::new();
    let mut read = Vec::new();
    for (index, client) in config.clients.iter().enumerate() {
        let path = format!("clients[{index}]");
        if client.client_id.is_empty() {
            problems.push(Problem::new(format!("{path}.client_id"), "is missing"));
        } else if !ids.insert(&client.client_id) {
            problems.push(Problem::new(format!("{path}.client_id"), "is another client's too"));
        }
        for token in client.scope.split(' ') {
            if !offer.may_be_named() && scopes::is_of_openid_connect(token) {
                let fault = format!("{token:?} {NO_PROVIDER}");
                problems.push(Problem::new(format!("{path}.scope"), fault));
            }
        }
        let introspects = config.introspection_clients.contains(&client.client_id);
        client.judge(&path, introspects, offer, problems);
        match client.build(introspects, offer) {
            Ok(client) => read.push(client),
            // What is right alone may be wrong together.
            Err(fault) if problems.is_empty() => problems.push(fault.at(&path)),
            Err(_) => {}
        }
    }
    read
}

/// Whoever introspects has to be somebody, and to prove it.
fn judge_introspection(clients: &[Client], named: &[String], problems: &mut Vec<Problem>) {
    for (index, id) in named.iter().enumerate() {
        let fault = match clients.iter().find(|client| client.client_id == *id) {
            None => format!("{id:?} is not the client_id of any client"),
            Some(client) if client.is_public() => ClientError::PublicIntrospection.to_string(),
            Some(_) => continue,
        };
        problems.push(Problem::new(format!("introspection_clients[{index}]"), fault));
    }
}

/// A key of one client, and what is wrong with it.
pub(super) struct Fault(&'static str, String);

impl Fault {
    pub(super) fn new(key: &'static str, fault: impl fmt::Display) -> Self {
        Self(key, fault.to_string())
    }

    fn at(self, path: &str) -> Problem {
        Problem::new(format!("{path}.{}", self.0), self.1)
    }
}

impl Client {
    /// Says everything that is wrong: the library stops at the first fault, so
    /// it is asked about each URI, and about all the rest, alone.
    fn judge(&self, path: &str, introspects: bool, offer: &Offer, problems: &mut Vec<Problem>) {
        let rest = Self {
            client_id: if self.client_id.is_empty() { "none" } else { &self.client_id }.into(),
            redirect_uris: vec!["https://check.invalid/".into()],
            resources: Vec::new(),
            audiences: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            ..self.clone()
        };
        problems.extend(rest.build(false, offer).err().map(|fault| fault.at(path)));
        self.judge_redirect_uris(path, introspects, problems);
        judge_resources(&format!("{path}.resources"), &self.resources, problems);
        judge_resources(&format!("{path}.audiences"), &self.audiences, problems);
        if !self.audiences.is_empty() && self.is_public() {
            let key = format!("{path}.audiences");
            problems.push(Problem::new(key, ClientError::PublicIntrospection));
        }
    }

    /// A client that only serves resources needs no redirect URI: it introspects,
    /// and names no grant type.
    fn judge_redirect_uris(&self, path: &str, introspects: bool, problems: &mut Vec<Problem>) {
        let serves = introspects || !self.audiences.is_empty();
        let fault = match (self.redirect_uris.is_empty(), self.grant_types.as_deref()) {
            (true, None | Some([])) if serves => None,
            (true, _) => Some(Fault("redirect_uris", ClientError::NoRedirectUri.to_string())),
            (false, Some([])) => {
                Some(Fault("grant_types", "is empty, and the client has redirect URIs".into()))
            }
            (false, _) => None,
        };
        problems.extend(fault.map(|fault| fault.at(path)));
        let alone = codegrant::Client::builder("none");
        for (index, uri) in self.redirect_uris.iter().enumerate() {
            if let Err(error) = self.of_its_type(alone.clone()).redirect_uri(uri).build() {
                problems.push(Problem::new(format!("{path}.redirect_uris[{index}]"), error));
            }
        }
        let alone = alone.redirect_uri("https://check.invalid/");
        for (index, uri) in self.post_logout_redirect_uris.iter().enumerate() {
            let alone = self.of_its_type(alone.clone());
            if let Err(error) = alone.post_logout_redirect_uri(uri).build() {
                let key = format!("{path}.post_logout_redirect_uris[{index}]");
                problems.push(Problem::new(key, error));
            }
        }
    }

    fn of_its_type(&self, builder: ClientBuilder) -> ClientBuilder {
        match self.application_type.as_deref() {
            Some("native") => builder.native(),
            _ => builder,
        }
    }

    fn build(&self, introspects: bool, offer: &Offer) -> Result<codegrant::Client, Fault> {
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
        builder = self.redirect_uris.iter().fold(builder, |builder, uri| builder.redirect_uri(uri));
        builder = match self.application_type.as_deref() {
            None | Some("web" | "native") => self.of_its_type(builder),
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
        builder = self.resources.iter().fold(builder, |builder, uri| builder.resource(uri));
        builder = self.audiences.iter().fold(builder, |builder, uri| builder.audience(uri));
        if self.may_refresh()? {
            builder = builder.refresh_token();
        }
        if introspects {
            builder = builder.introspects_any();
        }
        if self.require_pkce {
            builder = builder.require_pkce();
        }
        if self.trusted {
            builder = builder.trusted();
        }
        self.with_openid(builder, offer)?.build().map_err(|error| {
            let key = match &error {
                ClientError::Id(_) => "client_id",
                ClientError::Scope(_) | ClientError::DefaultScope => "scope",
                ClientError::Resource(_) => "resources",
                ClientError::Audience(_) | ClientError::PublicIntrospection => "audiences",
                ClientError::PostLogoutRedirectUri { .. } => "post_logout_redirect_uris",
                ClientError::BackchannelLogoutUri { .. } => "backchannel_logout_uri",
                ClientError::Sector => "sector_identifier_uri",
                _ => "redirect_uris",
            };
            Fault(key, error.to_string())
        })
    }

    /// Whether it is registered for refresh tokens.
    fn may_refresh(&self) -> Result<bool, Fault> {
        let (mut code, mut refresh) = (false, false);
        for grant_type in self.grant_types.iter().flatten() {
            match grant_type.as_str() {
                "authorization_code" => code = true,
                "refresh_token" => refresh = true,
                other => {
                    let fault = format!(
                        "{other:?} is neither \"authorization_code\" nor \"refresh_token\""
                    );
                    return Err(Fault("grant_types", fault));
                }
            }
        }
        if refresh && !code {
            let fault = "has \"refresh_token\" without \"authorization_code\"";
            return Err(Fault("grant_types", fault.into()));
        }
        Ok(refresh)
    }

    /// Whether it is registered without a way to prove who it is.
    fn is_public(&self) -> bool {
        matches!(self.proof(), Ok(Proof::None))
    }

    /// Whether nothing says that it is meant to be one: its secret may be missing.
    pub(crate) fn is_public_unsaid(&self) -> bool {
        self.is_public() && self.token_endpoint_auth_method.is_none()
    }

    fn proof(&self) -> Result<Proof, Fault> {
        let secret = self.client_secret.as_deref();
        if secret.is_some_and(str::is_empty) {
            return Err(Fault("client_secret", "is empty".into()));
        }
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

/// Says what is wrong with each of `uris`, or with all of them together.
fn judge_resources(key: &str, uris: &[String], problems: &mut Vec<Problem>) {
    let faults_before = problems.len();
    for (index, uri) in uris.iter().enumerate() {
        if let Err(error) = Resource::parse(uri) {
            problems.push(Problem::new(format!("{key}[{index}]"), error));
        }
    }
    if problems.len() == faults_before
        && let Err(error) = Resources::parse(uris)
    {
        problems.push(Problem::new(key, error));
    }
}

/// How a client proves who it is.
enum Proof {
    None,
    Basic(ClientSecret),
    Post(ClientSecret),
}
