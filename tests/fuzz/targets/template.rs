//! A hostile chat template over a hostile conversation: rendering ends within its fuel with a text
//! of bounded size or an error. An input is the question, a zero byte, and the template.
#![no_main]

#[path = "../../../src/arena-worker/src/template/mod.rs"]
mod template;

use arena_core::protocol::{Message, Role};
use libfuzzer_sys::fuzz_target;

use self::template::Format;

/// The longest text that a rendering may give.
const MAX_OUTPUT_BYTES: usize = 256 << 10;

fuzz_target!(|input: &str| {
    let (question, template) = input.split_once('\0').unwrap_or(("Why?", input));
    let (bos, eos) = ("<s>".to_owned(), "</s>".to_owned());
    let Ok(format) = Format::new(None, Some(template.to_owned()), bos, eos) else { return };
    let _ = (format.source(), format.stops());
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    let messages = [
        message(Role::System, "Be brief."),
        message(Role::User, question),
        message(Role::Assistant, "Yes."),
        message(Role::User, "Why?"),
    ];
    match format.render(&messages) {
        Ok(text) => assert!(text.len() <= MAX_OUTPUT_BYTES, "{} bytes", text.len()),
        // Ends the process where a rendering still runs: that is a finding here.
        Err(error) => drop(error.into_message()),
    }
});
