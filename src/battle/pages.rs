//! The page of a battle before its end; nothing on it depends on which model is which.

use arena_core::ids::{BattleId, Side};
use askama::Template;

use super::commitments::Commitment;
use super::queue::Place;
use super::sets::queries::ListedQuestion;
use super::{Battle, MAX_TURNS, Peek, State, Turn, stream};
use crate::config::Site;
use crate::kit::http::{HttpError, page};
use crate::kit::markdown::{self, Links};

/// What a failed pair shows on both sides, whatever happened.
pub const NEUTRAL: &str = "This pair could not be completed.";

/// One turn as the page prints it.
pub struct TurnView {
    /// From 1.
    pub number: i16,
    /// Whether it is the last one.
    pub latest: bool,
    /// What the voter asked.
    pub prompt: String,
    /// Answers A and B.
    pub answers: [AnswerView; 2],
}

/// One answer as the page prints it.
pub struct AnswerView {
    /// A or B.
    pub letter: char,
    /// Safe HTML of a complete answer.
    pub html: String,
    /// Text so far of an answer that is being written.
    pub text: String,
    /// Whether it is being written.
    pub live: bool,
    /// What stands in the place of an answer that does not exist.
    pub missing: &'static str,
    /// What the model thought; empty before the vote.
    pub reasoning: String,
}

/// Where the live text of a running battle is read on.
pub struct LiveView {
    /// Turn number from 0.
    pub turn: i16,
    /// Attempt from 0.
    pub attempt: i16,
    /// Next frame.
    pub from: usize,
    /// That the models write, or where the battle is in line.
    pub words: String,
}

#[derive(Template)]
#[template(path = "battle/battle.html")]
struct BattlePage<'a> {
    site: &'a Site,
    id: BattleId,
    turns: Vec<TurnView>,
    live: Option<LiveView>,
    complete: bool,
    failed: bool,
    elsewhere: bool,
    closed: Option<&'static str>,
    set: Option<&'a str>,
    may_ask_on: bool,
    next_turn: &'a str,
    leaked: bool,
    sealed: Option<Sealed>,
}

/// The published commitment to a pairing.
pub struct Sealed {
    /// Index of its leaf.
    pub index: i64,
    /// The commitment in hexadecimal.
    pub commitment: String,
    /// The log's signed promise that the leaf is there; empty after the vote.
    pub promise: String,
}

impl From<&Commitment> for Sealed {
    fn from(commitment: &Commitment) -> Self {
        Self {
            index: commitment.assign_index,
            commitment: hex::encode(&commitment.commitment),
            promise: String::new(),
        }
    }
}

/// Renders a battle that has no vote yet. With its commitment comes the promise that the log has it.
pub fn show(
    site: &Site,
    peek: &Peek,
    battle: &Battle,
    question: Option<&(String, ListedQuestion)>,
    commitment: Option<(&Commitment, String)>,
) -> Result<actix_web::HttpResponse, HttpError> {
    let running = peek.0.as_ref().filter(|_| battle.state == State::Running);
    let mut turns = turn_views(&battle.turns, Links::Inert);
    let closed = closed(battle.state);
    let (texts, from) = running.map(|live| live.so_far()).unwrap_or_default();
    if let Some(last) = turns.last_mut() {
        for (view, side) in last.answers.iter_mut().zip(Side::BOTH) {
            view.live = battle.state == State::Running;
            view.text.clone_from(texts.get(side));
            if closed.is_some() {
                view.missing = "There is no answer.";
            }
        }
    }
    let live = running.map(|live| LiveView {
        turn: live.round.0,
        attempt: live.round.1,
        from,
        words: live.place().map_or_else(|| stream::BEGUN.to_owned(), Place::in_words),
    });
    let next_turn = question
        .and_then(|(_, question)| question.turns.get(battle.turns.len()))
        .map_or("", String::as_str);
    page(&BattlePage {
        site,
        id: battle.id,
        complete: battle.state == State::Complete,
        failed: battle.state == State::Failed,
        // Running, but not here: it is just about to start, or another process has it.
        elsewhere: battle.state == State::Running && live.is_none(),
        closed,
        set: question.map(|(set, _)| set.as_str()),
        may_ask_on: battle.turns.len() < MAX_TURNS,
        next_turn,
        leaked: battle.leaked,
        sealed: commitment.map(|(it, promise)| Sealed { promise, ..Sealed::from(it) }),
        turns,
        live,
    })
}

fn closed(state: State) -> Option<&'static str> {
    match state {
        State::Skipped => Some("You skipped this battle. It is recorded and counts for no rating."),
        State::Void => Some("This battle ended without a vote after 24 hours."),
        State::Running | State::Complete | State::Failed | State::Voted => None,
    }
}

/// All turns with their answers as safe HTML.
pub fn turn_views(turns: &[Turn], links: Links) -> Vec<TurnView> {
    let count = turns.len();
    let view = |(i, turn): (usize, &Turn)| TurnView {
        number: turn.turn + 1,
        latest: i + 1 == count,
        prompt: turn.prompt.clone(),
        answers: Side::BOTH.map(|side| {
            let body = turn.answers.get(side).as_ref().and_then(|answer| answer.body.as_deref());
            AnswerView {
                letter: side.letter(),
                html: body.map_or_else(String::new, |body| markdown::render(body, links)),
                text: String::new(),
                live: false,
                missing: NEUTRAL,
                reasoning: String::new(),
            }
        }),
    };
    turns.iter().enumerate().map(view).collect()
}
