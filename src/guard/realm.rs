//! What a guard protects, and how it says no.

use std::sync::Arc;

use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use serde_json::json;
use url::Url;

use super::step_up::Demand;
use crate::answer::{self, Response};
use crate::cause::Cause;
use crate::grant::Refusal;
use crate::model::issuer::Issuer;
use crate::model::resource::{Resource, Resources};
use crate::model::scope::Scope;

/// What one guard protects.
#[derive(Clone, Debug)]
pub(crate) struct Realm {
    pub(crate) issuer: Issuer,
    pub(crate) audience: Audience,
    /// What a client should ask for to get in.
    pub(crate) scope: Option<Scope>,
    pub(crate) demand: Demand,
}

/// Whom tokens must be addressed to (RFC 8707 section 3, RFC 9700 section 2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Nobody in particular: a token for another resource server is not for this one.
    #[default]
    Nobody,
    /// The resource server of this identifier.
    Named(Resource),
    /// Whomever the token is for.
    Anybody,
}

/// A request that does not get the resource.
#[derive(Clone, Debug)]
pub struct Denied {
    realm: Arc<Realm>,
    cause: Cause,
}

/// The place of RFC 9728 section 3.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

impl Realm {
    pub(crate) fn new(issuer: Issuer, audience: Audience) -> Self {
        Self { issuer, audience, scope: None, demand: Demand::default() }
    }

    pub(crate) fn denied(self: &Arc<Self>, cause: Cause) -> Denied {
        Denied { realm: self.clone(), cause }
    }

    /// Whether a token for `audience` may be used here.
    pub(super) fn admit(&self, audience: &Resources) -> Result<(), Cause> {
        let is_addressed = match &self.audience {
            Audience::Nobody => audience.is_empty(),
            Audience::Named(mine) => audience.contains(mine),
            Audience::Anybody => true,
        };
        if is_addressed { Ok(()) } else { Err(Cause::Token(Refusal::OtherAudience.into())) }
    }

    /// The resource's metadata (RFC 9728 section 2), if it has an identifier
    /// under which they can be found.
    pub(super) fn metadata(&self) -> Option<Response> {
        self.metadata_url()?;
        let mut metadata = json!({
            "resource": self.name(),
            "authorization_servers": [self.issuer.as_str()],
            "bearer_methods_supported": ["header"],
        });
        if let (Some(scope), Some(members)) = (&self.scope, metadata.as_object_mut()) {
            members.insert("scopes_supported".to_owned(), scope.iter().collect());
        }
        Some(answer::document(metadata.to_string()))
    }

    /// The resource server's own identifier, if it has one.
    const fn name(&self) -> Option<&Resource> {
        match &self.audience {
            Audience::Named(name) => Some(name),
            Audience::Nobody | Audience::Anybody => None,
        }
    }

    /// The path at which the resource's own host serves them.
    pub(super) fn metadata_path(&self) -> Option<String> {
        let url = Url::parse(&self.metadata_url()?).ok()?;
        Some(url.path().to_owned())
    }

    /// The well-known path goes between the host and the rest of the
    /// identifier (RFC 9728 section 3.1).
    fn metadata_url(&self) -> Option<String> {
        let resource = self.name()?.as_str();
        let (scheme, rest) = resource.split_once("://")?;
        if scheme != "https" && scheme != "http" {
            return None;
        }
        let host_end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, place) = rest.split_at_checked(host_end)?;
        let place = if place == "/" { "" } else { place };
        Some(format!("{scheme}://{host}{WELL_KNOWN}{place}"))
    }
}

impl Denied {
    /// Why, for the log and for answers of the host's own.
    #[must_use]
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The answer, with the challenge of RFC 6750 section 3 where a better
    /// token would help: it says which scope to ask for, and where the
    /// resource's metadata are (RFC 9728 section 5.1).
    #[must_use]
    pub fn into_response(self) -> Response {
        let challenge = self.challenge();
        let mut response = match self.cause {
            // Who brought no token is told no error (RFC 6750 section 3.1).
            Cause::TokenMissing => {
                let page = answer::page(self.cause.status(), self.cause.description().into());
                answer::with_cause(page, self.cause)
            }
            cause => answer::error(cause),
        };
        if let Some(Ok(challenge)) = challenge.map(HeaderValue::try_from) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    fn challenge(&self) -> Option<String> {
        let scope = match &self.cause {
            Cause::Scope { needed } => Some(needed),
            Cause::TokenMissing
            | Cause::Bearer(_)
            | Cause::Token(_)
            | Cause::InsufficientUserAuthentication => self.realm.scope.as_ref(),
            _ => return None,
        };
        let mut challenge = format!("Bearer realm=\"{}\"", self.realm.issuer);
        if !matches!(self.cause, Cause::TokenMissing) {
            let (code, description) = (self.cause.code().as_str(), self.cause.description());
            challenge.extend([", error=\"", code, "\", error_description=\"", &description, "\""]);
        }
        if let Some(scope) = scope {
            challenge.extend([", scope=\"", scope.as_str(), "\""]);
        }
        if matches!(self.cause, Cause::InsufficientUserAuthentication) {
            self.realm.demand.write(&mut challenge);
        }
        if let Some(url) = self.realm.metadata_url() {
            challenge.extend([", resource_metadata=\"", &url, "\""]);
        }
        Some(challenge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(audience: &str) -> Realm {
        let audience = Audience::Named(Resource::parse(audience).unwrap());
        Realm::new(Issuer::parse("https://id.example").unwrap(), audience)
    }

    #[test]
    fn the_well_known_place_goes_between_host_and_path() {
        for (resource, url) in [
            ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://a.example/v1", "https://a.example/.well-known/oauth-protected-resource/v1"),
            ("https://a.example?x=1", "https://a.example/.well-known/oauth-protected-resource?x=1"),
            ("http://[::1]:80/v1", "http://[::1]:80/.well-known/oauth-protected-resource/v1"),
        ] {
            assert_eq!(realm(resource).metadata_url().as_deref(), Some(url));
        }
        let path = realm("https://a.example/v1?x=1").metadata_path();
        assert_eq!(path.as_deref(), Some("/.well-known/oauth-protected-resource/v1"));
        for nowhere in ["urn:example:api", "ftp://a.example/v1"] {
            assert!(realm(nowhere).metadata_url().is_none());
            assert!(realm(nowhere).metadata().is_none());
        }
    }

    #[test]
    fn a_realm_admits_what_is_addressed_to_it() {
        let set = |uris: &[&str]| Resources::parse(uris).unwrap();
        let named = realm("https://api.example");
        assert!(named.admit(&set(&["https://api.example"])).is_ok());
        assert!(named.admit(&set(&["https://other.example", "https://api.example"])).is_ok());
        for other in [set(&[]), set(&["https://other.example"]), set(&["https://api.example/"])] {
            assert!(named.admit(&other).is_err());
        }
        let nameless = Realm { audience: Audience::Nobody, ..named.clone() };
        assert!(nameless.admit(&set(&[])).is_ok());
        assert!(nameless.admit(&set(&["https://other.example"])).is_err());
        let anybody = Realm { audience: Audience::Anybody, ..named };
        assert!(anybody.admit(&set(&["https://other.example"])).is_ok());
    }
}
