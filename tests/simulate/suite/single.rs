//! R1 and R7: one account that votes as often as it likes, for or against one model. The weight of a voter is capped.

use super::attackers::{Aim, Campaign, Strategy, influence, rival};
use super::boards::{Board, M, S, Setup, elo_of, largest, mean, places, rng};
use super::{Row, Size};

/// In the middle, where a shift of a place is easiest.
const TARGET: usize = 6;

/// What a number of votes of one account does, over all repetitions.
#[derive(Clone, Debug, Default)]
struct Effect {
    votes: usize,
    /// Elo points in the wanted direction.
    gains: Vec<f64>,
    shifts: Vec<f64>,
}

pub(super) fn boost(size: Size) -> Vec<Row> {
    [(S, 3.0), (M, 1.0)].map(|(setup, mark)| row("R1", setup, Aim::Up, mark, size)).into()
}

pub(super) fn smear(size: Size) -> Vec<Row> {
    let alone = [(S, 3.0), (M, 1.0)].map(|(setup, mark)| row("R7", setup, Aim::Down, mark, size));
    alone.into_iter().chain(super::together::smear(size)).collect()
}

fn row(id: &'static str, setup: Setup, aim: Aim, mark: f64, size: Size) -> Row {
    let effects = effects(setup, aim, size);
    let worst = effects.iter().max_by(|a, b| mean(&a.gains).total_cmp(&mean(&b.gains))).unwrap();
    let gain = mean(&worst.gains);
    let shifts: Vec<f64> = effects.iter().flat_map(|effect| effect.shifts.clone()).collect();
    let shift = largest(&shifts) + 0.0;
    // Few repetitions miss an average by a quarter.
    let passed = gain <= mark * size.pick(1.25, 1.0) && (setup.name != "M" || shift <= 0.0);
    let verb = if aim == Aim::Up { "for" } else { "against" };
    let result = format!(
        "{gain:.2} Elo on average at {} votes, {:.2} at most; places at most {shift:.0}",
        worst.votes,
        largest(&effects.iter().flat_map(|effect| effect.gains.clone()).collect::<Vec<_>>())
    );
    let places = if setup.name == "M" { ", no place" } else { "" };
    Row::new(
        id,
        format!("one account, omnipresent, {verb} one model ({})", setup.name),
        "20 to 2,000 votes",
        (result, passed),
        format!("<= {mark:.0} Elo{places}"),
    )
}

fn effects(setup: Setup, aim: Aim, size: Size) -> Vec<Effect> {
    let board = Board::new(setup);
    let budgets: &[usize] = size.pick(&[20, 2_000][..], &[20, 50, 100, 200, 500, 1_000, 2_000][..]);
    let mut effects: Vec<Effect> =
        budgets.iter().map(|&votes| Effect { votes, ..Effect::default() }).collect();
    for repetition in 0..size.pick(4, 60) {
        let mut rng = rng(1_000 + repetition);
        let honest = board.honest(&mut rng);
        let before = board.stand(&honest);
        let rival = rival(&before, TARGET, aim);
        let strategy = Strategy::Omnipresent(influence(&before, TARGET, rival));
        let campaign = Campaign::new(TARGET, aim, strategy);
        let (old, voters) = (elo_of(&before), board.voters());
        for effect in &mut effects {
            let own = campaign.votes(&board, voters..voters + 1, effect.votes, &mut rng);
            let new = elo_of(&board.stand(&[honest.as_slice(), &own].concat()));
            effect.gains.push(aim.sign() * (new[TARGET] - old[TARGET]));
            let shift = places(&old)[TARGET] as f64 - places(&new)[TARGET] as f64;
            effect.shifts.push(aim.sign() * shift);
        }
    }
    effects
}
