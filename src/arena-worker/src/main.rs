//! Runs one GGUF model through llama.cpp and speaks the worker protocol on stdin and stdout.
//!
//! Usage: `arena-worker --model FILE [--threads N] [--context N] [--sequences N] [--memory BYTES]
//! [--sandbox LEVEL]`. The process locks itself in before it reads the first byte of the file. It
//! ends when its stdin closes, so it cannot outlive the app. It opens no port and no other file.
//! `arena-worker --check-sandbox` locks itself in, prints the layers that are active, and ends.

mod allowance;
mod engine;
mod load;
mod native;
mod numbers;
mod options;
mod places;
mod prompt;
mod sandbox;
mod sequence;
mod stops;
mod template;
mod text;

use std::fs::File;
use std::io::{BufRead, Write};
use std::sync::mpsc;

use arena_core::protocol::{self, Event, Failure, MAX_LINE_BYTES, Request};

use crate::engine::Engine;
use crate::options::Options;

/// Memory bound of the check, in bytes: any will do.
const CHECK_BYTES: u64 = 1 << 32;

fn main() -> std::process::ExitCode {
    if std::env::args().skip(1).eq(["--check-sandbox"]) {
        return check_sandbox();
    }
    let mut options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("arena-worker: {problem}");
            return std::process::ExitCode::from(2);
        }
    };
    // Held open to the end: llama.cpp opens this very file again through its descriptor.
    let _model = match lock_in(&mut options) {
        Ok(model) => model,
        Err(message) => return give_up(Failure::Unavailable, message),
    };
    let requests = read_requests();
    match Engine::run(&options, &requests, &mut emit) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => give_up(error.failure(), error.to_string()),
    }
}

fn give_up(failure: Failure, message: String) -> std::process::ExitCode {
    eprintln!("arena-worker: {message}");
    emit(&Event::Failed { key: None, failure, message });
    std::process::ExitCode::FAILURE
}

/// Opens the model, locks the process in around it, and names the file by its open descriptor, so
/// that the file that was opened here is the one that is loaded, whatever happens to its path.
fn lock_in(options: &mut Options) -> Result<File, String> {
    let model = File::open(&options.model)
        .map_err(|error| format!("{} cannot be opened: {error}", options.model.display()))?;
    let Some(least) = options.sandbox else { return Ok(model) };
    options.confinement = sandbox::lock_in(&model, options.memory_bytes);
    options.confinement.reach(least).map_err(|shortfall| shortfall.to_string())?;
    #[cfg(target_os = "linux")]
    {
        let number = std::os::fd::AsRawFd::as_raw_fd(&model);
        options.model = format!("/proc/self/fd/{number}").into();
    }
    Ok(model)
}

fn check_sandbox() -> std::process::ExitCode {
    let Ok(any_file) = std::env::current_exe().and_then(File::open) else {
        eprintln!("arena-worker: its own file cannot be opened");
        return std::process::ExitCode::FAILURE;
    };
    let line = protocol::encode(&sandbox::lock_in(&any_file, Some(CHECK_BYTES)));
    let written = std::io::stdout().write_all(line.as_bytes());
    if written.is_ok() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
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
