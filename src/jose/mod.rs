//! Signed JSON (JOSE) as far as this crate needs it: four signature algorithms,
//! their keys as JWK, and the compact serialization of JWS. Strict where the
//! specifications leave a choice: what can be read in two ways is refused.

pub(crate) mod jwk;
pub(crate) mod jws;
pub(crate) mod key_error;
pub(crate) mod private_key;

mod json;
mod members;
mod public_key;
#[cfg(test)]
mod tests;
