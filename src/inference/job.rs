//! Keeps one engine for every active model of the pool, also when the pool changes while running.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arena_core::ids::ModelId;
use sqlx::PgPool;
use sqlx::postgres::PgListener;

use super::{Engines, LocalWorker, ModelFile};
use crate::config::Workers;
use crate::pool::{self, Model};

/// How often the pool is read even if no change was announced.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// Starts and ends workers as the pool says, until the task is dropped.
pub async fn follow_pool(db: PgPool, engines: Engines, workers: Workers) {
    let mut listener = None;
    loop {
        if listener.is_none() {
            listener = listen(&db).await;
        }
        if let Err(error) = match_pool(&db, &engines, &workers).await {
            tracing::warn!("the pool could not be read: {error}");
        }
        let change = async {
            match &mut listener {
                Some(listener) => listener.recv().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        if let Ok(false) = tokio::time::timeout(AT_LEAST_EVERY, change).await {
            listener = None;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn listen(db: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(db).await.ok()?;
    listener.listen(pool::CHANNEL).await.ok()?;
    Some(listener)
}

async fn match_pool(db: &PgPool, engines: &Engines, workers: &Workers) -> sqlx::Result<()> {
    let models = pool::queries::list_active(&mut *db.acquire().await?).await?;
    let active: HashSet<ModelId> = models.iter().map(|model| model.id).collect();
    engines.retain(&active);
    let running = engines.models();
    for model in models.iter().filter(|model| !running.contains(&model.id)) {
        engines.put(model.id, Arc::new(start(model, workers)));
    }
    Ok(())
}

fn start(model: &Model, workers: &Workers) -> LocalWorker {
    let file = ModelFile {
        path: model.file_path.clone(),
        size_bytes: u64::try_from(model.file_size_bytes).unwrap_or(0),
        modified_at: model.file_modified_at,
    };
    LocalWorker::start(&model.name, file, model.chat_template.clone(), workers)
}
