//! What a registration has to be.

use std::time::Duration;

use super::ClientBuilder;
use crate::model::backchannel_uri::{BackchannelUri, BackchannelUriError};
use crate::model::client::{Client, ClientAuthentication};
use crate::model::identity::{Acr, ClientId, NameError};
use crate::model::redirect_uri::{RedirectUriError, RegisteredUri};
use crate::model::resource::{ResourceError, Resources};
use crate::model::scope::{Scope, ScopeError};
use crate::model::sector::Sector;

/// What is wrong with a registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The identifier, or an `acr`, is not a name.
    #[error(transparent)]
    Id(#[from] NameError),
    /// It could never be answered, and serves no resource either.
    #[error("a client needs at least one redirect URI, unless it only serves resources")]
    NoRedirectUri,
    /// One of the URIs must not receive codes.
    #[error("the redirect URI {uri:?} {reason}")]
    RedirectUri {
        /// The URI as it was given.
        uri: String,
        /// What is wrong with it.
        reason: RedirectUriError,
    },
    /// One of the URIs must not be led to after a sign-out.
    #[error("the post-logout redirect URI {uri:?} {reason}")]
    PostLogoutRedirectUri {
        /// The URI as it was given.
        uri: String,
        /// What is wrong with it.
        reason: RedirectUriError,
    },
    /// The URI must not be told of sign-outs.
    #[error("the back-channel logout URI {uri:?} {reason}")]
    BackchannelLogoutUri {
        /// The URI as it was given.
        uri: String,
        /// What is wrong with it.
        reason: BackchannelUriError,
    },
    /// One of the scopes cannot be read.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The default scope has a token that the client may not ask for.
    #[error("the default scope exceeds the scope the client may ask for")]
    DefaultScope,
    /// One of the resources that it may ask for is none.
    #[error("one of the resources cannot be: {0}")]
    Resource(ResourceError),
    /// One of the audiences that it serves is none.
    #[error("one of the audiences cannot be: {0}")]
    Audience(ResourceError),
    /// Whoever introspects has to authenticate (RFC 7662 section 2.1).
    #[error("a client that introspects the tokens of others must authenticate")]
    PublicIntrospection,
    /// Nothing says which sector a pairwise client belongs to.
    #[error("a pairwise client needs one https host in all redirect URIs, or a sector identifier")]
    Sector,
}

impl ClientBuilder {
    /// Judges the registration.
    pub fn build(self) -> Result<Client, ClientError> {
        let serves = self.introspects_any || !self.audiences.is_empty();
        if self.redirect_uris.is_empty() && !serves {
            return Err(ClientError::NoRedirectUri);
        }
        let is_public = self.authentication == ClientAuthentication::None;
        if serves && is_public {
            return Err(ClientError::PublicIntrospection);
        }
        let (scope, default_scope) = self.scopes()?;
        let registered =
            |uris: Vec<String>, refused: fn(String, RedirectUriError) -> ClientError| {
                let parse = |uri: String| {
                    RegisteredUri::parse(&uri, &self.private_schemes, is_public)
                        .map_err(|reason| refused(uri, reason))
                };
                uris.into_iter().map(parse).collect::<Result<Vec<_>, _>>()
            };
        let redirect_uris =
            registered(self.redirect_uris, |uri, reason| ClientError::RedirectUri { uri, reason })?;
        let post_logout_redirect_uris =
            registered(self.post_logout_redirect_uris, |uri, reason| {
                ClientError::PostLogoutRedirectUri { uri, reason }
            })?;
        let acrs = self.default_acr_values.into_iter().map(Acr::parse);
        let sector = match &self.sector_identifier {
            Some(host) => Sector::parse(host),
            None => Sector::of(&redirect_uris),
        };
        if self.pairwise && sector.is_none() {
            return Err(ClientError::Sector);
        }
        Ok(Client {
            name: self.name.unwrap_or_else(|| self.id.to_string()),
            id: ClientId::parse(self.id)?,
            authentication: self.authentication,
            redirect_uris,
            post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri.map(backchannel).transpose()?,
            backchannel_logout_session_required: self.backchannel_logout_session_required,
            private_schemes: self.private_schemes,
            scope,
            default_scope,
            resources: Resources::parse(&self.resources).map_err(ClientError::Resource)?,
            refresh_token: self.refresh_token,
            audiences: Resources::parse(&self.audiences).map_err(ClientError::Audience)?,
            introspects_any: self.introspects_any,
            require_pkce: self.require_pkce,
            trusted: self.trusted,
            default_max_age: self.default_max_age.map(Duration::from_secs),
            default_acr_values: acrs.collect::<Result<_, _>>()?,
            require_auth_time: self.require_auth_time,
            id_token_signed_response_alg: self.id_token_signed_response_alg,
            userinfo_signed_response_alg: self.userinfo_signed_response_alg,
            sector: sector.filter(|_| self.pairwise),
        })
    }

    /// All that it may ask for, and what it gets when it names none of it.
    fn scopes(&self) -> Result<(Scope, Scope), ClientError> {
        let all = Scope::parse(&self.scope)?;
        let default = match &self.default_scope {
            Some(default) => Scope::parse(default)?,
            None => all.clone(),
        };
        if all.covers(&default) { Ok((all, default)) } else { Err(ClientError::DefaultScope) }
    }
}

fn backchannel(uri: String) -> Result<BackchannelUri, ClientError> {
    BackchannelUri::parse(&uri).map_err(|reason| ClientError::BackchannelLogoutUri { uri, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::SecretHash;

    const HTTPS: &str = "https://app.example/cb";

    #[test]
    fn inconsistent_registrations_are_refused_by_reason() {
        let refused = |builder: ClientBuilder| builder.build().unwrap_err().to_string();
        assert!(refused(Client::builder("").redirect_uri(HTTPS)).contains("client_id"));
        assert!(refused(Client::builder("app")).contains("at least one redirect URI"));
        assert!(
            refused(Client::builder("app").redirect_uri("/cb"))
                .contains("\"/cb\" is not an absolute")
        );
        let scoped = Client::builder("app").redirect_uri(HTTPS).scope("a b");
        assert!(refused(scoped.clone().default_scope("c")).contains("default scope"));
        assert!(refused(scoped.scope("\"")).contains("scope token"));
    }

    #[test]
    fn nobody_is_led_or_told_after_a_sign_out_where_it_would_not_be_safe() {
        let app = Client::builder("app").redirect_uri(HTTPS);
        for bad in ["http://app.example/", "javascript:alert(1)", "/bye", "com.example.app:/bye"] {
            let error = app.clone().post_logout_redirect_uri(bad).build().unwrap_err();
            assert!(matches!(error, ClientError::PostLogoutRedirectUri { .. }), "{bad}");
            let error = app.clone().backchannel_logout_uri(bad).build().unwrap_err();
            assert!(matches!(error, ClientError::BackchannelLogoutUri { .. }), "{bad}");
        }
        let native = app.native().post_logout_redirect_uri("com.example.app:/bye");
        assert!(native.build().is_ok());
    }

    #[test]
    fn private_schemes_are_for_native_clients_and_dotless_ones_by_leave() {
        let dotted = Client::builder("app").redirect_uri("com.example.app:/cb");
        assert!(dotted.clone().build().is_err());
        assert!(dotted.native().build().is_ok());
        let dotless = Client::builder("app").redirect_uri("vscode://cb");
        assert!(dotless.clone().native().build().is_err());
        assert!(dotless.clone().dotless_scheme("zed").build().is_err());
        assert!(dotless.clone().dotless_scheme("vscode").build().is_ok());
    }

    #[test]
    fn who_introspects_for_others_must_authenticate_and_needs_no_redirect_uri() {
        let hash = SecretHash::Sha256([1; 32]);
        let api = Client::builder("api").audience("https://api.example");
        assert_eq!(api.clone().build().unwrap_err(), ClientError::PublicIntrospection);
        assert!(api.client_secret_basic(hash.clone()).build().is_ok());
        let any = Client::builder("api").introspects_any();
        assert_eq!(any.clone().build().unwrap_err(), ClientError::PublicIntrospection);
        assert!(any.client_secret_basic(hash).build().is_ok());
    }
}
