//! How a worker process is started: one checked file, no environment, pipes.

use std::process::Stdio;

use command_fds::{CommandFdExt, FdMapping};
use tokio::process::{Child, Command};

use super::model_file::{ModelFile, Opened};
use super::worker::WorkerError;
use crate::config::Workers;

/// Number of the model's descriptor in the worker.
const MODEL: i32 = 3;

/// Opens and checks the model, and starts a worker that gets this very file.
pub(super) async fn launch(file: &ModelFile, workers: &Workers) -> Result<Child, WorkerError> {
    let file = file.clone();
    let opened = tokio::task::spawn_blocking(move || file.open())
        .await
        .map_err(|error| WorkerError::File(error.to_string()))?
        .map_err(WorkerError::File)?;
    spawn(opened, workers)
        .map_err(|reason| WorkerError::NotStarted { path: workers.program.clone(), reason })
}

fn spawn(model: Opened, workers: &Workers) -> Result<Child, String> {
    let tokens = workers.context_tokens.saturating_mul(workers.sequences);
    let memory = model.memory_bytes(tokens, workers.threads);
    let mut command = Command::new(&workers.program);
    command
        .args(["--model", &format!("/proc/self/fd/{MODEL}")])
        .args(["--threads", &workers.threads.to_string()])
        .args(["--context", &workers.context_tokens.to_string()])
        .args(["--sequences", &workers.sequences.to_string()])
        .args(["--memory", &memory.to_string()])
        .args(["--sandbox", workers.sandbox.as_str()])
        .env_clear()
        // Spinning at ggml's barriers makes one busy neighbour cost twenty times.
        .env("OMP_WAIT_POLICY", "passive")
        .env("GOMP_SPINCOUNT", "100")
        // Its handler would start a debugger, which the worker may not.
        .env("GGML_NO_BACKTRACE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in the terminal is the app's to answer; closing stdin ends the worker.
        .process_group(0)
        .kill_on_drop(true);
    let mapping = FdMapping { parent_fd: model.file.into(), child_fd: MODEL };
    command.fd_mappings(vec![mapping]).map_err(|error| error.to_string())?;
    command.spawn().map_err(|error| error.to_string())
}
