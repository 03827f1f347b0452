//! The nouns: values that are valid because they exist.

pub(crate) mod base64url;
pub(crate) mod client;
pub(crate) mod consented;
pub(crate) mod identity;
pub(crate) mod issuer;
pub(crate) mod pkce;
pub(crate) mod record;
pub(crate) mod redirect_uri;
pub(crate) mod registration;
pub(crate) mod resource;
pub(crate) mod scope;
pub(crate) mod secret;
pub(crate) mod timestamp;
pub(crate) mod user;
