//! Keeps the site's report at most a minute behind its votes.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::watch;

use super::document::Report;
use super::own::{Estimated, OwnModel, OwnVotes};
use super::sources::Sources;
use super::{Current, build};
use crate::ranking::{Boards, Published};

/// Shortest time between two reports: each costs about a second of one core.
const AT_MOST_EVERY: Duration = Duration::from_secs(60);

/// The site's votes as the report sees them.
pub fn own_votes(published: &Published) -> OwnVotes {
    let model = |model: &crate::pool::Model| OwnModel {
        name: model.name.clone(),
        maker: model.maker.clone(),
        country: model.country.clone(),
        licence: model.licence.clone(),
        parameter_count: model.parameter_count().and_then(|count| u64::try_from(count).ok()),
        operator: model.endpoint().map(|endpoint| endpoint.operator.to_string()),
    };
    let day = |at: OffsetDateTime| at.to_offset(time::UtcOffset::UTC).date().to_string();
    OwnVotes {
        models: published.models.iter().map(model).collect(),
        counts: published.counts.clone(),
        estimated: published.rated.as_ref().map(|rated| Estimated {
            fit: rated.fit.clone(),
            covariance: rated.covariance.clone(),
            dependence: published.basis.dependence.in_words().to_owned(),
        }),
        period: published.period.map(|(first, last)| (day(first), day(last))),
    }
}

/// Returns the report that pages read, and the task that computes it: once at start, and again when votes have come.
pub fn follow_boards(boards: Boards) -> (Current, impl Future<Output = ()> + Send) {
    let (publish, current) = watch::channel(None);
    (Current(current), keep_fresh(boards, publish))
}

async fn keep_fresh(mut boards: Boards, publish: watch::Sender<Option<Arc<Report>>>) {
    let mut votes = None;
    loop {
        let published = boards.current();
        if votes != Some(published.board.votes) {
            let own = own_votes(&published);
            let made = tokio::task::spawn_blocking(move || build(&Sources::shipped(), Some(&own)));
            match made.await {
                Ok(Ok(report)) => drop(publish.send_replace(Some(Arc::new(report)))),
                Ok(Err(error)) => tracing::error!("the report stays as it was: {error}"),
                Err(_) => return,
            }
            votes = Some(published.board.votes);
        }
        tokio::time::sleep(AT_MOST_EVERY).await;
        while votes == Some(boards.current().board.votes) {
            if !boards.changed().await {
                return;
            }
        }
    }
}
