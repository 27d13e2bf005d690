//! Keeps one engine for every active model of the pool, also when the pool changes while running.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arena_core::ids::ModelId;
use sqlx::PgPool;
use sqlx::postgres::PgListener;

use super::{Engines, LocalWorker};
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
        match file_is_unchanged(model) {
            Ok(()) => engines.put(model.id, Arc::new(start(model, workers))),
            Err(reason) => tracing::error!(model.name = model.name, "not started: {reason}"),
        }
    }
    Ok(())
}

fn start(model: &Model, workers: &Workers) -> LocalWorker {
    let (path, template) = (model.file_path.clone(), model.chat_template.clone());
    LocalWorker::start(&model.name, path, template, workers)
}

/// The file that is loaded must be the file that was hashed.
fn file_is_unchanged(model: &Model) -> Result<(), String> {
    let found = std::fs::metadata(&model.file_path)
        .map_err(|error| format!("{}: {error}", model.file_path.display()))?;
    let modified = found.modified().map_err(|error| error.to_string())?;
    let same_time = (time::OffsetDateTime::from(modified) - model.file_modified_at).abs()
        < time::Duration::milliseconds(1);
    if i64::try_from(found.len()) != Ok(model.file_size_bytes) || !same_time {
        return Err(format!(
            "{} has changed since it was registered; register the new file under a new name",
            model.file_path.display()
        ));
    }
    Ok(())
}
