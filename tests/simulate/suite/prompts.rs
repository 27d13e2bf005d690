//! R11: a bot asks one question again and again, and knows every model by its answers to it.

use arena_core::ranking::AttributedVote;
use doubleblind::battle::repeats::COUNTED_A_MONTH;

use super::attackers::{Aim, Campaign, Strategy, influence, rival};
use super::boards::{Board, M, S, elo_of, largest, mean, rng};
use super::served::served;
use super::{Row, Size};
use crate::arena::{TestArena, Voter};

const TARGET: usize = 6;
const VOTES: usize = 1_000;

pub(super) fn prompts(size: Size) -> Vec<Row> {
    let row = |accounts: usize| {
        let gains = gains(accounts, size);
        let largest = |of: fn(&Gain) -> f64| largest(&gains.iter().map(of).collect::<Vec<_>>());
        let average = mean(&gains.iter().map(|gain| gain.counted).collect::<Vec<_>>());
        let result = format!(
            "{average:.2} Elo on average, {:.2} at most; {:.2} if all of them counted",
            largest(|gain| gain.counted),
            largest(|gain| gain.all)
        );
        let plural = if accounts == 1 { "" } else { "s" };
        let setup = size.pick("S", "M");
        let attack =
            format!("one question asked {VOTES} times, answers known, {accounts} account{plural}");
        let budget = format!("{VOTES} votes");
        Row::new("R11", format!("{attack} ({setup})"), budget, (result, average <= 1.0), "<= 1 Elo")
    };
    [1, 20].map(row).into()
}

struct Gain {
    /// With the votes that the arena counts.
    counted: f64,
    /// As if there were no such rule.
    all: f64,
}

fn gains(accounts: usize, size: Size) -> Vec<Gain> {
    let board = Board::new(size.pick(S, M));
    let gain = |repetition: u64| {
        let mut rng = rng(11_000 + repetition);
        let honest = board.honest(&mut rng);
        let before = board.stand(&honest);
        let rival = rival(&before, TARGET, Aim::Up);
        let strategy = Strategy::Omnipresent(influence(&before, TARGET, rival));
        let campaign = Campaign::new(TARGET, Aim::Up, strategy);
        let first = board.voters();
        let own = campaign.votes(&board, first..first + accounts, VOTES / accounts, &mut rng);
        let with = |own: &[AttributedVote]| {
            elo_of(&board.stand(&[honest.as_slice(), own].concat()))[TARGET]
                - elo_of(&before)[TARGET]
        };
        Gain { counted: with(&own[..COUNTED_A_MONTH as usize]), all: with(&own) }
    };
    (0..size.pick(2, 40)).map(gain).collect()
}

/// The rule itself, over HTTP: blanks, capitals and invisible characters make no other question.
pub(super) fn asked_again(size: Size) -> Vec<Row> {
    served(ask_again(size.pick(8, 200)))
}

async fn ask_again(times: usize) -> Vec<Row> {
    let arena = TestArena::of_two_instant().await;
    let voters: Vec<Voter> = (0..4).map(|_| arena.voter()).collect();
    let forms = ["What is a comet?", "what  is a COMET?", "What is a\u{200b} comet?\n"];
    for number in 0..times {
        let voter = &voters[number % voters.len()];
        let id = voter.asks(forms[number % forms.len()]).await;
        arena.when(&id, "complete").await;
        voter.votes(&id, "left").await.location();
    }
    let counted = arena.number("select coalesce(sum(votes), 0)::bigint from vote_counts").await;
    let marked =
        "select count(*) from log_leaves where convert_from(body, 'UTF8') like '%\"repeat\"%'";
    let marked = arena.number(marked).await;
    let result = format!("{counted} counted, {marked} marked in the log and on no board");
    let passed = counted == COUNTED_A_MONTH && marked == times as i64 - COUNTED_A_MONTH;
    let attack = "one question, written in three ways, asked by 4 browsers";
    let mark = format!("{COUNTED_A_MONTH} counted");
    vec![Row::new("R11", attack, format!("{times} votes"), (result, passed), mark)]
}
