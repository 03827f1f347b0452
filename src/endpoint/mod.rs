//! The doors. Each file reads in the order of its RFC.

mod access_token;
mod approve;
mod asked;
pub(crate) mod authorize;
#[cfg(feature = "openid")]
pub(crate) mod backchannel_logout;
mod claims;
mod client;
pub(crate) mod consent;
pub(crate) mod endpoints;
pub(crate) mod introspect;
#[cfg(feature = "openid")]
pub(crate) mod jwks;
#[cfg(feature = "openid")]
pub(crate) mod logout;
#[cfg(feature = "openid")]
pub(crate) mod logout_pause;
pub(crate) mod metadata;
pub(crate) mod pause;
mod redeem;
mod refresh;
pub(crate) mod revoke;
pub(crate) mod service;
mod sign_in;
#[cfg(feature = "openid")]
pub(crate) mod sign_out;
pub(crate) mod token;
mod token_response;
#[cfg(feature = "openid")]
pub(crate) mod userinfo;
