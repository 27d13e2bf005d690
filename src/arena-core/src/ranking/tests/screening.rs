//! Voter screening: who is flagged among simulated voters, and among the workers of llmfao.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::llmfao;
use crate::ranking::{
    Alternative, AttributedVote, Coding, Method, Outcome, RankingError, Suspicion, Vote, fit_votes,
    flag, screen,
};

const SEED: u64 = 31;
const MODELS: usize = 10;
const HONEST: usize = 300;
const EACH: usize = 100;

fn unit(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// A vote on a random pair by Davidson's model with a third of ties.
fn honest(rng: &mut impl Rng) -> Vote {
    let left = (rng.next_u64() % MODELS as u64) as usize;
    let right = (left + 1 + (rng.next_u64() % (MODELS as u64 - 1)) as usize) % MODELS;
    let d = (right as f64 - left as f64) / 6.0;
    let (up, down) = ((d / 2.0).exp(), (-d / 2.0).exp());
    let outcome = match unit(rng) * (up + down + 1.0) {
        u if u < up => Outcome::Left,
        u if u < up + down => Outcome::Right,
        _ => Outcome::Tie,
    };
    Vote { left, right, outcome }
}

/// Honest voters, and after them one voter for each way to cheat.
fn votes(cheats: &[fn(Vote, f64) -> Outcome]) -> Vec<AttributedVote> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut votes = Vec::new();
    for voter in 0..HONEST + cheats.len() {
        for _ in 0..EACH {
            let mut vote = honest(&mut rng);
            let u = unit(&mut rng);
            if voter >= HONEST {
                vote.outcome = cheats[voter - HONEST](vote, u);
            }
            votes.push(AttributedVote { voter: Some(voter), ..vote.into() });
        }
    }
    votes
}

fn screened(votes: &[AttributedVote], models: usize) -> Vec<Suspicion> {
    let members: Vec<usize> = (0..models).collect();
    let fit = fit_votes(votes, &members, Method::Davidson, Coding::default()).unwrap();
    screen(&fit, votes).unwrap()
}

#[test]
fn honest_voters_are_rarely_suspected_at_any_time() {
    let found = screened(&votes(&[]), MODELS);

    let suspected = found.iter().filter(|one| one.log_e_max >= 20.0_f64.ln()).count();
    println!("{suspected} of {HONEST} honest voters above 20, seed {SEED}");
    assert_eq!(found.len(), HONEST);
    assert!(suspected as f64 <= 0.05 * HONEST as f64, "{suspected}, seed {SEED}");
    assert_eq!(flag(&found, 0.05), Ok(vec![]));
}

#[test]
fn cheats_are_flagged_with_their_rule() {
    let cheats: [fn(Vote, f64) -> Outcome; 6] = [
        |_, _| Outcome::Left,
        |_, _| Outcome::Right,
        |_, _| Outcome::Tie,
        |_, u| if u < 0.5 { Outcome::Left } else { Outcome::Right },
        |vote, _| match vote.left < vote.right {
            true => Outcome::Right,
            false => Outcome::Left,
        },
        |vote, u| match (vote.left, vote.right) {
            (7, _) => Outcome::Left,
            (_, 7) => Outcome::Right,
            _ if u < 0.34 => Outcome::Tie,
            _ if u < 0.67 => Outcome::Left,
            _ => Outcome::Right,
        },
    ];

    let found = screened(&votes(&cheats), MODELS);

    let flagged = flag(&found, 0.05).unwrap();
    let cheating: Vec<usize> = (HONEST..HONEST + cheats.len()).collect();
    assert_eq!(flagged, cheating, "seed {SEED}");
    let rules: Vec<Alternative> = found[HONEST..].iter().map(|one| one.rule).collect();
    let sided = [Alternative::Left, Alternative::Right, Alternative::Tie];
    assert_eq!(rules[..3], sided);
    assert_eq!(rules[5], Alternative::Favours(7));
}

#[test]
fn workers_who_nearly_always_take_one_side_are_flagged() {
    let (votes, _) = llmfao();

    let found = screened(&votes, 59);

    let flagged = flag(&found, 0.01).unwrap();
    let of = |rule| -> Vec<usize> {
        let sided = found.iter().filter(|one| one.rule == rule && flagged.contains(&one.voter));
        sided.map(|one| one.voter).collect()
    };
    println!(
        "left {:?}, right {:?}, all {flagged:?}",
        of(Alternative::Left),
        of(Alternative::Right)
    );
    let share = |voter: usize, side: Outcome| {
        let own: Vec<_> = votes.iter().filter(|vote| vote.voter == Some(voter)).collect();
        own.iter().filter(|vote| vote.vote.outcome == side).count() as f64 / own.len() as f64
    };
    for (rule, side) in [(Alternative::Left, Outcome::Left), (Alternative::Right, Outcome::Right)] {
        for voter in of(rule) {
            assert!(share(voter, side) > 0.6, "{voter}: {}", share(voter, side));
        }
    }
    assert!(of(Alternative::Left).len() + of(Alternative::Right).len() >= 3);
}

#[test]
fn the_evidence_of_one_vote_is_its_mean_likelihood_ratio() {
    let mut votes = votes(&[]);
    let last = Vote { left: 2, right: 5, outcome: Outcome::Left };
    votes.push(AttributedVote { voter: Some(9999), ..last.into() });
    let members: Vec<usize> = (0..MODELS).collect();
    let fit = fit_votes(&votes, &members, Method::Davidson, Coding::default()).unwrap();

    let found = *screen(&fit, &votes).unwrap().last().unwrap();

    let others = |wanted: usize| {
        let seen = |vote: &&AttributedVote| {
            let (a, b) = (vote.vote.left, vote.vote.right);
            let outcome = match vote.vote.outcome {
                Outcome::Left => a,
                Outcome::Right => b,
                _ => 99,
            };
            (a.min(b), a.max(b)) == (2, 5) && outcome == wanted
        };
        (votes.iter().filter(seen).count() - usize::from(wanted == 2)) as f64
    };
    let d = fit.strengths()[2] - fit.strengths()[5];
    let nu = fit.tie_parameter().unwrap();
    let weights = [(d / 2.0).exp(), (-d / 2.0).exp(), nu];
    let sum: f64 = weights.iter().sum();
    let total = others(2) + others(5) + others(99) + 20.0;
    let q = |wanted: usize, at: usize| (others(wanted) + 20.0 * weights[at] / sum) / total;
    let (win, loss) = (q(2, 0), q(5, 1));
    let simple = 1.0 / 3.0 + 0.45 + 0.9 + 0.05 + 0.05 + loss;
    let one_model = (0.9 / win + 0.05 / win + 8.0) / 10.0;
    let expected = (simple / win + 2.0 * one_model) / 8.0;
    super::assert_close(&[found.log_e], &[expected.ln()], 1e-9);
    assert_eq!((found.voter, found.votes), (9999, 1));
}

#[test]
fn e_bh_flags_the_largest_set_that_its_rule_allows() {
    let one = |voter, e: f64| Suspicion {
        voter,
        votes: 1,
        log_e: e.ln(),
        log_e_max: e.ln(),
        rule: Alternative::Uniform,
    };
    // n = 4, alpha = 0.1: k = 1 needs 40, k = 2 needs 20, k = 3 needs 13.4.
    let with = |e: [f64; 4]| flag(&[one(0, e[0]), one(1, e[1]), one(2, e[2]), one(3, e[3])], 0.1);

    assert_eq!(with([1.0, 39.0, 1.0, 1.0]), Ok(vec![]));
    assert_eq!(with([1.0, 41.0, 1.0, 1.0]), Ok(vec![1]));
    assert_eq!(with([21.0, 1.0, 21.0, 1.0]), Ok(vec![0, 2]));
    assert_eq!(with([14.0, 1.0, 14.0, 14.0]), Ok(vec![0, 2, 3]));
    assert_eq!(flag(&[], 0.1), Ok(vec![]));
    assert_eq!(flag(&[], 1.0), Err(RankingError::NotAProbability { value: 1.0 }));
}

#[test]
fn screening_needs_the_chance_of_a_tie() {
    let votes = votes(&[]);
    let members: Vec<usize> = (0..MODELS).collect();
    let fit = fit_votes(&votes, &members, Method::BradleyTerry, Coding::default()).unwrap();

    let result = screen(&fit, &votes);

    assert_eq!(result, Err(RankingError::NeedsTies { method: Method::BradleyTerry }));
}
