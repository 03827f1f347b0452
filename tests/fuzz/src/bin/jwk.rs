//! See `codegrant::fuzzing::jwk`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codegrant::fuzzing::jwk(data));
