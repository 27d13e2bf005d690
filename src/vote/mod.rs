//! Votes: one a battle, kept by the database, in an order without gaps, each with its leaf in the journal.

pub mod exclusion;
pub mod handlers;
pub mod queries;

use arena_core::ids::{BattleId, VoterId};
use arena_core::journal::leaf::{self, Flag, Leaf};
use arena_core::tier::Tier;
use arena_core::verdict::Verdict;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::account;
use crate::battle::commitments::{self, Committed};
use crate::battle::{self, Battle, BattleError, State};
use crate::journal::receipt::{self, Receipt};
use crate::journal::{Journal, JournalError, Prepared};
use queries::Ballot;

/// Name of the Postgres channel on which a new vote is announced.
pub const CHANNEL: &str = "votes";
/// Sooner than this after the answers were complete, a vote is noted as hasty.
const SHORTEST_DWELL_SECONDS: f64 = 3.0;
/// Nobody reads faster than so many characters a second, counted from the opening of the battle.
const FASTEST_READING: f64 = 1500.0;

/// Why a vote was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum VoteError {
    /// Missing, or somebody else's battle.
    #[error("battle {0} is unknown")]
    UnknownBattle(BattleId),
    /// The answers are not complete.
    #[error("both answers must be complete before the vote; nothing was recorded")]
    StillAnswering,
    /// The battle has a vote already, with another verdict.
    #[error("this battle has its vote already; the first one stands")]
    AlreadyDecided,
    /// The battle was skipped or voided.
    #[error("this battle was closed without a vote; please open another one")]
    Closed,
    /// The vote could not be written into the journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database failed.
    #[error("recording the vote failed")]
    Store(#[from] sqlx::Error),
}

/// Why a vote is counted apart.
#[derive(Clone, Copy, Debug)]
struct Noted {
    /// An answer said who wrote it.
    leaked: bool,
    /// As many votes as count in a month were on the same question.
    repeated: bool,
}

/// What a vote opens, and how its leaf is appended.
#[derive(Clone, Copy)]
enum Opened<'a> {
    /// A battle from before the journal has no commitment, and its vote no leaf.
    Nothing,
    /// The commitment, with the leaf that is appended by the statement that records the vote.
    Appends(&'a Prepared, &'a Committed),
    /// The commitment, with the index of the leaf, which was appended before.
    Appended(i64, &'a Committed),
}

/// Records one vote, or explains why not. Checks, insert and leaf share one transaction.
///
/// **Output** the receipt; none for a battle from before the journal. The same verdict sent again is answered as
/// the first time: a lost reply costs nobody a vote.
pub async fn cast(
    db: &PgPool,
    journal: &Journal,
    voter: VoterId,
    id: BattleId,
    verdict: Verdict,
) -> Result<Option<Receipt>, VoteError> {
    let mut tx = db.begin().await?;
    let battle = match battle::find(&mut tx, voter, id).await {
        Ok(battle) => battle,
        Err(BattleError::Store(error)) => return Err(VoteError::Store(error)),
        Err(_) => return Err(VoteError::UnknownBattle(id)),
    };
    match battle.state {
        State::Running | State::Failed => return Err(VoteError::StillAnswering),
        State::Skipped | State::Void => return Err(VoteError::Closed),
        State::Complete | State::Voted => {}
    }
    let turns = i64::try_from(battle.turns.len()).unwrap_or(i64::MAX);
    let Some(leaked) = battle::repeats::queries::close_voted(&mut tx, id, turns).await? else {
        // Somebody was faster, perhaps this very request sent twice.
        return match queries::find_verdict(&mut tx, id).await? {
            Some(first) if first == verdict => receipt(&mut tx, journal, id).await,
            Some(_) => Err(VoteError::AlreadyDecided),
            None => Err(why_open(&mut tx, voter, id).await),
        };
    };
    let tier = account::tier_of(&mut tx, voter).await?;
    let ballot = queries::find_ballot(&mut tx, &battle, OffsetDateTime::now_utc()).await?;
    let repeated = i64::from(ballot.same) >= battle::repeats::COUNTED_A_MONTH;
    let noted = Noted { leaked, repeated };
    let written = match &ballot.commitment {
        Some(commitment) => {
            let parts = commitment.parts();
            let (leaf, committed) =
                leaf(&mut tx, (&battle, tier), (verdict, noted), &ballot, parts).await?;
            let known = (tier, ballot.month.as_str());
            let vote = (&battle, known, verdict, noted);
            Some(record(&mut tx, journal, vote, leaf, &committed).await?)
        }
        None => {
            let known = (tier, ballot.month.as_str());
            queries::insert(&mut tx, &battle, known, verdict, noted, Opened::Nothing).await?;
            None
        }
    };
    tx.commit().await?;
    // Only what is committed is promised.
    let promised = written.map(|(index, body)| receipt::promise(journal, index, body));
    Ok(promised.transpose()?)
}

/// Why a battle that was complete a moment ago was not closed by a vote.
async fn why_open(db: &mut PgConnection, voter: VoterId, id: BattleId) -> VoteError {
    match battle::find(db, voter, id).await {
        Ok(battle) if !matches!(battle.state, State::Skipped | State::Void) => {
            VoteError::StillAnswering
        }
        _ => VoteError::Closed,
    }
}

/// Records a vote with its leaf. The log is locked last, and for a short time: by the statement that records all, or, while
/// the clock is behind the log, by hand.
///
/// **Output** index and bytes of the leaf.
async fn record(
    db: &mut PgConnection,
    journal: &Journal,
    (battle, known, verdict, noted): (&Battle, (Tier, &str), Verdict, Noted),
    leaf: Leaf,
    committed: &Committed,
) -> Result<(u64, Vec<u8>), VoteError> {
    journal.admit()?;
    let prepared = Prepared::of(leaf.clone())?;
    let opened = Opened::Appends(&prepared, committed);
    let recorded = queries::insert(db, battle, known, verdict, noted, opened).await?;
    if let Some(Some(index)) = recorded {
        let index = u64::try_from(index).unwrap_or(0);
        journal.watch(db, index).await?;
        return Ok((index, prepared.body));
    }
    let mut writer = journal.lock(db).await?;
    let entry = writer.add(leaf)?;
    let body = writer.last_body();
    writer.write(db).await?;
    let opened = Opened::Appended(entry.row()?, committed);
    queries::insert(db, battle, known, verdict, noted, opened).await?;
    Ok((entry.index, body))
}

/// The receipt of a battle that has its vote.
pub async fn receipt(
    db: &mut PgConnection,
    journal: &Journal,
    id: BattleId,
) -> Result<Option<Receipt>, VoteError> {
    if queries::find_verdict(db, id).await?.is_none() {
        return Ok(None);
    }
    let commitment = commitments::queries::find(db, id).await?;
    match commitment.and_then(|commitment| commitment.closed_index) {
        Some(index) => Ok(Some(receipt::of(db, journal, index).await?)),
        None => Ok(None),
    }
}

/// The leaf of a vote: it opens the battle's commitment and commits to what was said.
async fn leaf(
    db: &mut PgConnection,
    (battle, tier): (&Battle, Tier),
    (verdict, noted): (Verdict, Noted),
    ballot: &Ballot,
    (a, n, rev): (u64, String, String),
) -> Result<(Leaf, Committed), VoteError> {
    let pseudonym = match &ballot.pseudonym {
        Some(pseudonym) => pseudonym.clone(),
        None => queries::find_or_make_pseudonym(db, battle.voter, &ballot.month).await?,
    };
    let committed = commitments::commit_texts(battle)?;
    let now = OffsetDateTime::now_utc();
    let leaf = Leaf::Vote(Box::new(leaf::Vote {
        b: battle.id,
        a,
        o: verdict.into(),
        n,
        rev,
        c: committed.contents.clone(),
        f: flags(noted, battle, ballot, now),
        g: tier,
        w: hex::encode(pseudonym),
        q: ballot.question.clone(),
        t: 0,
    }));
    Ok((leaf, committed))
}

/// What is noted of a vote before the reveal.
fn flags(noted: Noted, battle: &Battle, ballot: &Ballot, now: OffsetDateTime) -> Vec<Flag> {
    let mut flags = Vec::new();
    if noted.leaked {
        flags.push(Flag::Leak);
    }
    let since = |moment: OffsetDateTime| (now - moment).as_seconds_f64();
    let reading = ballot.chars as f64 / FASTEST_READING;
    let hasty = ballot.ended_at.is_some_and(|ended| since(ended) < SHORTEST_DWELL_SECONDS);
    if hasty || since(battle.opened_at) < reading {
        flags.push(Flag::Dwell);
    }
    if noted.repeated {
        flags.push(Flag::Repeat);
    }
    flags
}
