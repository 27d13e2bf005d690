//! The three demo models: small, real, and registered with their true makers.

use std::path::Path;

use sqlx::PgPool;

use super::{Submission, ValidationError, admit, inspect};
use crate::config::Workers;
use crate::pool::{self, Model};

/// One demo model as `make models` fetches it.
struct Demo {
    file: &'static str,
    sha256: &'static str,
    name: &'static str,
    maker: &'static str,
    country: &'static str,
    licence: &'static str,
    base_model: Option<&'static str>,
}

const DEMOS: [Demo; 3] = [
    Demo {
        file: "smollm2-135m-instruct-q4_1.gguf",
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        name: "SmolLM2-135M-Instruct",
        maker: "Hugging Face",
        country: "US/FR",
        licence: "Apache-2.0",
        base_model: Some("SmolLM2-135M"),
    },
    Demo {
        file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        name: "Qwen2.5-Coder-0.5B-Instruct",
        maker: "Alibaba",
        country: "CN",
        licence: "Apache-2.0",
        base_model: Some("Qwen2.5-Coder-0.5B"),
    },
    Demo {
        file: "gemma-3-270m-q4_k_m.gguf",
        sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        name: "Gemma 3 270M (base)",
        maker: "Google",
        country: "US",
        licence: "Gemma Terms of Use",
        base_model: None,
    },
];

/// Admits the demo models that lie in `folder` and are not in the pool; a moved file is found again.
pub async fn register(db: &PgPool, workers: &Workers, folder: &Path) {
    for demo in &DEMOS {
        let path = folder.join(demo.file);
        if !path.exists() {
            tracing::warn!("the demo model {} is not in {}", demo.name, folder.display());
            continue;
        }
        match register_one(db, workers, demo, &path).await {
            Ok(true) => tracing::info!("{} is in the pool", demo.name),
            Ok(false) => {}
            Err(error) => tracing::error!("the demo model {} is left out: {error}", demo.name),
        }
    }
}

async fn register_one(
    db: &PgPool,
    workers: &Workers,
    demo: &Demo,
    path: &Path,
) -> Result<bool, ValidationError> {
    let known = pool::queries::find_by_sha256(&mut *db.acquire().await?, demo.sha256).await?;
    if let Some(model) = known {
        return find_again(db, &model, path).await.map(|()| false);
    }
    let submission = Submission {
        file: path.to_owned(),
        name: demo.name.to_owned(),
        maker: demo.maker.to_owned(),
        country: demo.country.to_owned(),
        licence: demo.licence.to_owned(),
        base_model: demo.base_model.map(str::to_owned),
        chat_template: None,
    };
    let step = |step: &str| tracing::info!("{}: {step}", demo.name);
    admit(db, workers, submission, step).await.map(|_| true)
}

/// The cache folder may have been filled anew: the same bytes at another place or time are the same model.
async fn find_again(db: &PgPool, model: &Model, path: &Path) -> Result<(), ValidationError> {
    let Some(known) = model.file() else { return Ok(()) };
    let unreadable = |source| ValidationError::Unreadable { path: path.to_owned(), source };
    let modified = path.metadata().and_then(|found| found.modified()).map_err(unreadable)?;
    let same_time = (time::OffsetDateTime::from(modified) - known.modified_at).abs()
        < time::Duration::milliseconds(1);
    let same_path = path.canonicalize().is_ok_and(|path| path == known.path);
    if same_time && same_path {
        return Ok(());
    }
    let path = path.to_owned();
    let inspected = tokio::task::spawn_blocking(move || inspect(&path))
        .await
        .map_err(|error| ValidationError::Trial(error.to_string()))??;
    if inspected.sha256 == known.sha256 {
        let mut db = db.acquire().await?;
        let path = inspected.path.to_string_lossy();
        pool::queries::update_file(&mut db, model.id, &path, inspected.modified_at).await?;
    }
    Ok(())
}
