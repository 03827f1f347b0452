//! What leaves: codes, access and refresh tokens, and the tickets of a pause, sealed.

pub(crate) mod access;
pub(crate) mod code;
pub(crate) mod credential;
#[cfg(feature = "openid")]
pub(crate) mod logout_ticket;
#[cfg(feature = "openid")]
pub(crate) mod logout_token;
pub(crate) mod refresh;
pub(crate) mod ticket;
