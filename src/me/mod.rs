//! What a voter can see, take away and remove: their own data, and nothing of anybody else.
//!
//! Before the vote nothing here tells which model is which: a battle has no names until it has its vote,
//! and answers only while its page shows them.

pub mod handlers;
mod pages;
pub mod queries;

use std::collections::HashMap;

use arena_core::ids::{AccountId, BattleId, VoterId};
use arena_core::journal::verify::Text;
use arena_core::tier::Tier;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use time::serde::rfc3339;

use crate::account;
use crate::battle::commitments::Texts;
use crate::battle::{self, BattleError, erasure};
use crate::journal::Journal;
use crate::kit::session;
use queries::{Battle, Pseudonym};

/// Everything that is stored of one person, as far as it is known to be one person's.
#[derive(Debug, Serialize)]
pub struct Record {
    /// When this was put together.
    #[serde(with = "rfc3339")]
    pub made_at: OffsetDateTime,
    /// How well they are known.
    pub tier: Tier,
    /// Their ids inside: the account's voter, and those of browsers from before they signed in.
    #[serde(serialize_with = "as_in_commands")]
    pub voters: Vec<VoterId>,
    /// Their account.
    pub account: Option<Account>,
    /// Their sessions that are not over; the address of a browser is not stored.
    pub sessions: Vec<Session>,
    /// The names under which the public journal has their votes; removed with the texts.
    pub pseudonyms: Vec<Pseudonym>,
    /// Their battles, the latest first.
    pub battles: Vec<Entry>,
}

fn as_in_commands<S: serde::Serializer>(
    voters: &[VoterId],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(voters.iter().map(ToString::to_string))
}

/// An account as its owner sees it; the hash of its password stays inside.
#[derive(Debug, Serialize)]
pub struct Account {
    /// For signing in.
    pub name: String,
    /// When it was made.
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A browser that is signed in.
#[derive(Debug, Serialize)]
pub struct Session {
    /// One coarse word.
    pub device: String,
    /// When it began, to the hour.
    #[serde(with = "rfc3339")]
    pub made_at: OffsetDateTime,
    /// When it was last used, to the hour.
    #[serde(with = "rfc3339")]
    pub seen_at: OffsetDateTime,
}

/// A battle with what was said in it.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// What is known of it.
    #[serde(flatten)]
    pub battle: Battle,
    /// Turn by turn.
    pub turns: Vec<Turn>,
}

/// One question with its answers.
#[derive(Debug, Serialize)]
pub struct Turn {
    /// What was asked.
    pub question: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub asked_at: OffsetDateTime,
    /// The answers A and B; none while they are written, or if the pair was not completed.
    pub answers: Option<[String; 2]>,
    /// What the models thought before they answered, where they did; none before the vote.
    pub thoughts: Option<[Option<String>; 2]>,
}

/// Puts together what is stored of a voter, or of their account.
pub async fn record(db: &mut PgConnection, voter: VoterId) -> sqlx::Result<Record> {
    let voters = account::voters_of(db, voter).await?;
    let mut turns = turns(db, &voters).await?;
    let battles = queries::list_battles(db, &voters, i64::MAX).await?;
    let entry = |battle: Battle| Entry {
        turns: turns.remove(&battle.battle_id).unwrap_or_default(),
        battle,
    };
    let battles = battles.into_iter().map(entry).collect();
    let own = account::queries::find_account(db, voter).await?;
    let (account, sessions) = match own {
        Some(account) => (find_account(db, account).await?, list_sessions(db, account).await?),
        None => (None, Vec::new()),
    };
    Ok(Record {
        made_at: OffsetDateTime::now_utc(),
        tier: account::tier_of(db, voter).await?,
        account,
        sessions,
        voters: voters.clone(),
        pseudonyms: queries::list_pseudonyms(db, &voters).await?,
        battles,
    })
}

async fn find_account(db: &mut PgConnection, account: AccountId) -> sqlx::Result<Option<Account>> {
    let found = account::queries::find(db, account).await?;
    Ok(found.map(|found| Account { name: found.name, created_at: found.created_at }))
}

async fn list_sessions(db: &mut PgConnection, account: AccountId) -> sqlx::Result<Vec<Session>> {
    let listed = session::queries::list(db, account).await?;
    let session = |listed: session::queries::Listed| Session {
        device: listed.device,
        made_at: listed.made_at,
        seen_at: listed.seen_at,
    };
    Ok(listed.into_iter().map(session).collect())
}

/// What was said in all battles, by battle and in order.
async fn turns(
    db: &mut PgConnection,
    voters: &[VoterId],
) -> sqlx::Result<HashMap<BattleId, Vec<Turn>>> {
    let mut bodies: HashMap<(BattleId, i16), [Option<String>; 2]> = HashMap::new();
    let mut thoughts: HashMap<(BattleId, i16), [Option<String>; 2]> = HashMap::new();
    for answer in queries::list_answers(db, voters).await? {
        let (turn, side) = ((answer.battle, answer.turn), usize::from(answer.is_right));
        bodies.entry(turn).or_default()[side] = answer.body;
        thoughts.entry(turn).or_default()[side] = answer.thoughts;
    }
    let mut turns: HashMap<BattleId, Vec<Turn>> = HashMap::new();
    for question in queries::list_questions(db, voters).await? {
        // Both or none, as on the battle's page: one alone would tell which model failed.
        let answers = match bodies.remove(&(question.battle, question.turn)) {
            Some([Some(left), Some(right)]) => Some([left, right]),
            _ => None,
        };
        turns.entry(question.battle).or_default().push(Turn {
            question: question.text,
            asked_at: question.asked_at,
            answers,
            thoughts: thoughts
                .remove(&(question.battle, question.turn))
                .filter(|pair| pair.iter().any(Option::is_some)),
        });
    }
    Ok(turns)
}

/// The texts of a person's battles that have their vote, each with the salt that opens its commitment: a file of the
/// form that `doubleblind verify` reads beside the record. Battles whose texts were erased are not in it.
pub async fn texts(db: &mut PgConnection, voter: VoterId) -> Result<Vec<u8>, BattleError> {
    let voters = account::voters_of(db, voter).await?;
    let mut file = Vec::new();
    let mut read: Option<(BattleId, String, Texts)> = None;
    for salt in queries::list_salts(db, &voters).await? {
        if read.as_ref().is_none_or(|(id, ..)| *id != salt.battle) {
            let Some(found) = battle::queries::find(db, salt.battle).await? else { continue };
            let question = found.turns.first().map(|turn| turn.prompt.clone());
            read = Some((salt.battle, question.unwrap_or_default(), Texts::of(&found)));
        }
        let Some((_, question, texts)) = &read else { continue };
        let (part, text) = match salt.part.as_str() {
            "q" => ('q', Some(question)),
            "p" => ('p', texts.questions.as_ref()),
            "l" => ('l', Some(&texts.left)),
            _ => ('r', Some(&texts.right)),
        };
        let (Some(text), Ok(salt_bytes)) = (text, salt.salt.try_into()) else { continue };
        let assign = u64::try_from(salt.assign_index).unwrap_or(0);
        let line = Text { assign, part, text: text.clone(), salt: salt_bytes }.to_line();
        file.extend_from_slice(line.as_bytes());
    }
    Ok(file)
}

/// Removes a voter's texts and, if there is one, the account with its sessions. Says which battles were open.
///
/// The votes stay, as those of nobody known: a ranking that could be changed by going away would be worth little.
pub async fn remove(
    db: &PgPool,
    journal: &Journal,
    voter: VoterId,
) -> Result<Vec<BattleId>, BattleError> {
    let mut tx = db.begin().await?;
    let voters = account::voters_of(&mut tx, voter).await?;
    let open = queries::list_open(&mut tx, &voters).await?;
    erasure::erase_voters(&mut tx, journal, &voters).await?;
    if let Some(account) = account::queries::find_account(&mut tx, voter).await? {
        account::queries::delete(&mut tx, account).await?;
    }
    tx.commit().await?;
    Ok(open)
}
