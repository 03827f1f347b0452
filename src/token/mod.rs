//! What leaves: codes, access tokens and the tickets of a pause, sealed.

pub(crate) mod access;
pub(crate) mod code;
pub(crate) mod credential;
pub(crate) mod ticket;
