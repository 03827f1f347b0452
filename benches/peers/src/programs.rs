//! The smallest honest program on each side, the same files that `builds.sh`
//! counts and builds.

#![allow(dead_code, reason = "their main functions are not called here")]

#[path = "../smallest/codegrant/src/main.rs"]
pub(crate) mod codegrant;
#[path = "../smallest/oauth_as/src/main.rs"]
pub(crate) mod oauth_as;
#[path = "../smallest/oxide_auth/src/main.rs"]
pub(crate) mod oxide_auth;
