//! Admission of a model: header, digest, trial generation, entry into the pool. Each step may only refuse.

pub mod demo;
pub mod recheck;
pub mod remote;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arena_core::gguf::{self, GgufError, Header};
use arena_core::ids::ModelId;
use arena_core::protocol::{Message, Role, TemplateSource};
use arena_core::sampling::Sampling;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::config::Workers;
use crate::inference::remote::AddressError;
use crate::inference::{Engine, Job, LocalWorker, ModelFile, Output, WorkerError};
use crate::pool::{self, GgufFile, Model, PoolError, Source};

/// How long the trial generation may take once the model is loaded.
const TRIAL_DEADLINE: Duration = Duration::from_secs(120);

/// What the submitter says of a file.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The GGUF file.
    pub file: PathBuf,
    /// Name on leaderboards.
    pub name: String,
    /// Who trained it.
    pub maker: String,
    /// ISO 3166 codes joined by a slash, for example `US/FR`.
    pub country: String,
    /// Licence of the weights.
    pub licence: String,
    /// The model it was made from.
    pub base_model: Option<String>,
    /// A template that replaces the file's own.
    pub chat_template: Option<String>,
}

/// Why a model was not admitted.
#[derive(Debug, thiserror::Error)]
pub enum ValidationError {
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The header breaks a rule.
    #[error("{path} is refused: {reason}")]
    Header {
        /// Which file.
        path: PathBuf,
        /// Which rule.
        reason: GgufError,
    },
    /// A word of the submission cannot be used.
    #[error("{0}")]
    Words(&'static str),
    /// The worker could not load it.
    #[error("the model could not be loaded: {0}")]
    Load(#[from] WorkerError),
    /// The address or the key of an endpoint cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The endpoint does not answer.
    #[error("the endpoint cannot be used: {0}")]
    Endpoint(String),
    /// It loaded, and then did not answer.
    #[error("the model is there, but its trial answer failed: {0}")]
    Trial(String),
    /// The pool refuses it.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The database failed.
    #[error("the model could not be stored")]
    Store(#[from] sqlx::Error),
}

/// A file whose header and digest are known.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Absolute path.
    pub path: PathBuf,
    /// What the header says.
    pub header: Header,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Modification time.
    pub modified_at: OffsetDateTime,
}

/// Reads the header alone, with the bounded reader.
pub fn inspect_header(file: &Path) -> Result<Header, ValidationError> {
    let unreadable = |source| ValidationError::Unreadable { path: file.to_owned(), source };
    let mut open = std::fs::File::open(file).map_err(unreadable)?;
    let size_bytes = open.metadata().map_err(unreadable)?.len();
    gguf::read(&mut open, size_bytes)
        .map_err(|reason| ValidationError::Header { path: file.to_owned(), reason })
}

/// Reads the header with the bounded reader, then the whole file for its digest.
///
/// Cost: one pass over the file, about 200 MB to 1 GB a second.
pub fn inspect(file: &Path) -> Result<Inspected, ValidationError> {
    let unreadable = |source| ValidationError::Unreadable { path: file.to_owned(), source };
    let path = file.canonicalize().map_err(unreadable)?;
    let metadata = path.metadata().map_err(unreadable)?;
    let modified_at = OffsetDateTime::from(metadata.modified().map_err(unreadable)?);
    let header = inspect_header(&path)?;
    let sha256 = digest(&path).map_err(unreadable)?;
    Ok(Inspected { path, header, sha256, size_bytes: metadata.len(), modified_at })
}

fn digest(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(&chunk[..count]);
    }
}

/// Admits a model, telling `progress` each step before it is taken.
pub async fn admit(
    db: &PgPool,
    workers: &Workers,
    submission: Submission,
    progress: impl Fn(&str),
) -> Result<Model, ValidationError> {
    check_words([&submission.name, &submission.maker, &submission.licence], &submission.country)?;
    progress("reading the header and the digest of the file");
    let file = submission.file.clone();
    let inspected = tokio::task::spawn_blocking(move || inspect(&file))
        .await
        .map_err(|error| ValidationError::Trial(error.to_string()))??;
    refuse_known(db, &submission, &inspected).await?;
    progress("loading it in a worker for a trial answer");
    let template = trial(workers, &submission, &inspected).await?;
    let model = entry(submission, inspected, template);
    pool::add(&mut *db.acquire().await?, &model).await?;
    Ok(model)
}

/// Name, maker and licence have a length, and the country is a code.
fn check_words(texts: [&str; 3], country: &str) -> Result<(), ValidationError> {
    if !texts.into_iter().all(fits) {
        return Err(ValidationError::Words(
            "name, maker and licence have 1 to 120 characters and no space at their ends",
        ));
    }
    // A spreadsheet would take a cell that begins like this for a formula.
    if texts[0].starts_with(['=', '+', '-', '@']) {
        return Err(ValidationError::Words("a name may not begin with =, +, - or @"));
    }
    if !is_country(country) {
        return Err(ValidationError::Words(
            "the country is an ISO 3166 code of two capital letters, several joined by a slash, \
             for example CN or US/FR",
        ));
    }
    Ok(())
}

fn fits(text: &str) -> bool {
    (1..=120).contains(&text.chars().count()) && text.trim() == text
}

fn is_country(codes: &str) -> bool {
    let code = |code: &str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    codes.split('/').all(code)
}

/// A file or name that is in the pool already needs no trial.
async fn refuse_known(
    db: &PgPool,
    submission: &Submission,
    inspected: &Inspected,
) -> Result<(), ValidationError> {
    let mut db = db.acquire().await?;
    if pool::queries::find_by_name(&mut db, &submission.name).await?.is_some() {
        return Err(PoolError::NameTaken(submission.name.clone()).into());
    }
    if let Some(twin) = pool::queries::find_by_sha256(&mut db, &inspected.sha256).await? {
        return Err(PoolError::FileTaken(twin.name).into());
    }
    Ok(())
}

/// One short answer in a worker of its own.
async fn trial(
    workers: &Workers,
    submission: &Submission,
    inspected: &Inspected,
) -> Result<TemplateSource, ValidationError> {
    let template = submission.chat_template.clone();
    let file = ModelFile {
        path: inspected.path.clone(),
        size_bytes: inspected.size_bytes,
        modified_at: inspected.modified_at,
    };
    let worker = LocalWorker::start("trial", file, template, workers);
    let readiness = worker.wait_ready().await?;
    trial_answer(&worker).await?;
    Ok(readiness.template)
}

/// One short answer of an engine that is ready.
async fn trial_answer(engine: &dyn Engine) -> Result<(), ValidationError> {
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    let mut generation = engine.generate(Job {
        messages: vec![
            message(Role::System, "You are a helpful assistant."),
            message(Role::User, "Describe the sea in one sentence."),
        ],
        sampling: Sampling { max_tokens: 32, ..Sampling::default() },
        seed: 1,
        conversation: None,
        steps: None,
    });
    let mut text = String::new();
    let ended = tokio::time::timeout(TRIAL_DEADLINE, async {
        while let Some(output) = generation.outputs.recv().await {
            match output {
                Output::Text(piece) => text.push_str(&piece),
                Output::Record(_) => {}
                Output::Done { .. } => return Ok(()),
                Output::Failed { detail, .. } => return Err(detail),
            }
        }
        Err("the worker ended".to_owned())
    })
    .await;
    match ended {
        Err(_) => Err(ValidationError::Trial("it took more than two minutes".to_owned())),
        Ok(Err(detail)) => Err(ValidationError::Trial(detail)),
        Ok(Ok(())) if text.trim().is_empty() => {
            Err(ValidationError::Trial("it has no visible text".to_owned()))
        }
        Ok(Ok(())) => Ok(()),
    }
}

fn entry(submission: Submission, inspected: Inspected, template: TemplateSource) -> Model {
    let header = inspected.header;
    Model {
        id: ModelId(Uuid::new_v4()),
        name: submission.name,
        maker: submission.maker,
        country: submission.country,
        licence: submission.licence,
        base_model: submission.base_model,
        context_tokens: i32::try_from(header.context_length).unwrap_or(i32::MAX),
        source: Source::File(GgufFile {
            architecture: header.architecture,
            parameter_count: i64::try_from(header.parameter_count).unwrap_or(i64::MAX),
            quantization: header.quantization,
            path: inspected.path,
            size_bytes: i64::try_from(inspected.size_bytes).unwrap_or(i64::MAX),
            modified_at: inspected.modified_at,
            sha256: inspected.sha256,
            chat_template: submission.chat_template,
            template_source: template.as_str().to_owned(),
        }),
        weight: 1,
        retired_at: None,
        quarantine: None,
    }
}
