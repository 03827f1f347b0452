//! See `codegrant::fuzzing::claims`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codegrant::fuzzing::claims(data));
