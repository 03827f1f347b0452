//! See `codegrant::fuzzing::bearer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codegrant::fuzzing::bearer(data));
