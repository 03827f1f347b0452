//! See `codegrant::fuzzing::jws`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codegrant::fuzzing::jws(data));
