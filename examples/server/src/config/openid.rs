//! Client metadata of OpenID Connect, judged.

use std::time::Duration;

use codegrant::{Acr, ClientBuilder};

use super::Client;
use super::clients::Fault;
use super::offer::Offer;

impl Client {
    /// Adds what it wants of sign-ins and of ID tokens.
    pub(super) fn with_openid(
        &self,
        mut builder: ClientBuilder,
        offer: &Offer,
    ) -> Result<ClientBuilder, Fault> {
        if self.response_types.iter().flatten().any(|named| named != "code") {
            return Err(Fault::new("response_types", "has something else than \"code\""));
        }
        if let Some(name) = &self.id_token_signed_response_alg {
            let algorithm = offer.algorithm(name);
            let algorithm =
                algorithm.map_err(|fault| Fault::new("id_token_signed_response_alg", fault))?;
            builder = builder.id_token_signed_response_alg(algorithm);
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
        Ok(builder)
    }
}
