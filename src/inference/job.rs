//! Keeps one engine for every active model of the pool, also when the pool changes while running.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arena_core::ids::ModelId;
use arena_core::protocol::TemplateSource;
use sqlx::PgPool;
use sqlx::postgres::PgListener;

use super::remote::Patience;
use super::{Engine, Engines, LocalWorker, ModelFile, OnDemand, Readiness, RemoteEngine, Shelf};
use crate::config::Workers;
use crate::pool::{self, GgufFile, Model, Source};

/// How often the pool is read even if no change was announced.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// Starts and ends engines as the pool says, until the task is dropped.
pub async fn follow_pool(db: PgPool, engines: Engines, workers: Workers) {
    let mut listener = None;
    let shelf = Shelf::new(workers.memory_bytes);
    loop {
        if listener.is_none() {
            listener = listen(&db).await;
        }
        if let Err(error) = match_pool(&db, &engines, &workers, &shelf).await {
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

async fn match_pool(
    db: &PgPool,
    engines: &Engines,
    workers: &Workers,
    shelf: &Arc<Shelf>,
) -> sqlx::Result<()> {
    let models = pool::queries::list_active(&mut *db.acquire().await?).await?;
    let active: HashSet<ModelId> = models.iter().map(|model| model.id).collect();
    engines.retain(&active);
    let running = engines.models();
    for model in models.iter().filter(|model| !running.contains(&model.id)) {
        match start(model, workers, shelf) {
            Ok(engine) => engines.put(model.id, engine),
            Err(error) => tracing::error!(model.name, "no engine: {error}"),
        }
    }
    Ok(())
}

fn start(
    model: &Model,
    workers: &Workers,
    shelf: &Arc<Shelf>,
) -> Result<Arc<dyn Engine>, reqwest::Error> {
    Ok(match &model.source {
        Source::File(file) => Arc::new(on_demand(model, file, workers, shelf)),
        Source::Endpoint(endpoint) => {
            let (name, operator) = (&model.name, &endpoint.operator);
            tracing::info!(model.name = name, "questions are sent to {operator}");
            let context = u32::try_from(model.context_tokens).unwrap_or(0);
            let patience = Patience::default();
            Arc::new(RemoteEngine::start(name, endpoint.clone(), context, patience)?)
        }
    })
}

fn on_demand(model: &Model, file: &GgufFile, workers: &Workers, shelf: &Arc<Shelf>) -> OnDemand {
    let size_bytes = u64::try_from(file.size_bytes).unwrap_or(0);
    let trained = u32::try_from(model.context_tokens).unwrap_or(0);
    let expected = Readiness {
        engine: String::new(),
        load_ms: 0,
        context_tokens: workers.context_tokens.min(trained.max(256)),
        template: TemplateSource::parse(&file.template_source),
        process_id: None,
    };
    let model_file =
        ModelFile { path: file.path.clone(), size_bytes, modified_at: file.modified_at };
    let (name, template, workers) =
        (model.name.clone(), file.chat_template.clone(), workers.clone());
    OnDemand::new(shelf, size_bytes, expected, move || {
        Arc::new(LocalWorker::start(&name, model_file.clone(), template.clone(), &workers))
    })
}
