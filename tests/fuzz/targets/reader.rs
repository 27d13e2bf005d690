#![no_main]
use libfuzzer_sys::fuzz_target;
fuzz_target!(|data: &[u8]| {
    let _ = arena_core::gguf::read(&mut &data[..], data.len() as u64);
});
