//! The doors. Each file reads in the order of its RFC.

mod approve;
mod asked;
pub(crate) mod authorize;
#[cfg(feature = "openid")]
mod claims;
mod client;
pub(crate) mod consent;
pub(crate) mod endpoints;
pub(crate) mod introspect;
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
