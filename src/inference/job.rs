//! Keeps one engine for every active model of the pool, also when the pool changes while running.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arena_core::ids::ModelId;
use arena_core::protocol::TemplateSource;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::mpsc;

use super::faults::Record;
use super::remote::Patience;
use super::{Engine, Engines, LocalWorker, ModelFile, OnDemand, Readiness, RemoteEngine, Shelf};
use crate::config::Workers;
use crate::pool::{self, Fault, GgufFile, Model, Source};

/// How models on this machine are run.
struct Local {
    workers: Workers,
    shelf: Arc<Shelf>,
    faults: Faults,
}

/// Where workers report their faults.
type Faults = mpsc::UnboundedSender<(ModelId, Fault)>;

/// How often the pool is read even if no change was announced.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// Starts and ends engines as the pool says, until the task is dropped; a model whose worker fails
/// too often is put into quarantine.
pub async fn follow_pool(db: PgPool, engines: Engines, workers: Workers) {
    let mut listener = None;
    let (report, mut faults) = mpsc::unbounded_channel();
    let mut record = Record::new(workers.quarantine_after);
    let local = Local { shelf: Shelf::new(workers.memory_bytes), workers, faults: report };
    loop {
        if listener.is_none() {
            listener = listen(&db).await;
        }
        if let Err(error) = match_pool(&db, &engines, &local).await {
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

async fn match_pool(db: &PgPool, engines: &Engines, local: &Local) -> sqlx::Result<()> {
    let models = pool::queries::list_active(&mut *db.acquire().await?).await?;
    let active: HashSet<ModelId> = models.iter().map(|model| model.id).collect();
    engines.retain(&active);
    let running = engines.models();
    for model in models.iter().filter(|model| !running.contains(&model.id)) {
        match start(model, local) {
            Ok(engine) => engines.put(model.id, engine),
            Err(error) => tracing::error!(model.name, "no engine: {error}"),
        }
    }
    Ok(())
}

fn start(model: &Model, local: &Local) -> Result<Arc<dyn Engine>, reqwest::Error> {
    Ok(match &model.source {
        Source::File(file) => Arc::new(local.on_demand(model, file)),
        Source::Endpoint(endpoint) => {
            let (name, operator) = (&model.name, &endpoint.operator);
            tracing::info!(model.name = name, "questions are sent to {operator}");
            let context = u32::try_from(model.context_tokens).unwrap_or(0);
            let patience = Patience::default();
            Arc::new(RemoteEngine::start(name, endpoint.clone(), context, patience)?)
        }
    })
}

impl Local {
    fn on_demand(&self, model: &Model, file: &GgufFile) -> OnDemand {
        let size_bytes = u64::try_from(file.size_bytes).unwrap_or(0);
        let trained = u32::try_from(model.context_tokens).unwrap_or(0);
        let expected = Readiness {
            engine: String::new(),
            load_ms: 0,
            context_tokens: self.workers.context_tokens.min(trained.max(256)),
            template: TemplateSource::parse(&file.template_source),
            process_id: None,
        };
        let model_file =
            ModelFile { path: file.path.clone(), size_bytes, modified_at: file.modified_at };
        let (id, faults) = (model.id, self.faults.clone());
        let witness = Arc::new(move |fault| {
            // Nobody hears it when the app is closing.
            let _ = faults.send((id, fault));
        });
        let (name, template) = (model.name.clone(), file.chat_template.clone());
        let workers = self.workers.clone();
        OnDemand::new(&self.shelf, size_bytes, expected, move || {
            let (file, witness) = (model_file.clone(), Arc::clone(&witness));
            Arc::new(LocalWorker::witnessed(&name, file, template.clone(), &workers, witness))
        })
    }
}
