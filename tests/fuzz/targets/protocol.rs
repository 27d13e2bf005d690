//! A line of the worker protocol, in either direction: decoding ends with a message or an error
//! that does not repeat the line; a message that was read is written and read again unchanged.
#![no_main]

use std::fmt::Debug;

use arena_core::protocol::{self, BadLine, Event, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|line: &str| {
    check::<Event>(line);
    check::<Request>(line);
    // Any JSON at all must come through without a panic; numbers beyond u64 become floats here.
    let _ = protocol::decode::<Value>(line);
});

fn check<T>(line: &str)
where
    T: serde::Serialize + for<'a> serde::Deserialize<'a> + PartialEq + Debug,
{
    match protocol::decode::<T>(line) {
        Ok(message) => {
            let written = protocol::encode(&message);
            assert_eq!(written.matches('\n').count(), 1, "one message, one line");
            assert_eq!(protocol::decode::<T>(&written).unwrap(), message);
        }
        Err(BadLine { length_bytes, .. }) => assert_eq!(length_bytes, line.len()),
    }
}
