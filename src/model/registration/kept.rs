//! How a registration is kept.

use super::ClientBuilder;
use crate::model::client::Client;
use crate::model::identity::Acr;
use crate::model::record::{self, RecordError};
use crate::model::resource::Resources;

/// The registration that a client was built from, to change it or to keep it.
impl From<&Client> for ClientBuilder {
    fn from(client: &Client) -> Self {
        let uris = |resources: &Resources| resources.iter().map(ToString::to_string).collect();
        Self {
            id: client.id.as_str().into(),
            name: Some(client.name.clone()),
            authentication: client.authentication.clone(),
            redirect_uris: client.redirect_uris.iter().map(|uri| uri.as_str().into()).collect(),
            private_schemes: client.private_schemes.clone(),
            scope: client.scope.to_string(),
            default_scope: Some(client.default_scope.to_string()),
            resources: uris(&client.resources),
            refresh_token: client.refresh_token,
            audiences: uris(&client.audiences),
            introspects_any: client.introspects_any,
            require_pkce: client.require_pkce,
            trusted: client.trusted,
            default_max_age: client.default_max_age.map(|age| age.as_secs()),
            default_acr_values: client.default_acr_values.iter().map(Acr::to_string).collect(),
            require_auth_time: client.require_auth_time,
            id_token_signed_response_alg: client.id_token_signed_response_alg,
            userinfo_signed_response_alg: client.userinfo_signed_response_alg,
            pairwise: client.sector.is_some(),
            sector_identifier: client.sector_identifier().map(Into::into),
            post_logout_redirect_uris: client
                .post_logout_redirect_uris
                .iter()
                .map(|uri| uri.as_str().into())
                .collect(),
            backchannel_logout_uri: client.backchannel_logout_uri().map(Into::into),
            backchannel_logout_session_required: client.backchannel_logout_session_required,
        }
    }
}

impl Client {
    /// The registration as text for a store to keep. It holds no usable secret.
    ///
    /// Fails only if memory does.
    pub fn to_record(&self) -> Result<String, RecordError> {
        record::write(&ClientBuilder::from(self))
    }

    /// The client that a store kept, judged anew. Fails as
    /// [`Grant::from_record`](crate::Grant::from_record) does, and for a
    /// registration that would be refused today.
    pub fn from_record(record: &str) -> Result<Self, RecordError> {
        let registration: ClientBuilder = record::read(record)?;
        registration.build().map_err(|error| RecordError::Unfit(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::algorithm::Algorithm;
    use crate::model::secret::SecretHash;

    const HTTPS: &str = "https://app.example/cb";

    #[test]
    fn a_registration_reads_back_from_its_record_whole() {
        let hash = SecretHash::Sha256([7; 32]);
        let everything = Client::builder("app")
            .name("App")
            .redirect_uri(HTTPS)
            .redirect_uri("vscode://cb")
            .dotless_scheme("vscode")
            .client_secret_post(hash)
            .scope("a b")
            .default_scope("b")
            .resource("https://api.example")
            .refresh_token()
            .audience("https://app.example/api")
            .introspects_any()
            .require_pkce()
            .trusted()
            .default_max_age(Duration::from_secs(3600))
            .default_acr_value("gold")
            .default_acr_value("silver")
            .require_auth_time()
            .id_token_signed_response_alg(Algorithm::Es256)
            .userinfo_signed_response_alg(Algorithm::EdDsa)
            .sector_identifier("sector.example")
            .post_logout_redirect_uri("https://app.example/bye")
            .backchannel_logout_uri("https://app.example/logout")
            .backchannel_logout_session_required();
        for client in [everything, Client::builder("bare").redirect_uri(HTTPS)] {
            let client = client.build().unwrap();
            let read = Client::from_record(&client.to_record().unwrap()).unwrap();
            assert_eq!(format!("{read:?}"), format!("{client:?}"));
            assert_eq!(read.authentication(), client.authentication());
        }
    }

    #[test]
    fn an_older_version_reads_the_record_of_a_client_that_uses_nothing_newer() {
        let client = Client::builder("app").redirect_uri(HTTPS).build().unwrap();
        let record = client.to_record().unwrap();
        for newer in ["max_age", "acr", "auth_time", "response_alg", "pairwise", "sector", "logout"]
        {
            assert!(!record.contains(newer), "{record}");
        }
    }

    #[test]
    fn a_record_that_could_not_be_registered_is_refused() {
        let client = Client::builder("app").redirect_uri(HTTPS);
        let client = client.id_token_signed_response_alg(Algorithm::EdDsa).build().unwrap();
        let record = client.to_record().unwrap();
        for damaged in [
            record.replace("EdDSA", "none"),
            record.replace("EdDSA", "HS256"),
            record.replace("https:", "http:"),
            record.replace(r#""trusted""#, r#""colour""#),
            record.replace(r#""format":1"#, r#""format":2"#),
        ] {
            assert_ne!(damaged, record);
            assert!(Client::from_record(&damaged).is_err(), "{damaged}");
        }
    }
}
