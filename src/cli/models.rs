//! `doubleblind models`: the pool from the command line, also while the arena runs.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sqlx::PgPool;

use super::store;
use super::{Outcome, say};
use crate::config::Settings;
use crate::kit::wording;
use crate::pool::{self, Model, PoolError};
use crate::validation::{self, Submission};

/// What to do with models.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Checks a GGUF file, has it answer once, and adds it to the pool
    ///
    /// The file stays where it is. A running arena takes the model up at once.
    Add(Addition),
    /// Lists all models
    List,
    /// Shows one model
    Show {
        /// Name on the leaderboard
        name: String,
    },
    /// Takes a model out of the pool; its votes stay
    Retire {
        /// Name on the leaderboard
        name: String,
    },
    /// Lets a model take part again that was put into quarantine after repeated crashes
    Release {
        /// Name on the leaderboard
        name: String,
    },
}

#[derive(Args)]
struct Addition {
    /// The GGUF file
    file: PathBuf,
    /// Name on the leaderboard
    #[arg(long)]
    name: String,
    /// Who trained it
    #[arg(long)]
    maker: String,
    /// ISO 3166 code of the maker's home, several joined by a slash: CN, US/FR
    #[arg(long)]
    country: String,
    /// Licence of the weights: Apache-2.0
    #[arg(long)]
    licence: String,
    /// The model it was made from
    #[arg(long)]
    base_model: Option<String>,
    /// A Jinja chat template that replaces the file's own
    #[arg(long, value_name = "FILE")]
    chat_template: Option<PathBuf>,
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    if let Action::Add(addition) = &arguments.action {
        // The header is checked before any database is opened: most mistakes end here.
        validation::inspect_header(&addition.file)?;
    }
    let store = store::open(&settings).await?;
    let outcome = act(&settings, &store.pool, arguments.action).await;
    store.close().await?;
    outcome
}

async fn act(settings: &Settings, db: &PgPool, action: Action) -> Outcome {
    match action {
        Action::Add(addition) => add(settings, db, addition).await,
        Action::List => list(db).await,
        Action::Show { name } => {
            let found = pool::queries::find_by_name(&mut *db.acquire().await?, &name).await?;
            show(&found.ok_or(PoolError::UnknownName(name))?);
            Ok(())
        }
        Action::Retire { name } => {
            pool::retire(&mut *db.acquire().await?, &name).await?;
            say(&format!("{name} is out of the pool; its votes stay"));
            Ok(())
        }
        Action::Release { name } => {
            pool::quarantine::release(&mut *db.acquire().await?, &name).await?;
            say(&format!("{name} takes part again"));
            Ok(())
        }
    }
}

async fn add(settings: &Settings, db: &PgPool, addition: Addition) -> Outcome {
    let read = |path: PathBuf| {
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let submission = Submission {
        file: addition.file,
        name: addition.name,
        maker: addition.maker,
        country: addition.country,
        licence: addition.licence,
        base_model: addition.base_model,
        chat_template: addition.chat_template.map(read).transpose()?,
    };
    let model = validation::admit(db, &settings.workers, submission, say).await?;
    say(&format!("{} is in the pool", model.name));
    show(&model);
    Ok(())
}

async fn list(db: &PgPool) -> Outcome {
    let models = pool::queries::list_all(&mut *db.acquire().await?).await?;
    if models.is_empty() {
        say("no models yet; `doubleblind models add --help` shows how to add one");
    }
    let width = models.iter().map(|model| model.name.chars().count()).max().unwrap_or(0);
    for model in &models {
        say(&format!(
            "{:<width$}  {:>5}  {:<8}  {:<6}  {:<20}  {}",
            model.name,
            wording::parameters(model.parameter_count),
            model.quantization,
            model.country,
            model.licence,
            model.standing()
        ));
    }
    Ok(())
}

fn show(model: &Model) {
    let facts = [
        ("name", model.name.clone()),
        ("maker", model.maker.clone()),
        ("country", wording::country(&model.country)),
        ("licence", model.licence.clone()),
        ("made from", model.base_model.clone().unwrap_or_else(|| "not stated".to_owned())),
        ("architecture", model.architecture.clone()),
        ("parameters", wording::parameters(model.parameter_count)),
        ("quantization", model.quantization.clone()),
        ("trained context", format!("{} tokens", model.context_tokens)),
        ("chat format", model.template_source.clone()),
        ("file", model.file_path.display().to_string()),
        ("size", wording::bytes(model.file_size_bytes)),
        ("SHA-256", model.file_sha256.clone()),
        ("weight", model.weight.to_string()),
        ("retired", model.retired_at.map_or_else(|| "no".to_owned(), wording::minute)),
        ("quarantine", model.quarantine.map_or_else(|| "no".to_owned(), |found| found.in_words())),
    ];
    for (label, value) in facts {
        say(&format!("  {label:<16} {value}"));
    }
}
