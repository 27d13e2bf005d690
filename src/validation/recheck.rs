//! Model files against their digests, at the start and once a day. Before each start of a worker size and time stand for the
//! digest; whoever owns the machine can set both, and what was hashed is what the journal names.

use std::time::Duration;

use arena_core::ids::ModelId;
use sqlx::PgPool;

use super::{ValidationError, digest};
use crate::pool;
use crate::pool::{Fault, Source};

/// How often all files are read.
const EVERY: Duration = Duration::from_secs(24 * 3600);

/// Reads the files of all models in the pool; those that have changed go into quarantine. Gives their models.
///
/// A file that cannot be read is passed over: its worker does not start either. **Cost** one pass over each file, one after
/// the other, about 200 MB to 1 GB a second.
pub async fn recheck_files(db: &PgPool) -> Result<Vec<ModelId>, ValidationError> {
    let models = pool::queries::list_active(&mut *db.acquire().await?).await?;
    let mut changed = Vec::new();
    for model in models {
        let Source::File(file) = &model.source else { continue };
        let path = file.path.clone();
        let found = tokio::task::spawn_blocking(move || digest(&path)).await;
        let Ok(Ok(found)) = found else { continue };
        if found != file.sha256 {
            let mut db = db.acquire().await?;
            pool::quarantine::begin(&mut db, model.id, Fault::Changed, 1).await?;
            tracing::error!(
                model.name,
                "the file of a model is not the one that was registered; it is in quarantine. Put the file back and \
                 release it, or register the new one under a new name"
            );
            changed.push(model.id);
        }
    }
    Ok(changed)
}

/// Runs [`recheck_files`] until the task is dropped.
pub async fn keep_rechecking(db: PgPool) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = recheck_files(&db).await {
            tracing::warn!("the files of models could not be checked: {error}");
        }
    }
}
