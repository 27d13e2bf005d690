//! Who was who: the page of a battle after its vote.

use actix_web::HttpResponse;
use arena_core::ids::{BattleId, Side};
use arena_core::ranking::Status;
use arena_core::verdict::Verdict;
use askama::Template;

use super::pages::reason;
use crate::battle::commitments::Commitment;
use crate::battle::pages::{Sealed, TurnView, turn_views};
use crate::battle::{Answer, Battle};
use crate::config::Site;
use crate::journal::receipt::Receipt;
use crate::kit::http::{HttpError, page};
use crate::kit::markdown::Links;
use crate::kit::wording;
use crate::pool::{Model, Source};
use crate::ranking::Published;

/// Stands where an endpoint does not tell.
const UNKNOWN: &str = "not told by the endpoint";

/// One model as the reveal shows it: label and value.
struct Card {
    letter: char,
    name: String,
    chosen: bool,
    /// Its id.
    model: String,
    /// SHA-256 of its file; empty for an endpoint.
    file: String,
    facts: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "leaderboard/reveal.html")]
struct RevealPage<'a> {
    site: &'a Site,
    id: BattleId,
    verdict: &'static str,
    cards: Vec<Card>,
    turns: Vec<TurnView>,
    set: Option<&'a str>,
    leaked: bool,
    repeated: bool,
    opened: Option<Opened>,
    receipt: Option<&'a Receipt>,
}

/// The opened commitment.
struct Opened {
    sealed: Sealed,
    opening: String,
    reveal: String,
}

/// A battle that has its vote.
pub(super) struct Decided<'a> {
    pub(super) battle: &'a Battle,
    pub(super) verdict: Verdict,
    /// Whether the vote is counted apart because the question had been asked too often.
    pub(super) repeated: bool,
    /// What the models thought, by turn and side.
    pub(super) reasoning: Vec<(i16, Side, String)>,
    /// The evaluation set that the question is from.
    pub(super) set: Option<&'a str>,
    /// The pairing as it was committed to.
    pub(super) commitment: Option<&'a Commitment>,
    /// The promise that the vote is in the log.
    pub(super) receipt: Option<&'a Receipt>,
}

/// Renders a battle that has its vote.
///
/// The models come from the pool, since the board may not know one that has just joined.
pub(super) fn show(
    site: &Site,
    published: &Published,
    models: &[Model],
    decided: &Decided<'_>,
) -> Result<HttpResponse, HttpError> {
    let Decided { battle, verdict, repeated, reasoning, set, commitment, receipt } = decided;
    let cards = Side::BOTH.map(|side| card(published, models, battle, side, *verdict));
    let mut turns = turn_views(&battle.turns, Links::Live);
    for (turn, side, text) in reasoning {
        let view = turns.iter_mut().find(|view| view.number == turn + 1);
        let answers = view.into_iter().flat_map(|view| &mut view.answers);
        for answer in answers.filter(|answer| answer.letter == side.letter()) {
            answer.reasoning.clone_from(text);
        }
    }
    page(&RevealPage {
        site,
        id: battle.id,
        verdict: in_words(*verdict),
        cards: cards.into_iter().flatten().collect(),
        turns,
        set: *set,
        leaked: battle.leaked,
        repeated: *repeated,
        opened: commitment.map(|commitment| Opened {
            sealed: commitment.into(),
            opening: hex::encode(&commitment.opening),
            reveal: commitment.reveal.clone(),
        }),
        receipt: *receipt,
    })
}

fn in_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Left => "You preferred answer A.",
        Verdict::Right => "You preferred answer B.",
        Verdict::Tie => "You called it a tie.",
        Verdict::BothBad => "You found both answers bad.",
        Verdict::BothGood => "You found both answers good.",
    }
}

fn card(
    published: &Published,
    models: &[Model],
    battle: &Battle,
    side: Side,
    verdict: Verdict,
) -> Option<Card> {
    let id = *battle.models.get(side);
    let model = models.iter().find(|model| model.id == id)?;
    let row = published.row(id);
    let rating = match row.and_then(|row| Some((row, row.rating?))) {
        Some((row, rating)) => format!(
            "{:.0} (95 % interval {:.0} to {:.0}, {}{})",
            rating.rating,
            rating.low,
            rating.high,
            wording::counted(i64::try_from(row.votes).unwrap_or(0), "vote"),
            if row.status == Status::Provisional { ", provisional" } else { "" }
        ),
        None => format!("none yet: {}", reason(row.map_or(Status::NoVotes, |row| row.status))),
    };
    let mut facts = vec![
        ("Maker", model.maker.clone()),
        ("Country", wording::country(&model.country)),
        ("Licence", model.licence.clone()),
        ("Parameters", model.parameter_count().map_or(UNKNOWN.to_owned(), wording::parameters)),
        ("Quantization", model.quantization().to_owned()),
        ("Rating", rating),
    ];
    match &model.source {
        Source::File(file) => facts.push(("File SHA-256", file.sha256.clone())),
        Source::Endpoint(endpoint) => {
            facts.push(("Run by", endpoint.operator.to_string()));
            facts.push(("Called there", endpoint.model.clone()));
        }
    }
    if let Some(base) = &model.base_model {
        facts.push(("Made from", base.clone()));
    }
    facts.extend(work(battle, side));
    let chosen =
        matches!((verdict, side), (Verdict::Left, Side::Left) | (Verdict::Right, Side::Right));
    let file = model.file().map(|file| file.sha256.clone()).unwrap_or_default();
    let id = model.id.to_string();
    Some(Card { letter: side.letter(), name: model.name.clone(), chosen, model: id, file, facts })
}

/// Speed of writing: tokens after the first one over the time after the first one.
fn tokens_a_second(answer: &Answer) -> Option<f64> {
    let seconds = (answer.total_ms? - answer.first_token_ms?) as f64 / 1000.0;
    let speed = f64::from(answer.answer_tokens? - 1) / seconds;
    (seconds > 0.0 && speed > 0.0).then_some(speed)
}

/// How the answers were made: seeds, settings, tokens and speed, turn by turn.
fn work(battle: &Battle, side: Side) -> Vec<(&'static str, String)> {
    let answers: Vec<_> =
        battle.turns.iter().filter_map(|turn| turn.answers.get(side).as_ref()).collect();
    let join = |words: Vec<String>| words.join(", then ");
    let seeds = join(answers.iter().map(|answer| answer.seed.to_string()).collect());
    let tokens = join(
        answers
            .iter()
            .map(|answer| match answer.answer_tokens {
                Some(tokens) => wording::counted(i64::from(tokens), "token"),
                None => UNKNOWN.to_owned(),
            })
            .collect(),
    );
    let speed = join(
        answers
            .iter()
            .map(|answer| {
                tokens_a_second(answer)
                    .map_or(UNKNOWN.to_owned(), |speed| format!("{speed:.1} tokens/s"))
            })
            .collect(),
    );
    let finish = join(
        answers
            .iter()
            .filter_map(|answer| answer.finish.as_deref())
            .map(|finish| {
                if finish == "stop" {
                    "its own end".to_owned()
                } else {
                    "the token limit".to_owned()
                }
            })
            .collect(),
    );
    let mut facts =
        vec![("Tokens", tokens), ("Speed", speed), ("Ended by", finish), ("Seed", seeds)];
    if let Some(last) = answers.last() {
        facts.push(("Sampling", last.sampling.to_string()));
        if let Some(engine) = &last.engine {
            facts.push(("Engine", engine.clone()));
        }
    }
    facts
}
