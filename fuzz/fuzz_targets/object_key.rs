#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| matchcut_fuzz::object_key(data));
