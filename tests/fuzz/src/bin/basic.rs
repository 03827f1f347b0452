//! See `codegrant::fuzzing::basic`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codegrant::fuzzing::basic(data));
