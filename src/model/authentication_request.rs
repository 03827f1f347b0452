//! What an authentication request asks of the tokens to come.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::asked_claims::AskedClaims;
use super::page::Locales;

/// What a request with the scope `openid` asks beyond authorization (OpenID
/// Connect Core section 3.1.2.1), kept in the grant for its ID tokens and for
/// userinfo. A grant that has one answers such a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthenticationRequest {
    /// Goes into the ID token as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "AskedClaims::is_empty")]
    pub(crate) claims: AskedClaims,
    /// The languages that claims are wanted in.
    #[serde(default, skip_serializing_if = "Locales::is_empty")]
    pub(crate) claims_locales: Locales,
}
