//! The nouns: values that are valid because they exist.

pub(crate) mod algorithm;
pub(crate) mod authentication;
pub(crate) mod authentication_request;
pub(crate) mod backchannel_uri;
pub(crate) mod base64url;
pub(crate) mod claims;
pub(crate) mod client;
pub(crate) mod consented;
pub(crate) mod identity;
pub(crate) mod issuer;
pub(crate) mod page;
pub(crate) mod pkce;
pub(crate) mod prompt;
pub(crate) mod record;
pub(crate) mod redirect_uri;
pub(crate) mod registration;
pub(crate) mod resource;
pub(crate) mod scope;
pub(crate) mod secret;
pub(crate) mod timestamp;
pub(crate) mod user;
pub(crate) mod wanted_claims;
