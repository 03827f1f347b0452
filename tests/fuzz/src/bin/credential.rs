//! See `codegrant::fuzzing::credential`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codegrant::fuzzing::credential(data));
