//! A battle: the pair is drawn and written down, both models answer, the voter may ask on.
//!
//! The vote itself is not here but in `vote`; who was who is shown by `leaderboard`.

pub mod commitments;
mod conversation;
mod draft;
pub mod erasure;
mod error;
pub mod handlers;
pub mod job;
pub mod leaks;
mod limits;
mod live;
mod opening;
pub mod pages;
pub mod queries;
mod queue;
mod recording;
pub mod repeats;
pub mod replay;
mod round;
pub mod sets;
pub mod stored;
mod stream;

#[cfg(test)]
mod tests;

use arena_core::ids::{BattleId, ModelId, Side, Sides, VoterId};
use arena_core::journal::leaf::Why;
use arena_core::sampling::Sampling;
use rand::TryRng;
use rand::rngs::SysRng;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::config::Answering;
use crate::inference::{Engines, Job};
use crate::journal::Journal;
use crate::kit::language::Languages;
use crate::pool::{self, Policy};

pub use error::BattleError;
pub use limits::{Limits, MAX_PROMPT_CHARS};
pub use live::{Hub, Peek, UNWATCHED_LIMIT};
pub use queue::Refusal;

use limits::{accepted, check_room};
use stored::{Script, Stored};

/// Of a further question, or another attempt, there is no stored answer.
const NONE_STORED: Sides<Option<Stored>> = Sides { left: None, right: None };

/// Most turns of one battle.
pub const MAX_TURNS: usize = 5;

/// Where a battle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Answers are being written.
    Running,
    /// Both answers are complete; the voter may vote, ask on or skip.
    Complete,
    /// The pair could not be completed; the voter may retry or skip.
    Failed,
    /// The voter has decided.
    Voted,
    /// The voter has passed over it.
    Skipped,
    /// It ended without a decision.
    Void,
}

impl State {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "running" => Self::Running,
            "complete" => Self::Complete,
            "failed" => Self::Failed,
            "voted" => Self::Voted,
            "skipped" => Self::Skipped,
            "void" => Self::Void,
            _ => return None,
        })
    }
}

/// One battle with everything that was said.
#[derive(Clone, Debug)]
pub struct Battle {
    /// The address of the page.
    pub id: BattleId,
    /// Who opened it.
    pub voter: VoterId,
    /// Who answers where.
    pub models: Sides<ModelId>,
    /// Probability of this ordered pair when it was drawn.
    pub p_draw: f64,
    /// Question of an evaluation set.
    pub question: Option<i64>,
    /// Where it stands.
    pub state: State,
    /// When the pair was drawn.
    pub opened_at: OffsetDateTime,
    /// Whether an answer said who wrote it.
    pub leaked: bool,
    /// What was said, oldest first, never empty.
    pub turns: Vec<Turn>,
}

/// One question with the latest attempt at both answers.
#[derive(Clone, Debug)]
pub struct Turn {
    /// From 0.
    pub turn: i16,
    /// What the voter asked.
    pub prompt: String,
    /// From 0; counts up with every retry.
    pub attempt: i16,
    /// The two answers.
    pub answers: Sides<Option<Answer>>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The text, once it is complete.
    pub body: Option<String>,
    /// Why it ended: stop or length.
    pub finish: Option<String>,
    /// Seed of the sampler.
    pub seed: u32,
    /// Sampling settings.
    pub sampling: Sampling,
    /// Name and versions of what ran the model.
    pub engine: Option<String>,
    /// Tokens of the rendered conversation.
    pub prompt_tokens: Option<i32>,
    /// Tokens of the answer.
    pub answer_tokens: Option<i32>,
    /// Work until the first token, in milliseconds.
    pub first_token_ms: Option<i64>,
    /// Work until the end, in milliseconds.
    pub total_ms: Option<i64>,
}

/// Why a voter passes over a battle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The voter does not know the subject.
    NotMyField,
    /// The content should not be judged.
    Unsafe,
    /// The page or an answer is broken.
    Broken,
    /// The voter cannot decide.
    CannotDecide,
    /// Anything else.
    Other,
}

impl SkipReason {
    /// The word in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotMyField => "not_my_field",
            Self::Unsafe => "unsafe",
            Self::Broken => "broken",
            Self::CannotDecide => "cannot_decide",
            Self::Other => "other",
        }
    }
}

/// What opening and continuing battles needs.
#[derive(Clone)]
pub struct Ring {
    /// The database.
    pub db: PgPool,
    /// The models' engines.
    pub engines: Engines,
    /// The battles in progress.
    pub hub: Hub,
    /// How answers are made.
    pub answering: Answering,
    /// How many battles may be in progress.
    pub limits: Limits,
    /// Where battles are recorded.
    pub journal: Journal,
    /// Number of this process, under which it holds an advisory lock.
    pub host: i64,
    /// Which pairs are drawn how often.
    pub policy: Policy,
    /// The languages that questions are told apart by.
    pub languages: Languages,
}

/// Draws a pair, commits to it in the journal, and only then starts both answers.
///
/// The nonce is the voter's part in the draw: 16 random bytes of the browser, or none.
pub async fn open(
    ring: &Ring,
    voter: VoterId,
    prompt: &str,
    nonce: &[u8],
) -> Result<BattleId, BattleError> {
    let prompt = accepted(prompt)?;
    opening::start(ring, voter, (&prompt, None), nonce).await
}

/// As [`open`], with the first turn of a question of an evaluation set.
pub async fn open_question(
    ring: &Ring,
    voter: VoterId,
    question: i64,
    nonce: &[u8],
) -> Result<BattleId, BattleError> {
    let mut db = ring.db.acquire().await?;
    let turns = sets::queries::find_question_turns(&mut db, question).await?;
    drop(db);
    let first = turns.first().ok_or(BattleError::UnknownQuestion)?;
    opening::start(ring, voter, (first, Some(question)), nonce).await
}

/// Asks both models another question after their own answers.
pub async fn ask_on(
    ring: &Ring,
    voter: VoterId,
    id: BattleId,
    prompt: &str,
) -> Result<(), BattleError> {
    let prompt = accepted(prompt)?;
    let mut tx = ring.db.begin().await?;
    // The row is taken first: what is read after it cannot change any more.
    let restarted = queries::restart(&mut tx, id, State::Complete).await?;
    let battle = find(&mut tx, voter, id).await?;
    if battle.turns.len() >= MAX_TURNS {
        return Err(BattleError::NotNow("this battle has had all its turns; please decide"));
    }
    if !restarted {
        return Err(BattleError::NotNow(
            "a further question is possible once both answers are complete, and before the vote",
        ));
    }
    if !can_answer(ring, battle.models) {
        return Err(BattleError::NotNow(
            "this pair cannot be asked again; nothing is lost, so please decide",
        ));
    }
    check_room(ring, &battle.turns, &prompt)?;
    let ticket = ring.hub.join(voter, ring.limits)?;
    let turn = i16::try_from(battle.turns.len()).unwrap_or(i16::MAX);
    queries::insert_turn(&mut tx, id, turn, &prompt).await?;
    repeats::note(&mut tx, id, &prompt).await?;
    let seeds = begin_answers(&mut tx, ring, id, (turn, 0), battle.models).await?;
    tx.commit().await?;
    let scripts = Script::of(jobs(ring, id, &battle.turns, &prompt, seeds), NONE_STORED);
    ring.hub.start(ring, (id, (turn, 0)), battle.models, scripts, ticket);
    Ok(())
}

/// Has the same pair answer the same question again after a failure.
pub async fn retry(ring: &Ring, voter: VoterId, id: BattleId) -> Result<(), BattleError> {
    let mut tx = ring.db.begin().await?;
    let restarted = queries::restart(&mut tx, id, State::Failed).await?;
    let battle = find(&mut tx, voter, id).await?;
    let Some((last, before)) = battle.turns.split_last() else {
        return Err(BattleError::Unknown(id));
    };
    if !restarted {
        return Err(BattleError::NotNow("only a pair that could not be completed can be retried"));
    }
    // Whoever compares the end of a battle with the list of quarantines may know one of the two.
    let models = [battle.models.left, battle.models.right];
    if !can_answer(ring, battle.models)
        || pool::queries::any_quarantined_since(&mut tx, models, battle.opened_at).await?
    {
        return Err(BattleError::NotNow(
            "this pair cannot be asked again; nothing is lost, so please start another battle",
        ));
    }
    let ticket = ring.hub.join(voter, ring.limits)?;
    let round = (last.turn, last.attempt + 1);
    let seeds = begin_answers(&mut tx, ring, id, round, battle.models).await?;
    tx.commit().await?;
    let scripts = Script::of(jobs(ring, id, before, &last.prompt, seeds), NONE_STORED);
    ring.hub.start(ring, (id, round), battle.models, scripts, ticket);
    Ok(())
}

/// Passes over a battle: recorded with its reason, never counted.
pub async fn skip(
    ring: &Ring,
    voter: VoterId,
    id: BattleId,
    reason: SkipReason,
) -> Result<(), BattleError> {
    let mut tx = ring.db.begin().await?;
    let battle = find(&mut tx, voter, id).await?;
    if battle.state == State::Skipped {
        return Ok(());
    }
    if !queries::skip(&mut tx, id, reason).await? {
        return Err(BattleError::NotNow("this battle is decided, so it cannot be skipped"));
    }
    commitments::void(&mut tx, &ring.journal, &[id], Why::Skipped).await?;
    tx.commit().await?;
    ring.hub.stop(id);
    Ok(())
}

/// One battle of this voter; anybody else's is as unknown as one that never was.
pub async fn find(
    db: &mut PgConnection,
    voter: VoterId,
    id: BattleId,
) -> Result<Battle, BattleError> {
    match queries::find(db, id).await? {
        Some(battle) if battle.voter == voter => Ok(battle),
        _ => Err(BattleError::Unknown(id)),
    }
}

/// Whether both models still take part.
fn can_answer(ring: &Ring, models: Sides<ModelId>) -> bool {
    ring.engines.get(models.left).is_some() && ring.engines.get(models.right).is_some()
}

/// Starts the answers to a further turn, or another attempt; their seeds follow from the battle's commitment.
async fn begin_answers(
    db: &mut PgConnection,
    ring: &Ring,
    id: BattleId,
    round: (i16, i16),
    models: Sides<ModelId>,
) -> Result<Sides<u32>, BattleError> {
    let commitment = commitments::queries::find(db, id).await?;
    let mut seeds = Sides::default();
    for side in Side::BOTH {
        let fixed = commitment.as_ref().and_then(|it| it.seed(round, side == Side::Left));
        let seed = match fixed {
            Some(seed) => seed,
            None => SysRng.try_next_u32().map_err(|_| BattleError::Randomness)?,
        };
        let place = queries::Place { battle: id, turn: round.0, attempt: round.1, side };
        queries::insert_answer(db, place, *models.get(side), seed, None, &ring.answering).await?;
        *seeds.get_mut(side) = seed;
    }
    queries::take_over(db, id, ring.host).await?;
    Ok(seeds)
}

/// The conversation of each side: the site's instruction, its own history, the question.
fn jobs(ring: &Ring, id: BattleId, before: &[Turn], prompt: &str, seeds: Sides<u32>) -> Sides<Job> {
    let job = |side: Side| {
        let earlier = before.iter().map(|turn| {
            let answer = turn.answers.get(side).as_ref();
            let body = answer.and_then(|answer| answer.body.as_deref());
            (turn.prompt.as_str(), body.unwrap_or_default())
        });
        Job {
            messages: conversation::messages(&ring.answering.system_prompt, earlier, prompt),
            sampling: ring.answering.sampling,
            seed: *seeds.get(side),
            conversation: Some(conversation::number(id, side)),
            steps: None,
        }
    };
    Sides { left: job(Side::Left), right: job(Side::Right) }
}
