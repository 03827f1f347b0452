//! See `codegrant::fuzzing::scope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codegrant::fuzzing::scope(data));
