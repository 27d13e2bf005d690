//! Runs one GGUF model through llama.cpp and speaks the worker protocol on stdin and stdout.
//!
//! Usage: `arena-worker --model FILE [--threads N] [--context N] [--sequences N]`. The process ends
//! when its stdin closes, so it cannot outlive the app. It opens no port and no other file.

mod allowance;
mod engine;
mod load;
mod native;
mod options;
mod places;
mod prompt;
mod sequence;
mod stops;
mod template;
mod text;

use std::io::{BufRead, Write};
use std::sync::mpsc;

use arena_core::protocol::{self, Event, MAX_LINE_BYTES, Request};

use crate::engine::Engine;
use crate::options::Options;

fn main() -> std::process::ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("arena-worker: {problem}");
            return std::process::ExitCode::from(2);
        }
    };
    let requests = read_requests();
    match Engine::run(&options, &requests, &mut emit) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let message = error.to_string();
            eprintln!("arena-worker: {message}");
            emit(&Event::Failed { key: None, failure: error.failure(), message });
            std::process::ExitCode::FAILURE
        }
    }
}

/// Reads requests on a thread of its own and ends the process when stdin closes, even in the
/// middle of a long decode: the app is gone then, and nobody waits for the answer.
fn read_requests() -> mpsc::Receiver<Request> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        loop {
            line.clear();
            let limit = MAX_LINE_BYTES as u64;
            let read = std::io::Read::take(&mut input, limit).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) || line.last() != Some(&b'\n') {
                std::process::exit(0);
            }
            match std::str::from_utf8(&line).map(protocol::decode) {
                Ok(Ok(request)) => {
                    if sender.send(request).is_err() {
                        return;
                    }
                }
                _ => std::process::exit(3),
            }
        }
    });
    receiver
}

fn emit(event: &Event) {
    let mut output = std::io::stdout().lock();
    let line = protocol::encode(event);
    if output.write_all(line.as_bytes()).and_then(|()| output.flush()).is_err() {
        std::process::exit(0);
    }
}
