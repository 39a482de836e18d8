#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| matchcut_fuzz::structure(data));
