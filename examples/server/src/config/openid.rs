//! Client metadata of OpenID Connect, judged.

use std::time::Duration;

use axum::http::Uri;
use axum::http::uri::Scheme;
use codegrant::{Acr, ClientBuilder};

use super::Client;
use super::clients::Fault;
use super::offer::{NO_PROVIDER, Offer};

impl Client {
    /// Adds what it wants of sign-ins and of ID tokens.
    pub(super) fn with_openid(
        &self,
        mut builder: ClientBuilder,
        offer: &Offer,
    ) -> Result<ClientBuilder, Fault> {
        let response_types = self.response_types.as_deref();
        if response_types.into_iter().flatten().any(|named| named != "code") {
            return Err(Fault::new("response_types", "has something else than \"code\""));
        }
        if response_types.is_some_and(<[_]>::is_empty) && !self.redirect_uris.is_empty() {
            let fault = "is empty, and the client has redirect URIs";
            return Err(Fault::new("response_types", fault));
        }
        let algorithm = |key: &'static str, name: &str| {
            offer.algorithm(name).map_err(|fault| Fault::new(key, fault))
        };
        if let Some(name) = &self.id_token_signed_response_alg {
            let algorithm = algorithm("id_token_signed_response_alg", name)?;
            builder = builder.id_token_signed_response_alg(algorithm);
        }
        if let Some(name) = &self.userinfo_signed_response_alg {
            let algorithm = algorithm("userinfo_signed_response_alg", name)?;
            builder = builder.userinfo_signed_response_alg(algorithm);
        }
        if let Some(age) = self.default_max_age {
            builder = builder.default_max_age(Duration::from_secs(age));
        }
        for acr in &self.default_acr_values {
            Acr::parse(&**acr).map_err(|error| Fault::new("default_acr_values", error))?;
            builder = builder.default_acr_value(acr);
        }
        if self.require_auth_time {
            builder = builder.require_auth_time();
        }
        self.with_subjects(self.with_sign_outs(builder, offer)?, offer)
    }

    /// Adds where its users go when they have signed out, and where it hears of that.
    fn with_sign_outs(
        &self,
        mut builder: ClientBuilder,
        offer: &Offer,
    ) -> Result<ClientBuilder, Fault> {
        if !offer.may_be_named() && !self.post_logout_redirect_uris.is_empty() {
            return Err(Fault::new("post_logout_redirect_uris", NO_PROVIDER));
        }
        for uri in &self.post_logout_redirect_uris {
            builder = builder.post_logout_redirect_uri(uri);
        }
        match &self.backchannel_logout_uri {
            Some(_) if !offer.may_be_named() => {
                return Err(Fault::new("backchannel_logout_uri", NO_PROVIDER));
            }
            Some(uri) => builder = builder.backchannel_logout_uri(uri),
            None if self.backchannel_logout_session_required => {
                let fault = "is for a client with a backchannel_logout_uri";
                return Err(Fault::new("backchannel_logout_session_required", fault));
            }
            None => {}
        }
        if self.backchannel_logout_session_required {
            builder = builder.backchannel_logout_session_required();
        }
        Ok(builder)
    }

    /// Adds what it is to call users.
    fn with_subjects(&self, builder: ClientBuilder, offer: &Offer) -> Result<ClientBuilder, Fault> {
        let sector = self.sector_identifier_uri.as_deref().map(host).transpose()?;
        match (self.subject_type.as_deref(), sector) {
            (None | Some("public"), None) => Ok(builder),
            (None | Some("public"), Some(_)) => {
                Err(Fault::new("sector_identifier_uri", "is for the subject_type \"pairwise\""))
            }
            (Some("pairwise"), _) if !offer.is_pairwise() => {
                Err(Fault::new("subject_type", "\"pairwise\" needs a pairwise_salt"))
            }
            (Some("pairwise"), None) => Ok(builder.pairwise()),
            (Some("pairwise"), Some(host)) => Ok(builder.sector_identifier(host)),
            (Some(other), _) => {
                let fault = format!("{other:?} is neither \"public\" nor \"pairwise\"");
                Err(Fault::new("subject_type", fault))
            }
        }
    }
}

/// The host of an https URI, which names a sector (OpenID Connect Core section 8.1).
fn host(uri: &str) -> Result<String, Fault> {
    let parsed = uri.parse::<Uri>().ok().filter(|uri| uri.scheme() == Some(&Scheme::HTTPS));
    let host = parsed.as_ref().and_then(Uri::host).map(str::to_owned);
    host.ok_or_else(|| Fault::new("sector_identifier_uri", format!("{uri:?} is not an https URL")))
}
