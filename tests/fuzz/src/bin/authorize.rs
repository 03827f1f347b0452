//! See `fuzz::authorize`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::authorize(data));
