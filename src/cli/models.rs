//! `doubleblind models`: the pool from the command line, also while the arena runs.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sqlx::PgPool;

use super::store;
use super::{Outcome, say};
use crate::config::Settings;
use crate::inference::remote::is_private;
use crate::kit::wording;
use crate::pool::{self, Endpoint, GgufFile, Model, PoolError, Source};
use crate::validation::remote::RemoteSubmission;
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
    /// Adds a model behind an OpenAI-compatible endpoint; voters' questions are then sent there
    ///
    /// The endpoint is asked for one answer. The model is marked as remote on every list, with the
    /// endpoint's operator and country, and every page says that questions leave this machine.
    /// Name with --context how many tokens a conversation may have there.
    AddRemote(RemoteAddition),
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

#[derive(Args)]
struct RemoteAddition {
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
    /// Base address of the interface: https://host/v1
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// What the endpoint calls the model
    #[arg(long, value_name = "ID")]
    model: String,
    /// File with the endpoint's key; it is read anew for every answer
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Who runs the endpoint and receives the questions
    #[arg(long, value_name = "WHO")]
    operator: String,
    /// ISO 3166 code of where the endpoint runs
    #[arg(long, value_name = "CC")]
    operator_country: String,
    /// The model it was made from
    #[arg(long)]
    base_model: Option<String>,
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
        Action::AddRemote(addition) => add_remote(settings, db, addition).await,
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

async fn add_remote(settings: &Settings, db: &PgPool, addition: RemoteAddition) -> Outcome {
    let submission = RemoteSubmission {
        endpoint: addition.endpoint,
        model: addition.model,
        key_file: addition.key_file,
        operator: addition.operator,
        operator_country: addition.operator_country,
        name: addition.name,
        maker: addition.maker,
        country: addition.country,
        licence: addition.licence,
        base_model: addition.base_model,
        context_tokens: settings.workers.context_tokens,
    };
    let model = validation::remote::admit(db, submission, say).await?;
    say(&format!("{} is in the pool", model.name));
    show(&model);
    if let Some(endpoint) = model.endpoint() {
        say(&format!("Voters' questions are sent to {}; every page says so.", endpoint.operator));
        if !is_private(&endpoint.url) {
            say("They travel unencrypted: use https, or a tunnel, unless the network is yours.");
        }
        if endpoint.key_file.as_deref().is_some_and(is_open_to_others) {
            say("Other users of this machine can read the key file; `chmod 600` closes it.");
        }
    }
    Ok(())
}

fn is_open_to_others(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    file.metadata().is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
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
            model.parameter_count().map_or("–".to_owned(), wording::parameters),
            model.quantization(),
            model.country,
            model.licence,
            standing(model)
        ));
    }
    Ok(())
}

/// Whether it takes part, and who runs it where that is not this machine.
fn standing(model: &Model) -> String {
    let word = model.standing();
    match model.endpoint() {
        Some(endpoint) => format!("{word}; run by {}", endpoint.operator),
        None => word,
    }
}

fn show(model: &Model) {
    let mut facts = vec![
        ("name", model.name.clone()),
        ("maker", model.maker.clone()),
        ("country", wording::country(&model.country)),
        ("licence", model.licence.clone()),
        ("made from", model.base_model.clone().unwrap_or_else(|| "not stated".to_owned())),
        ("quantization", model.quantization().to_owned()),
    ];
    match &model.source {
        Source::File(file) => facts.extend(file_facts(model, file)),
        Source::Endpoint(endpoint) => facts.extend(endpoint_facts(model, endpoint)),
    }
    facts.extend([
        ("weight", model.weight.to_string()),
        ("retired", model.retired_at.map_or_else(|| "no".to_owned(), wording::minute)),
        ("quarantine", model.quarantine.map_or_else(|| "no".to_owned(), |found| found.in_words())),
    ]);
    for (label, value) in facts {
        say(&format!("  {label:<16} {value}"));
    }
}

fn file_facts(model: &Model, file: &GgufFile) -> [(&'static str, String); 7] {
    [
        ("architecture", file.architecture.clone()),
        ("parameters", wording::parameters(file.parameter_count)),
        ("trained context", format!("{} tokens", model.context_tokens)),
        ("chat format", file.template_source.clone()),
        ("file", file.path.display().to_string()),
        ("size", wording::bytes(file.size_bytes)),
        ("SHA-256", file.sha256.clone()),
    ]
}

fn endpoint_facts(model: &Model, endpoint: &Endpoint) -> [(&'static str, String); 5] {
    let key = endpoint.key_file.as_ref();
    [
        ("run by", endpoint.operator.to_string()),
        ("endpoint", endpoint.url.clone()),
        ("called there", endpoint.model.clone()),
        ("key", key.map_or("none".to_owned(), |path| format!("in {}", path.display()))),
        ("stated context", format!("{} tokens", model.context_tokens)),
    ]
}
