//! The verifier in Python, as a process that is asked line by line.
#![cfg(test)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::case::Case;

pub(crate) struct Python {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// Python with the package that `verify.py` needs, from the folder that `make test` puts it into.
pub(crate) fn command() -> Command {
    let mut command = Command::new("python3");
    if let Some(packages) = std::env::var_os("DOUBLEBLIND_VERIFIER_PACKAGES") {
        command.env("PYTHONPATH", packages);
    }
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A script below the folder of tests.
pub(crate) fn script(name: &str) -> String {
    format!("{}/../../tests/{name}", env!("CARGO_MANIFEST_DIR"))
}

impl Python {
    pub(crate) fn start() -> Self {
        let mut child = command()
            .arg(script("verify_batch.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let (asked, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, asked, answers: BufReader::new(answers) }
    }

    pub(crate) fn ask(&mut self, case: &Case) {
        let sent =
            self.asked.write_all(case.to_line().as_bytes()).and_then(|()| self.asked.flush());
        sent.expect(
            "verify.py ended; it needs the package cryptography, which .make/verifier.sh installs",
        );
    }

    /// The codes of the checks that failed.
    pub(crate) fn answer(&mut self) -> Vec<u8> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).expect(
            "verify.py ended; it needs the package cryptography, which .make/verifier.sh installs",
        )
    }

    pub(crate) fn failed(&mut self, case: &Case) -> Vec<u8> {
        self.ask(case);
        self.answer()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
