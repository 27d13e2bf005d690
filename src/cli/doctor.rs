//! `doubleblind doctor`: the settings in force, and whether what they name works.

use std::path::Path;

use super::{Outcome, queries, say, store};
use crate::config::Settings;
use crate::pool;
use crate::validation;

pub(super) async fn run(settings: Settings) -> Outcome {
    show_settings(&settings);
    let mut problems = 0;
    let mut probe = |name: &str, result: Result<String, String>| match result {
        Ok(text) => say(&format!("  ok    {name:<10} {text}")),
        Err(text) => {
            problems += 1;
            say(&format!("  FAIL  {name:<10} {text}"));
        }
    };
    say("probes");
    probe("worker", worker(&settings.workers.program));
    probe("disk", disk(&settings.data));
    match store::open(&settings).await {
        Err(error) => probe("database", Err(super::chain(&*error))),
        Ok(store) => {
            let version = queries::find_server_version(&store.pool).await;
            let version = version.map(|version| format!("{version}; {}", store.describe()));
            probe("database", version.map_err(|error| error.to_string()));
            let models = match store.pool.acquire().await {
                Ok(mut db) => pool::queries::list_active(&mut db).await.unwrap_or_default(),
                Err(_) => Vec::new(),
            };
            if models.len() < 2 {
                probe("models", Err(format!("{} in the pool; a battle needs 2", models.len())));
            }
            for model in models {
                let found = validation::inspect_header(&model.file_path);
                let result = found.map(|_| model.file_path.display().to_string());
                probe(
                    "model",
                    match result {
                        Ok(path) => Ok(format!("{}: {path}", model.name)),
                        Err(error) => Err(format!("{}: {}", model.name, super::chain(&error))),
                    },
                );
            }
            store.close().await?;
        }
    }
    if problems > 0 { Err(format!("{problems} probes failed").into()) } else { Ok(()) }
}

fn show_settings(settings: &Settings) {
    let address = match &settings.database_url {
        Some(_) => "DATABASE_URL (address not shown)".to_owned(),
        None => format!("private, in {}", settings.data.join("pg").display()),
    };
    let workers = &settings.workers;
    let facts = [
        ("data", settings.data.display().to_string()),
        ("database", address),
        ("listen", settings.listen.to_string()),
        ("site name", settings.site.name.clone()),
        ("evaluation sets", settings.eval_sets.display().to_string()),
        ("worker", workers.program.display().to_string()),
        ("threads of workers", workers.threads.to_string()),
        ("context", format!("{} tokens", workers.context_tokens)),
        ("answers at once", format!("{} a worker", workers.sequences)),
        ("sampling", settings.answering.sampling.to_string()),
        ("system prompt", settings.answering.system_prompt.clone()),
        ("answer deadline", format!("{} s", settings.answering.deadline.as_secs())),
        ("secure cookie", settings.secure_cookie.to_string()),
    ];
    say("settings in force");
    for (label, value) in facts {
        say(&format!("  {label:<16} {value}"));
    }
}

/// The worker program answers a call without a model with exit code 2 and one sentence.
fn worker(program: &Path) -> Result<String, String> {
    let output = std::process::Command::new(program)
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    match output.status.code() {
        Some(2) => Ok(program.display().to_string()),
        _ => Err(format!("{} is not the worker program", program.display())),
    }
}

fn disk(data: &Path) -> Result<String, String> {
    std::fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let found = rustix::fs::statvfs(data).map_err(|error| error.to_string())?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let text = format!("{:.1} GB free at {}", free as f64 / 1e9, data.display());
    if free < 1 << 30 { Err(format!("{text}; at least 1 GB is needed")) } else { Ok(text) }
}
