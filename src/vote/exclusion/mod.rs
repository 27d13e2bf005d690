//! Excluding votes from the rankings, and taking that back: decisions of the operator, each with a rule in words
//! and a leaf in the journal. Nothing is removed.

pub mod queries;

use arena_core::ids::{BattleId, Sides};
use arena_core::journal::leaf::{Leaf, Ruling};
use sqlx::PgPool;

use crate::journal::{Journal, JournalError};

/// Why votes were not excluded or included.
#[derive(Debug, thiserror::Error)]
pub enum ExclusionError {
    /// No vote has this leaf.
    #[error("entry {0} of the log is no vote; nothing was changed")]
    NoVote(u64),
    /// It is excluded already.
    #[error("vote {0} is excluded already; nothing was changed")]
    Excluded(u64),
    /// It is not excluded.
    #[error("vote {0} is not excluded; nothing was changed")]
    NotExcluded(u64),
    /// A decision needs a rule.
    #[error("a rule has 1 to 200 characters and says in words why; nothing was changed")]
    Rule,
    /// The decision could not be recorded.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database failed.
    #[error("the votes could not be read or changed")]
    Store(#[from] sqlx::Error),
}

/// A vote that is to be decided on.
pub(super) struct Subject {
    pub(super) leaf: i64,
    pub(super) battle: BattleId,
    pub(super) models: Sides<arena_core::ids::ModelId>,
    pub(super) verdict: arena_core::verdict::Verdict,
    pub(super) apart: bool,
    pub(super) excluded: bool,
}

/// Excludes votes, named by the indices of their leaves; all or none of them.
pub async fn exclude(
    db: &PgPool,
    journal: &Journal,
    leaves: &[u64],
    rule: &str,
) -> Result<(), ExclusionError> {
    decide(db, journal, leaves, rule, true).await
}

/// Lets excluded votes count again; all or none of them.
pub async fn include(
    db: &PgPool,
    journal: &Journal,
    leaves: &[u64],
    rule: &str,
) -> Result<(), ExclusionError> {
    decide(db, journal, leaves, rule, false).await
}

async fn decide(
    db: &PgPool,
    journal: &Journal,
    leaves: &[u64],
    rule: &str,
    out: bool,
) -> Result<(), ExclusionError> {
    let rule = rule.trim();
    if !(1..=200).contains(&rule.len()) {
        return Err(ExclusionError::Rule);
    }
    let mut leaves = leaves.to_vec();
    leaves.sort_unstable();
    leaves.dedup();
    let mut tx = db.begin().await?;
    let mut subjects = Vec::new();
    for leaf in leaves {
        let place = i64::try_from(leaf).map_err(|_| ExclusionError::NoVote(leaf))?;
        let subject = queries::find_subject(&mut tx, place).await?;
        let subject = subject.ok_or(ExclusionError::NoVote(leaf))?;
        match (subject.excluded, out) {
            (true, true) => return Err(ExclusionError::Excluded(leaf)),
            (false, false) => return Err(ExclusionError::NotExcluded(leaf)),
            _ => subjects.push(subject),
        }
    }
    // Counts are changed under the lock of the log, as votes change them: in one order, nobody waits for ever.
    let mut writer = journal.lock(&mut tx).await?;
    for subject in subjects.iter().filter(|subject| !subject.apart) {
        if out {
            queries::count_down(&mut tx, subject.models, subject.verdict).await?;
        } else {
            queries::count_up(&mut tx, subject.models, subject.verdict).await?;
        }
        queries::count_questions(&mut tx, subject.battle, if out { -1 } else { 1 }).await?;
    }
    let mut counted = 0;
    for subject in &subjects {
        let ruling =
            Ruling { i: u64::try_from(subject.leaf).unwrap_or(0), rule: rule.to_owned(), t: 0 };
        let leaf = if out { Leaf::Exclude(ruling) } else { Leaf::Include(ruling) };
        let entry = writer.add(leaf)?;
        let index = entry.row()?;
        if out {
            queries::insert(&mut tx, subject, index, rule).await?;
        } else {
            let leaf = u64::try_from(subject.leaf).unwrap_or(0);
            if !queries::delete(&mut tx, subject.battle).await? {
                return Err(ExclusionError::NotExcluded(leaf));
            }
            queries::insert_inclusion(&mut tx, subject.leaf, index, rule).await?;
        }
        counted += i64::from(!subject.apart);
    }
    writer.write(&mut tx).await?;
    queries::note_decisions(&mut tx, if out { counted } else { -counted }).await?;
    Ok(tx.commit().await?)
}
