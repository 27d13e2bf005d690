//! `doubleblind snapshot`: publishes the board as it is now for good.

use super::store;
use super::{Outcome, say};
use crate::config::Settings;
use crate::snapshot::{self, Reader};

pub(super) async fn run(settings: Settings) -> Outcome {
    let store = store::open(&settings).await?;
    let journal = store.journal(&settings).await?;
    let digests = snapshot::take(&store.pool, &journal, &Reader::default()).await?;
    journal.sign(&store.pool).await?;
    for digest in digests {
        say(&format!("/snapshots/{digest}"));
    }
    store.close().await
}
