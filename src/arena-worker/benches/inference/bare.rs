//! The floor: a decode loop in a process of its own, without protocol, text and other answers.

use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::sampling::LlamaSampler;

use crate::pipe::SPINS;
use crate::stream::WINDOW;
use crate::{Failed, QUESTION};

/// A child that decodes for the length of the window whenever it is told to.
pub(crate) struct Bare {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Bare {
    pub(crate) fn start(model: &Path, threads: u32) -> Result<Self, Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--bare")
            .arg(model)
            .arg(threads.to_string())
            .env_clear()
            .env("OMP_WAIT_POLICY", "passive")
            .env("GOMP_SPINCOUNT", SPINS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the bare loop has no pipes".into());
        };
        Ok(Self { child, stdin, stdout: BufReader::new(stdout) })
    }

    /// Tokens a second.
    pub(crate) fn rate(&mut self) -> Result<f64, Failed> {
        self.stdin.write_all(b"\n")?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(line.trim().parse()?)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the child does: one rate for each line it reads.
pub(crate) fn run(model: &str, threads: &str) -> Result<(), Failed> {
    let threads: i32 = threads.parse()?;
    let mut backend = LlamaBackend::init()?;
    backend.void_logs();
    let model = LlamaModel::load_from_file(&backend, model, &LlamaModelParams::default())?;
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(2048))
        .with_n_batch(256)
        .with_n_ubatch(256)
        .with_n_threads(threads)
        .with_n_threads_batch(threads);
    let mut context = model.new_context(&backend, params)?;
    let prompt = model.vocab().tokenize(QUESTION.as_bytes(), true, true);
    for line in std::io::stdin().lines() {
        line?;
        context.clear_kv_cache();
        let mut sampler = LlamaSampler::chain_simple([
            LlamaSampler::top_k(40),
            LlamaSampler::top_p(0.95, 1),
            LlamaSampler::min_p(0.05, 1),
            LlamaSampler::temp(0.7),
            LlamaSampler::dist(1),
        ]);
        let mut batch = LlamaBatch::new(256, 1);
        for (i, token) in prompt.iter().enumerate() {
            batch.add(*token, i as i32, &[0], i + 1 == prompt.len())?;
        }
        context.decode(&mut batch)?;
        let mut token = sampler.sample(&context, batch.n_tokens() - 1);
        let (started, mut count) = (Instant::now(), 0);
        while started.elapsed() < WINDOW && count < 1000 {
            batch.clear();
            batch.add(token, prompt.len() as i32 + count, &[0], true)?;
            context.decode(&mut batch)?;
            token = sampler.sample(&context, 0);
            count += 1;
        }
        let mut output = std::io::stdout().lock();
        writeln!(output, "{}", f64::from(count) / started.elapsed().as_secs_f64())?;
        output.flush()?;
    }
    Ok(())
}
