//! R11: a bot asks one question again and again, and knows every model by its answers to it.

use arena_core::ranking::{
    AttributedVote, Coding, Method, cap_voters, fit_votes, share_prompts, voter_cap,
};

use super::attackers::{Aim, Campaign, Strategy, influence, rival};
use super::boards::{Board, M, S, elo, elo_of, largest, mean, rng};
use super::{Row, Size};

const TARGET: usize = 6;
const VOTES: usize = 1_000;

pub(super) fn prompts(size: Size) -> Vec<Row> {
    let row = |accounts: usize| {
        let (gains, shared) = gains(accounts, size);
        let (gain, weighed) = (largest(&gains), largest(&shared));
        let result = format!(
            "{:.2} Elo on average, {gain:.2} at most; {weighed:.2} if votes on one question shared a weight, which the board does not do yet",
            mean(&gains)
        );
        let plural = if accounts == 1 { "" } else { "s" };
        let setup = size.pick("S", "M");
        Row::new(
            "R11",
            format!(
                "one question asked {VOTES} times, answers known, {accounts} account{plural} ({setup})"
            ),
            format!("{VOTES} votes"),
            (result, mean(&gains) <= 1.0 || (size == Size::Short && accounts == 1)),
            "<= 1 Elo",
        )
    };
    [1, 20].map(row).into()
}

/// What it gains on the board as it is, and with the weight of duplicates shared.
fn gains(accounts: usize, size: Size) -> (Vec<f64>, Vec<f64>) {
    let board = Board::new(size.pick(S, M));
    let (mut plain, mut shared) = (Vec::new(), Vec::new());
    for repetition in 0..size.pick(2, 40) {
        let mut rng = rng(11_000 + repetition);
        let honest = board.honest(&mut rng);
        let before = board.stand(&honest);
        let rival = rival(&before, TARGET, Aim::Up);
        let strategy = Strategy::Omnipresent(influence(&before, TARGET, rival));
        let campaign = Campaign::new(TARGET, Aim::Up, strategy);
        let first = board.voters();
        let own = campaign.votes(&board, first..first + accounts, VOTES / accounts, &mut rng);
        let votes = [honest.as_slice(), &own].concat();
        let old = elo_of(&before)[TARGET];
        plain.push(elo_of(&board.stand(&votes))[TARGET] - old);
        shared.push(with_shared_weights(&board, votes, honest.len()) - old);
    }
    (plain, shared)
}

/// The target's rating where votes on one question share a weight; the bot's votes are those from `first` on.
fn with_shared_weights(board: &Board, mut votes: Vec<AttributedVote>, first: usize) -> f64 {
    let counted = votes.len() as u64;
    let questions: Vec<Option<usize>> =
        (0..votes.len()).map(|at| Some(if at < first { at } else { first })).collect();
    share_prompts(&mut votes, &questions).unwrap();
    cap_voters(&mut votes, voter_cap(counted)).unwrap();
    let fit = fit_votes(&votes, &board.members(), Method::BradleyTerry, Coding::default()).unwrap();
    elo(&fit)[TARGET]
}
