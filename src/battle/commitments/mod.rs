//! The pairing of a battle, committed to before the first token and opened by its end; and commitments to texts.

pub mod queries;

use std::collections::HashSet;

use arena_core::ids::{BattleId, ModelId, Sides};
use arena_core::journal::commitment::{Domain, Opening, Reveal, commit};
use arena_core::journal::draw::{Drawn, later_seed};
use arena_core::journal::leaf::{Assign, Contents, Leaf, Void, Why};
use rand::TryRng as _;
use rand::rngs::SysRng;
use sqlx::PgConnection;

use super::{Battle, BattleError};
use crate::journal::{Entry, Journal, JournalError, Writer};
use crate::pool::Model;

pub use queries::Commitment;

fn random() -> Result<Opening, JournalError> {
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| JournalError::Randomness)?;
    Ok(bytes)
}

/// Everything that a commitment is about.
pub(super) struct Pairing<'a> {
    pub(super) drawn: &'a Drawn,
    pub(super) epoch: &'a str,
    pub(super) number: u64,
    pub(super) nonce: &'a [u8],
    /// Models of the policy that could not be drawn.
    pub(super) out: HashSet<ModelId>,
    /// Digest of the sampling settings.
    pub(super) sampling: String,
    /// Seeds of the first answers.
    pub(super) seeds: Sides<u32>,
    /// Whether an answer was made in advance.
    pub(super) stored: Sides<bool>,
    /// The first question.
    pub(super) prompt: &'a str,
}

/// Adds the leaf that commits to a pairing and stores what opens it.
pub(super) async fn commit_to(
    db: &mut PgConnection,
    writer: &mut Writer,
    models: &[Model],
    pairing: Pairing<'_>,
) -> Result<Entry, JournalError> {
    let battle = pairing.drawn.battle;
    let (opening, salt) = (random()?, random()?);
    let file = |id| {
        let model = models.iter().find(|model| model.id == id);
        model.and_then(Model::file).map(|file| file.sha256.clone()).unwrap_or_default()
    };
    let draw = pairing.drawn.draw;
    let mut out: Vec<ModelId> = pairing.out.into_iter().collect();
    out.sort_unstable();
    let reveal = Reveal {
        v: 1,
        b: battle,
        l: draw.left,
        r: draw.right,
        lg: file(draw.left),
        rg: file(draw.right),
        samp: pairing.sampling,
        seed: [pairing.seeds.left, pairing.seeds.right],
        st: [u8::from(pairing.stored.left), u8::from(pairing.stored.right)],
        out,
        cn: hex::encode(pairing.nonce),
        pc: hex::encode(commit(Domain::Question, &salt, pairing.prompt.as_bytes())),
    }
    .to_text();
    let commitment = commit(Domain::Assign, &opening, reveal.as_bytes());
    let entry = writer.add(Leaf::Assign(Assign {
        b: battle,
        e: pairing.epoch.to_owned(),
        i: pairing.number,
        c: hex::encode(commitment),
        t: 0,
    }))?;
    let row = Commitment {
        assign_index: entry.row()?,
        commitment: commitment.to_vec(),
        opening: opening.to_vec(),
        reveal,
        closed_index: None,
    };
    queries::insert(db, battle, pairing.epoch, &row).await?;
    queries::insert_salts(db, battle, &["q".to_owned()], &[salt.to_vec()]).await?;
    Ok(entry)
}

impl Commitment {
    /// Index of the assign leaf, the opening and the reveal, as leaves have them.
    pub fn parts(&self) -> (u64, String, String) {
        let index = u64::try_from(self.assign_index).unwrap_or(0);
        (index, hex::encode(&self.opening), self.reveal.clone())
    }

    /// Seed of an answer that is not a first one.
    pub(super) fn seed(&self, round: (i16, i16), left: bool) -> Option<u32> {
        let opening = self.opening.as_slice().try_into().ok()?;
        let round = (u16::try_from(round.0).ok()?, u16::try_from(round.1).ok()?);
        Some(later_seed(opening, round, left))
    }
}

/// Commitments to all that was said in a battle, and the salts behind them, which are kept with the vote.
pub struct Committed {
    /// What the vote's leaf has.
    pub contents: Contents,
    parts: Vec<String>,
    salts: Vec<Vec<u8>>,
}

impl Committed {
    /// The parts that were committed to, as the table has them, each with its salt of 32 bytes.
    pub fn salts(&self) -> (&[String], &[Vec<u8>]) {
        (&self.parts, &self.salts)
    }
}

/// Commits to all that was said in a battle.
pub fn commit_texts(battle: &Battle) -> Result<Committed, JournalError> {
    let texts = Texts::of(battle);
    let mut parts = vec!["l", "r"];
    if texts.questions.is_some() {
        parts.push("p");
    }
    let mut salts = Vec::new();
    for _ in &parts {
        salts.push(random()?);
    }
    let digest =
        |domain, text: &str, salt: &Opening| hex::encode(commit(domain, salt, text.as_bytes()));
    let contents = Contents {
        l: digest(Domain::Left, &texts.left, &salts[0]),
        p: texts.questions.as_deref().map(|text| digest(Domain::Questions, text, &salts[2])),
        r: digest(Domain::Right, &texts.right, &salts[1]),
    };
    let parts: Vec<String> = parts.into_iter().map(str::to_owned).collect();
    let salts: Vec<Vec<u8>> = salts.iter().map(|salt| salt.to_vec()).collect();
    Ok(Committed { contents, parts, salts })
}

/// The texts of a battle in the form that is committed to: JSON lists with an entry a turn.
pub struct Texts {
    /// All answers of A.
    pub left: String,
    /// All answers of B.
    pub right: String,
    /// All questions, where there is more than one.
    pub questions: Option<String>,
}

impl Texts {
    /// The texts of a battle.
    pub fn of(battle: &Battle) -> Self {
        let answers = |side| {
            let body = |turn: &super::Turn| {
                turn.answers.get(side).as_ref().and_then(|answer| answer.body.clone())
            };
            list(battle.turns.iter().map(|turn| body(turn).unwrap_or_default()))
        };
        let several = battle.turns.len() > 1;
        Self {
            left: answers(arena_core::ids::Side::Left),
            right: answers(arena_core::ids::Side::Right),
            questions: several.then(|| list(battle.turns.iter().map(|turn| turn.prompt.clone()))),
        }
    }
}

fn list(texts: impl Iterator<Item = String>) -> String {
    serde_json::Value::from_iter(texts).to_string()
}

/// Notes the leaf that opened the commitment of a battle without a vote.
async fn close(db: &mut PgConnection, battle: BattleId, entry: Entry) -> Result<(), JournalError> {
    Ok(queries::close(db, battle, entry.row()?).await?)
}

/// Opens the commitments of battles that ended without a vote, each with a leaf that says why. Their rows are
/// locked already; battles without a commitment, and those that are opened already, are passed over.
pub(super) async fn void(
    db: &mut PgConnection,
    journal: &Journal,
    battles: &[BattleId],
    why: Why,
) -> Result<(), BattleError> {
    let mut open = Vec::new();
    for battle in battles {
        match queries::find(db, *battle).await? {
            Some(commitment) if commitment.closed_index.is_none() => {
                open.push((*battle, commitment));
            }
            _ => {}
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    let mut writer = journal.lock(db).await?;
    for (battle, commitment) in open {
        let (a, n, rev) = commitment.parts();
        let entry = writer.add(Leaf::Void(Void { b: battle, a, why, n, rev, t: 0 }))?;
        close(db, battle, entry).await?;
    }
    Ok(writer.write(db).await?)
}
