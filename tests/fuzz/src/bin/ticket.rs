//! See `codegrant::fuzzing::ticket`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codegrant::fuzzing::ticket(data));
