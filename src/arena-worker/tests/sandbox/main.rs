//! The sandbox from inside: a process locks itself in as the worker does, and then tries everything.
//!
//! Each test starts this program again for one test that ends the process it runs in. That one is
//! ignored by default because it would lock in all others.
#![cfg(all(test, target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test may end in a panic")]

#[path = "../../src/sandbox/mod.rs"]
mod sandbox;

mod cost;
mod probe;
mod worker;

use std::fs::File;
use std::process::{Command, Stdio};

use arena_core::confinement::Level;

use probe::{DENIED, INVISIBLE};

/// Memory bound of the probes, in bytes.
const MEMORY_BYTES: u64 = 2 << 30;

/// Runs one ignored test of this program in a process of its own.
fn alone(test: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
}

/// Locks this process in around its own program file, as the worker does around its model.
fn locked_in() -> File {
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    let confinement = sandbox::lock_in(&file, Some(MEMORY_BYTES));
    assert_eq!(confinement.level(), Level::Full, "{confinement:?}");
    file
}

#[test]
fn nothing_but_computing_works_inside() {
    alone("every_attempt_fails");
}

#[test]
#[ignore = "locks its process in; `nothing_but_computing_works_inside` runs it"]
fn every_attempt_fails() {
    let attempts = probe::attempts();
    // All succeed outside or fail for another reason, so that the sandbox is what stops them.
    for attempt in attempts.iter().filter(|attempt| attempt.harmless) {
        let outside = attempt.make();
        assert_ne!(outside, Err(attempt.errno), "{} fails outside too", attempt.name);
    }

    let _file = locked_in();

    for attempt in &attempts {
        assert_eq!(attempt.make(), Err(attempt.errno), "{}", attempt.name);
    }
    assert!(attempts.len() >= 60, "{} attempts", attempts.len());
    let both = [DENIED, INVISIBLE].map(|errno| attempts.iter().any(|one| one.errno == errno));
    assert_eq!(both, [true; 2], "both walls were tried");
}

#[test]
fn the_model_stays_readable_through_its_descriptor_and_threads_start() {
    alone("what_computing_needs_works");
}

#[test]
#[ignore = "locks its process in; `the_model_stays_readable_…` runs it"]
fn what_computing_needs_works() {
    use std::io::{Read, Seek};
    use std::os::fd::AsRawFd;

    let file = locked_in();

    let mut again = File::open(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
    let mut magic = [0; 4];
    again.read_exact(&mut magic).unwrap();
    again.rewind().unwrap();
    assert_eq!(&magic, b"\x7fELF");
    assert!(File::open("/proc/cpuinfo").is_ok());
    assert!(std::fs::read_to_string("/sys/devices/system/cpu/possible").is_ok());
    let sums: Vec<_> =
        (0..8_u64).map(|n| std::thread::spawn(move || (0..n).sum::<u64>())).collect();
    let sums: Vec<u64> = sums.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(sums[7], 21);
    let mut much: Vec<u8> = Vec::new();
    assert!(much.try_reserve_exact(256 << 20).is_ok(), "there is room up to the bound");
    assert!(much.try_reserve_exact(4 << 30).is_err(), "memory has no bound");
}
