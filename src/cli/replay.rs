//! `doubleblind replay`: writes an answer again and says whether it is the same.

use clap::Args;

use super::store;
use super::{Outcome, say};
use crate::battle::replay::{self, AnswerId, Comparison, Recorded};
use crate::config::{Settings, Workers};
use crate::inference::{LocalWorker, ModelFile};
use crate::pool::{self, GgufFile, Model};

/// Which answer.
#[derive(Args)]
pub(super) struct Arguments {
    /// BATTLE/TURN/SIDE, such as 6f1c…/0/left; add /ATTEMPT where there were several
    answer: AnswerId,
}

pub(super) async fn run(settings: Settings, arguments: Arguments) -> Outcome {
    let store = store::open(&settings).await?;
    let found = find(&store.pool, arguments.answer).await;
    store.close().await?;
    let (recorded, model) = found?;
    say(&format!("answer {} by {}", arguments.answer, model.name));
    let file = model.file().ok_or("what an endpoint has answered cannot be repeated here")?;
    let worker = start(&settings.workers, &recorded, &model.name, file);
    worker.wait_ready().await?;
    let comparison = replay::repeat(&worker, &recorded).await?;
    tell(&comparison);
    match comparison.differs_at {
        None => Ok(()),
        Some(_) => Err("the repetition is not the same as the answer".into()),
    }
}

async fn find(
    db: &sqlx::PgPool,
    id: AnswerId,
) -> Result<(Recorded, Model), Box<dyn std::error::Error + Send + Sync>> {
    let mut db = db.acquire().await?;
    let recorded = replay::find(&mut db, id).await?;
    let models = pool::queries::list_all(&mut db).await?;
    let model = models.into_iter().find(|model| model.id == recorded.model);
    Ok((recorded, model.ok_or("the model of this answer is unknown")?))
}

/// A worker alone, with the places and the context that the answer had.
fn start(workers: &Workers, recorded: &Recorded, name: &str, gguf: &GgufFile) -> LocalWorker {
    let workers = Workers {
        context_tokens: recorded.context_tokens.unwrap_or(workers.context_tokens),
        sequences: recorded.sequences.unwrap_or(workers.sequences),
        ..workers.clone()
    };
    let file = ModelFile {
        path: gguf.path.clone(),
        size_bytes: u64::try_from(gguf.size_bytes).unwrap_or(0),
        modified_at: gguf.modified_at,
    };
    LocalWorker::start(name, file, gguf.chat_template.clone(), &workers)
}

fn tell(comparison: &Comparison) {
    match &comparison.differs_at {
        None => say(&format!("equal: all {} characters", comparison.chars)),
        Some((at, then, now)) => {
            say(&format!("differs at character {at} of {}", comparison.chars));
            say(&format!("  then: {then:?}"));
            say(&format!("  now:  {now:?}"));
        }
    }
    for (name, then, now) in &comparison.differences {
        say(&format!("{name}: then {then}; now {now}"));
    }
    if let Some(reservation) = comparison.reservation {
        say(&format!("equality is not promised: {reservation}"));
    }
}
