//! Keeps one engine for every active model of the pool, also when the pool changes while running.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arena_core::ids::ModelId;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::mpsc;

use super::faults::Record;
use super::{Engines, LocalWorker, ModelFile};
use crate::config::Workers;
use crate::pool::{self, Fault, Model};

/// Where workers report their faults.
type Faults = mpsc::UnboundedSender<(ModelId, Fault)>;

/// How often the pool is read even if no change was announced.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// Starts and ends workers as the pool says, until the task is dropped; a model whose worker fails
/// too often is put into quarantine.
pub async fn follow_pool(db: PgPool, engines: Engines, workers: Workers) {
    let mut listener = None;
    let (report, mut faults) = mpsc::unbounded_channel();
    let mut record = Record::new(workers.quarantine_after);
    loop {
        if listener.is_none() {
            listener = listen(&db).await;
        }
        if let Err(error) = match_pool(&db, &engines, &workers, &report).await {
            tracing::warn!("the pool could not be read: {error}");
        }
        let change = async {
            match &mut listener {
                Some(listener) => listener.recv().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            heard = change => if !heard {
                listener = None;
                tokio::time::sleep(Duration::from_secs(1)).await;
            },
            Some((model, fault)) = faults.recv() => judge(&db, &mut record, model, fault).await,
            () = tokio::time::sleep(AT_LEAST_EVERY) => {}
        }
    }
}

/// Counts one fault, and puts the model into quarantine if it was one too many.
async fn judge(db: &PgPool, record: &mut Record, model: ModelId, fault: Fault) {
    let Some(count) = record.note(model, Instant::now()) else { return };
    let begun =
        async { pool::quarantine::begin(&mut *db.acquire().await?, model, fault, count).await };
    match begun.await {
        Ok(_) => {
            record.forget(model);
            tracing::error!(model.id = %model.0, faults = count, reason = fault.as_str(),
                "a model is in quarantine; `doubleblind models release` ends it");
        }
        // It counts on: the next fault tries again.
        Err(error) => tracing::warn!("a quarantine could not be stored: {error}"),
    }
}

async fn listen(db: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(db).await.ok()?;
    listener.listen(pool::CHANNEL).await.ok()?;
    Some(listener)
}

async fn match_pool(
    db: &PgPool,
    engines: &Engines,
    workers: &Workers,
    faults: &Faults,
) -> sqlx::Result<()> {
    let models = pool::queries::list_active(&mut *db.acquire().await?).await?;
    let active: HashSet<ModelId> = models.iter().map(|model| model.id).collect();
    engines.retain(&active);
    let running = engines.models();
    for model in models.iter().filter(|model| !running.contains(&model.id)) {
        engines.put(model.id, Arc::new(start(model, workers, faults)));
    }
    Ok(())
}

fn start(model: &Model, workers: &Workers, faults: &Faults) -> LocalWorker {
    let file = ModelFile {
        path: model.file_path.clone(),
        size_bytes: u64::try_from(model.file_size_bytes).unwrap_or(0),
        modified_at: model.file_modified_at,
    };
    let (id, faults) = (model.id, faults.clone());
    let witness = Arc::new(move |fault| {
        // Nobody hears it when the app is closing.
        let _ = faults.send((id, fault));
    });
    LocalWorker::witnessed(&model.name, file, model.chat_template.clone(), workers, witness)
}
