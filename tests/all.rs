//! All that is to be true of the crate, in one program: a file a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on has failed"
)]

mod authorize;
mod backchannel_logout;
mod bad_input;
mod claims;
mod client_authentication;
mod concurrency;
mod configuration;
mod conformance;
mod connections;
mod consent;
mod cross_origin;
mod decide;
mod discovery;
mod faults;
mod form_post;
mod guard;
mod guide;
mod id_token;
mod id_token_hint;
mod introspect;
mod jose;
mod jwt_access_token;
mod liars;
mod login;
mod logout;
mod memory;
mod metadata;
mod model_check;
mod observer;
mod offline_guard;
mod openid_request;
mod openid_requirements;
mod pairwise;
mod pkce;
mod printed;
mod records;
mod redirect_uri;
mod refresh;
mod remote_guard;
mod resources;
mod revoke;
mod round_trips;
mod routes;
mod secrecy;
mod secret_rotation;
mod sign_in;
mod sign_out;
mod signed_out;
mod step_up;
mod support;
mod token;
mod userinfo;

use std::fs;
use std::path::Path;

/// Alone in its program, as it says itself.
const ALONE: &str = "traces";

#[test]
fn no_file_is_left_out() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let all = fs::read_to_string(here.join("all.rs")).unwrap();
    for file in fs::read_dir(here).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let is_source = file.extension().is_some_and(|extension| extension == "rs");
        if is_source && !["all", ALONE].contains(&name) {
            assert!(all.contains(&format!("\nmod {name};\n")), "{name} is in no program");
        }
    }
}
