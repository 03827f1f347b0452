//! What leaves: codes, access and refresh tokens, and the tickets of a pause,
//! sealed; and what ID tokens say.

pub(crate) mod access;
pub(crate) mod code;
pub(crate) mod credential;
pub(crate) mod id_token;
#[cfg(feature = "openid")]
pub(crate) mod jwt_access;
#[cfg(feature = "openid")]
pub(crate) mod logout_ticket;
#[cfg(feature = "openid")]
pub(crate) mod logout_token;
pub(crate) mod refresh;
pub(crate) mod ticket;
