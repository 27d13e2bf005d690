//! `doubleblind doctor`: the settings in force, and whether what they name works.

use std::path::Path;

use arena_core::confinement::Confinement;
use arena_core::protocol;

use super::{Outcome, queries, say, store};
use crate::config::{Settings, Workers};
use crate::inference::remote::{self, is_private};
use crate::pool::{self, Endpoint, Source};
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
    probe("sandbox", sandbox(&settings.workers));
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
                let (kind, result) = match &model.source {
                    Source::File(file) => ("model", probe_file(&file.path)),
                    Source::Endpoint(endpoint) => ("remote", probe_endpoint(endpoint).await),
                };
                let named = |text| format!("{}: {text}", model.name);
                probe(kind, result.map(named).map_err(named));
            }
            store.close().await?;
        }
    }
    if problems > 0 { Err(format!("{problems} probes failed").into()) } else { Ok(()) }
}

fn probe_file(path: &Path) -> Result<String, String> {
    match validation::inspect_header(path) {
        Ok(_) => Ok(path.display().to_string()),
        Err(error) => Err(super::chain(&error)),
    }
}

/// Whether an endpoint answers; also says, whatever the answer, that questions go there.
async fn probe_endpoint(endpoint: &Endpoint) -> Result<String, String> {
    let way = if is_private(&endpoint.url) { "" } else { ", unencrypted" };
    let text =
        format!("questions leave this machine for {}, at {}{way}", endpoint.operator, endpoint.url);
    match remote::probe(endpoint).await {
        Ok(()) => Ok(text),
        Err(reason) => Err(format!("{reason}; {text}")),
    }
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
        ("sandbox", format!("at least {}", workers.sandbox)),
        (
            "silence",
            format!("{} s, then a worker is started again", workers.silent_after.as_secs()),
        ),
        ("quarantine", format!("after {} crashes in ten minutes", workers.quarantine_after)),
        ("threads of workers", workers.threads.to_string()),
        ("context", format!("{} tokens", workers.context_tokens)),
        ("answers at once", format!("{} a worker", workers.sequences)),
        ("sampling", settings.answering.sampling.to_string()),
        ("system prompt", settings.answering.system_prompt.clone()),
        ("answer deadline", format!("{} s", settings.answering.deadline.as_secs())),
        ("secure cookie", settings.secure_cookie.to_string()),
        ("trusted proxies", settings.trusted_proxies.len().to_string()),
        ("allowances", settings.allowances.to_string()),
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

/// The worker program locks itself in as before a model, and says how far it got.
fn sandbox(workers: &Workers) -> Result<String, String> {
    let output = std::process::Command::new(&workers.program)
        .arg("--check-sandbox")
        .env_clear()
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", workers.program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let found: Confinement = protocol::decode(said.trim())
        .map_err(|_| format!("{} cannot check its sandbox", workers.program.display()))?;
    let state = |active| if active { "yes" } else { "no" };
    let layers = found.layers().map(|(name, active)| format!("{name} {}", state(active)));
    let least = workers.sandbox;
    found.reach(least).map_err(|shortfall| shortfall.to_string())?;
    Ok(format!("{}, {least} required: {}", found.level(), layers.join(", ")))
}

fn disk(data: &Path) -> Result<String, String> {
    std::fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let found = rustix::fs::statvfs(data).map_err(|error| error.to_string())?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let text = format!("{:.1} GB free at {}", free as f64 / 1e9, data.display());
    if free < 1 << 30 { Err(format!("{text}; at least 1 GB is needed")) } else { Ok(text) }
}
