//! The doors. Each file reads in the order of its RFC.

pub(crate) mod access_token;
mod approve;
mod asked;
pub(crate) mod authorize;
mod claims;
mod client;
pub(crate) mod consent;
pub(crate) mod endpoints;
pub(crate) mod introspect;
#[cfg(feature = "openid")]
pub(crate) mod jwks;
pub(crate) mod metadata;
pub(crate) mod pause;
mod redeem;
mod refresh;
pub(crate) mod revoke;
pub(crate) mod service;
mod sign_in;
pub(crate) mod token;
mod token_response;
#[cfg(feature = "openid")]
pub(crate) mod userinfo;
