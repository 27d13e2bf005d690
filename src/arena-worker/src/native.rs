//! The only unsafe code of the worker: what llama.cpp offers and its bindings do not pass on.
#![expect(unsafe_code, reason = "llama-cpp-2 0.1.160 cannot change the threads of a context")]

use std::ffi::CStr;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_sys_2::{llama_context, llama_print_system_info, llama_set_n_threads};

/// Sets the threads of every later step; false when the context could not be reached.
///
/// llama-cpp-2 0.1.160 keeps its pointer private, but its `Debug` text shows the address and
/// exposes its provenance. The version is pinned; a test sees the threads change.
pub(crate) fn set_threads(context: &mut LlamaContext<'_>, count: u32) -> bool {
    let Some(address) = address_in(&format!("{context:?}")) else { return false };
    let pointer = std::ptr::with_exposed_provenance_mut::<llama_context>(address);
    let count = i32::try_from(count).unwrap_or(1).max(1);
    // SAFETY: it is the address of the context that `context` owns and borrows mutably here, so
    // it is alive and nobody else uses it; the call stores two integers in it.
    unsafe { llama_set_n_threads(pointer, count, count) };
    true
}

fn address_in(text: &str) -> Option<usize> {
    let digits = text.split_once("0x")?.1;
    let end = digits.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(digits.len());
    usize::from_str_radix(&digits[..end], 16).ok().filter(|&address| address != 0)
}

/// What llama.cpp was built with, such as `CPU : AVX2 = 1 | OPENMP = 1 | REPACK = 1`.
pub(crate) fn features() -> String {
    // SAFETY: it returns a pointer to a static string that ends with a NUL, on this thread only.
    let text = unsafe { CStr::from_ptr(llama_print_system_info()) };
    text.to_string_lossy().trim().trim_end_matches('|').trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_context_is_read_from_its_debug_text() {
        assert_eq!(address_in("LlamaContext { context: 0x7f00a0, .. }"), Some(0x7f_00a0));
        assert_eq!(address_in("LlamaContext { context: 0x0 }"), None);
        assert_eq!(address_in("LlamaContext { .. }"), None);
    }

    #[test]
    fn the_build_features_name_the_processor_part() {
        assert!(features().contains("CPU"), "{}", features());
    }
}
