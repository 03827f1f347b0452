//! The doors. Each file reads in the order of its RFC.

pub(crate) mod authorize;
pub(crate) mod pause;
pub(crate) mod service;
pub(crate) mod token;
