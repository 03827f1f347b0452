//! Which claims about the user a client is told (OpenID Connect Core section 5.4
//! and 5.5).

use serde_json::{Map, Value};

use crate::grant::Grant;
use crate::model::scope::Scope;
use crate::model::user::User;

/// Where claims are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In an ID token.
    IdToken,
    /// At the userinfo endpoint.
    UserInfo,
}

/// What of `user` is told about under `grant`, with the scope `allowed`: never
/// one of the claims that the protocol itself makes, such as `sub`.
pub(super) fn released(_: &Grant, _: &Scope, _: &User, _: Place) -> Map<String, Value> {
    Map::new()
}
