//! SQL of votes and their counts.

use arena_core::ids::{BattleId, ModelId, Sides, VoterId};
use arena_core::ranking::StyleCounts;
use arena_core::tier::Tier;
use arena_core::verdict::Verdict;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Noted, Opened};
use crate::battle::Battle;
use crate::battle::commitments::{Commitment, Committed};

/// How many votes one ordered pair has with one verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Who answered where.
    pub models: Sides<ModelId>,
    /// The choice.
    pub verdict: Verdict,
    /// How many.
    pub votes: i64,
}

/// One recorded vote, with what ratings need to know of its battle.
#[derive(Clone, Debug, PartialEq)]
pub struct Vote {
    /// Place in the order of votes, from 0.
    pub index: i64,
    /// Who answered where.
    pub models: Sides<ModelId>,
    /// The choice.
    pub verdict: Verdict,
    /// When it was recorded.
    pub cast_at: OffsetDateTime,
    /// Who voted.
    pub voter: VoterId,
    /// Question of an evaluation set; none for the voter's own.
    pub question: Option<i64>,
    /// ISO 639 code of the question's language.
    pub language: Option<String>,
    /// Probability of the ordered pair when it was drawn.
    pub p_draw: f64,
    /// Form of the answers, with length in characters.
    pub style: Option<Sides<StyleCounts>>,
    /// Whether it is counted apart: an answer said who wrote it, or its question had been asked too often.
    pub apart: bool,
    /// Whether the operator has excluded it, by a rule in the log.
    pub excluded: bool,
    /// How well the voter was known.
    pub tier: Tier,
}

pub(super) fn verdict_of(word: &str) -> sqlx::Result<Verdict> {
    word.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Appends the leaf of the vote and with it, in one statement since the log waits: takes the next index under the lock of
/// the total, records and counts the vote, notes that its leaf opened the battle's commitment, keeps the salts of its
/// texts, and announces it.
///
/// **Output** whether that was done, with the index of the leaf; if not, the leaf could not be appended and nothing was done.
pub(super) async fn insert(
    db: &mut PgConnection,
    battle: &Battle,
    (tier, month): (Tier, &str),
    verdict: Verdict,
    Noted { leaked, repeated }: Noted,
    opened: Opened<'_>,
) -> sqlx::Result<Option<Option<i64>>> {
    let (index, leaf, committed) = match opened {
        Opened::Nothing => (None, None, None),
        Opened::Appends(leaf, committed) => (None, Some(leaf), Some(committed)),
        Opened::Appended(index, committed) => (Some(index), None, Some(committed)),
    };
    let (parts, salts) = committed.map(Committed::salts).unwrap_or_default();
    sqlx::query_scalar!(
        "with leaf as materialized (
             select coalesce($7, append_leaf($10, $11)) as index
         ), ready as materialized (
             select index from leaf where $12::boolean or index is not null
         ), total as (
             update vote_total set votes = votes + 1, apart = apart + $4::boolean::integer
             from ready returning votes
         ), inserted as (
             insert into votes (vote_index, battle_id, voter_id, verdict, tier, repeated)
             select votes - 1, $1, $2, $3, $5, $6 from total returning vote_index
         ), counted as (
             insert into vote_counts (left_model_id, right_model_id, verdict, votes)
             select $13, $14, $3, 1 from ready where not $4::boolean
             on conflict (left_model_id, right_model_id, verdict)
             do update set votes = vote_counts.votes + 1
         ), asked as (
             insert into question_counts (question_hash, month, counted)
             select distinct hash, $15, 1 from ready, battles, unnest(question_hashes) as hash
             where battle_id = $1 and not $4::boolean
             on conflict (question_hash) do update set counted = question_counts.counted + 1
         ), opened as (
             update commitments set closed_index = ready.index from ready
             where battle_id = $1 and ready.index is not null
         ), salted as (
             insert into salts (battle_id, part, salt)
             select $1, part, salt from ready, unnest($8::text[], $9::bytea[]) as pair (part, salt)
         ), told as (
             select pg_notify('votes', '') from inserted
         )
         select index from ready, told",
        battle.id.0,
        battle.voter.0,
        verdict.as_str(),
        leaked || repeated,
        tier.as_str(),
        repeated,
        index,
        parts,
        salts,
        leaf.map(|leaf| leaf.body.as_slice()),
        leaf.map(|leaf| leaf.time),
        committed.is_none(),
        battle.models.left.0,
        battle.models.right.0,
        month,
    )
    .fetch_optional(db)
    .await
}

/// What a vote needs to know of its battle.
pub(super) struct Ballot {
    /// The committed pairing; none from before the journal.
    pub(super) commitment: Option<Commitment>,
    /// When the last answer was complete.
    pub(super) ended_at: Option<OffsetDateTime>,
    /// Characters of all answers.
    pub(super) chars: i64,
    /// Question of an evaluation set, `set/version/key`.
    pub(super) question: Option<String>,
    /// The month of the log's time, of which pseudonyms are.
    pub(super) month: String,
    /// The voter's name of the month in the journal, if there is one.
    pub(super) pseudonym: Option<Vec<u8>>,
    /// Votes that count on one of its questions, the one that has most.
    pub(super) same: i32,
}

/// A battle as its vote needs it, in time that does not grow with the table. The log goes by `now`, or by the time of its last leaf while the clock is behind that.
pub(super) async fn find_ballot(
    db: &mut PgConnection,
    battle: &Battle,
    now: OffsetDateTime,
) -> sqlx::Result<Ballot> {
    let row = sqlx::query!(
        r#"with log as (
             select to_char(greatest($2, to_timestamp(last_time)) at time zone 'UTC', 'YYYY-MM') as month
             from log_state
           )
           select assign_index as "assign_index?", commitment as "commitment?", opening as "opening?",
             reveal as "reveal?", closed_index, log.month as "month!",
             coalesce(left_chars + right_chars, 0) as "chars!",
             (select max(ended_at) from answers where answers.battle_id = b.battle_id) as ended_at,
             (select set_id || '/' || set_version || '/' || question_key
              from questions q where q.question_id = b.question_id) as question,
             (select pseudonym from pseudonyms p where p.voter_id = $3 and p.month = log.month),
             (select coalesce(max(counted), 0) from question_counts
              where question_hash = any(b.question_hashes)) as "same!"
           from log, battles b left join commitments c using (battle_id) where b.battle_id = $1"#,
        battle.id.0,
        now,
        battle.voter.0
    )
    .fetch_one(db)
    .await?;
    let commitment = row.assign_index.zip(row.commitment).zip(row.opening.zip(row.reveal));
    Ok(Ballot {
        commitment: commitment.map(|((assign_index, commitment), (opening, reveal))| Commitment {
            assign_index,
            commitment,
            opening,
            reveal,
            closed_index: row.closed_index,
        }),
        ended_at: row.ended_at,
        chars: row.chars,
        question: row.question,
        month: row.month,
        pseudonym: row.pseudonym,
        same: row.same,
    })
}

/// The name under which the journal has a voter's votes of a month; random, made at the first one.
pub(super) async fn find_or_make_pseudonym(
    db: &mut PgConnection,
    voter: VoterId,
    month: &str,
) -> sqlx::Result<Vec<u8>> {
    // Two votes at once make one name: the second insert waits, does nothing, and the row is read again.
    loop {
        let found = sqlx::query_scalar!(
            "select pseudonym from pseudonyms where voter_id = $1 and month = $2",
            voter.0,
            month
        )
        .fetch_optional(&mut *db)
        .await?;
        if let Some(pseudonym) = found {
            return Ok(pseudonym);
        }
        sqlx::query!(
            "insert into pseudonyms (voter_id, month, pseudonym) values ($1, $2, $3)
             on conflict (voter_id, month) do nothing",
            voter.0,
            month,
            &rand::random::<[u8; 16]>()
        )
        .execute(&mut *db)
        .await?;
    }
}

/// The verdict on a battle.
pub async fn find_verdict(
    db: &mut PgConnection,
    battle: BattleId,
) -> sqlx::Result<Option<Verdict>> {
    let word = sqlx::query_scalar!("select verdict from votes where battle_id = $1", battle.0)
        .fetch_optional(db)
        .await?;
    word.map(|word| verdict_of(&word)).transpose()
}

/// Whether the vote on a battle is counted apart because its question had been asked too often.
pub async fn is_repeated(db: &mut PgConnection, battle: BattleId) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!("select repeated from votes where battle_id = $1", battle.0);
    Ok(found.fetch_optional(db).await?.unwrap_or(false))
}

/// All cells of the count table.
pub async fn list_cells(db: &mut PgConnection) -> sqlx::Result<Vec<Cell>> {
    let rows =
        sqlx::query!("select left_model_id, right_model_id, verdict, votes from vote_counts")
            .fetch_all(db)
            .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Cell {
                models: Sides {
                    left: ModelId(row.left_model_id),
                    right: ModelId(row.right_model_id),
                },
                verdict: verdict_of(&row.verdict)?,
                votes: row.votes,
            })
        })
        .collect()
}

/// Votes that count and are not excluded, from an index on, in order, at most `limit`.
pub async fn list_from(
    db: &mut PgConnection,
    first_index: i64,
    limit: i64,
) -> sqlx::Result<Vec<Vote>> {
    list(db, first_index, limit, false).await
}

/// As [`list_from`], with the votes that are counted apart and those that are excluded.
pub async fn list_all_from(
    db: &mut PgConnection,
    first_index: i64,
    limit: i64,
) -> sqlx::Result<Vec<Vote>> {
    list(db, first_index, limit, true).await
}

async fn list(
    db: &mut PgConnection,
    first_index: i64,
    limit: i64,
    all: bool,
) -> sqlx::Result<Vec<Vote>> {
    let rows = sqlx::query!(
        "select vote_index, left_model_id, right_model_id, verdict, cast_at, votes.voter_id,
             question_id, language, p_draw, left_chars, left_headers, left_lists, left_bold,
             right_chars, right_headers, right_lists, right_bold,
             leaked or repeated as \"apart!\", tier, e.battle_id is not null as \"excluded!\"
         from votes join battles using (battle_id) left join exclusions e using (battle_id)
         where vote_index >= $1 and ($3 or not (leaked or repeated) and e.battle_id is null)
         order by vote_index limit $2",
        first_index,
        limit,
        all
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let left = style([row.left_chars, row.left_headers, row.left_lists, row.left_bold]);
            let right =
                style([row.right_chars, row.right_headers, row.right_lists, row.right_bold]);
            Ok(Vote {
                index: row.vote_index,
                models: Sides {
                    left: ModelId(row.left_model_id),
                    right: ModelId(row.right_model_id),
                },
                verdict: verdict_of(&row.verdict)?,
                cast_at: row.cast_at,
                voter: VoterId(row.voter_id),
                question: row.question_id,
                language: row.language,
                p_draw: row.p_draw,
                style: left.zip(right).map(|(left, right)| Sides { left, right }),
                apart: row.apart,
                excluded: row.excluded,
                tier: row.tier.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            })
        })
        .collect()
}

fn style(counts: [Option<i64>; 4]) -> Option<StyleCounts> {
    let count = |at: usize| Some(u32::try_from(counts[at]?).unwrap_or(u32::MAX));
    Some(StyleCounts { tokens: count(0)?, headers: count(1)?, lists: count(2)?, bold: count(3)? })
}

/// How many votes there are.
pub async fn count(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select votes from vote_total").fetch_one(db).await
}

/// When the first and the last vote was cast.
pub async fn find_period(
    db: &mut PgConnection,
) -> sqlx::Result<Option<(OffsetDateTime, OffsetDateTime)>> {
    let row = sqlx::query!(
        "select (select cast_at from votes order by vote_index limit 1) as first_at,
                (select cast_at from votes order by vote_index desc limit 1) as last_at"
    )
    .fetch_one(db)
    .await?;
    Ok(row.first_at.zip(row.last_at))
}
