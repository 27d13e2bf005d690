//! Boards of small logs: what moves them, and what their bytes are.

use super::super::leaf::{Flag, Leaf};
use super::super::policy::Rules;
use super::super::sample::{self, Size};
use super::{BoardError, Document, Exclusions, Method, Settings, compute};
use crate::ranking::{BothBadRule, TieRule};
use crate::tier::Tier;

const SIZE: Size =
    Size { battles: 900, models: 5, days: 5, voters: 40, texts: false, snapshots: 0 };

fn leaves() -> Vec<(u64, Leaf)> {
    let leaves = sample::play(11, SIZE).leaves;
    (0..).zip(leaves.iter().map(|leaf| Leaf::parse(leaf).unwrap())).collect()
}

fn settings() -> Settings {
    Settings { draws: 200, ..Settings::of(&Rules::default(), 3, "doubleblind test") }
}

fn board(leaves: &[(u64, Leaf)], settings: &Settings) -> Document {
    let bytes = compute(leaves.to_vec(), settings).unwrap();
    Document::parse(&String::from_utf8(bytes).unwrap()).unwrap()
}

#[test]
fn the_same_leaves_and_settings_give_the_same_bytes() {
    let leaves = leaves();

    let one = compute(leaves.clone(), &settings()).unwrap();

    assert_eq!(compute(leaves, &settings()).unwrap(), one);
}

#[test]
fn all_battles_are_accounted_for_and_rows_stand_in_order() {
    let board = board(&leaves(), &settings());

    let counts = board.counts;
    let ended = counts.counted + counts.excluded + counts.void;
    assert_eq!(counts.assigned, ended + counts.open);
    assert!(counts.apart > 0 && counts.excluded > 0 && counts.void > 0);
    assert_eq!(board.votes, counts.counted - counts.apart);
    assert_eq!(board.models.iter().map(|row| row.votes).sum::<u64>(), 2 * board.votes);
    assert!(board.models.iter().filter_map(|row| row.rank).is_sorted());
    assert!(board.models.iter().filter_map(|row| row.rating).rev().is_sorted());
    assert_eq!(board.excluded_by.iter().map(|(_, count)| count).sum::<u64>(), counts.excluded);
    assert_eq!(board.void_by.iter().map(|(_, count)| count).sum::<u64>(), counts.void);
}

#[test]
fn exclusions_tiers_and_flags_decide_which_votes_are_on_a_board() {
    let leaves = leaves();
    let usual = board(&leaves, &settings());

    let all = Settings { exclusions: Exclusions::Ignored, uncounted: Vec::new(), ..settings() };
    let all = board(&leaves, &all);
    let by_tier = Tier::ALL.map(|tier| Settings { tiers: vec![tier], ..settings() });
    let by_tier = by_tier.map(|settings| board(&leaves, &settings).votes);
    let dwell = Settings { uncounted: vec![Flag::Dwell], ..settings() };

    assert_eq!(all.votes, usual.counts.counted + usual.counts.excluded);
    assert_eq!((all.counts.apart, all.counts.excluded), (0, usual.counts.excluded));
    assert_eq!(by_tier.iter().sum::<u64>(), usual.votes);
    assert_ne!(board(&leaves, &dwell).counts.apart, usual.counts.apart);
}

#[test]
fn an_excluded_vote_that_is_included_again_counts_again() {
    let mut leaves = leaves();
    let votes: Vec<u64> = leaves
        .iter()
        .filter(|(_, leaf)| matches!(leaf, Leaf::Vote(vote) if vote.f.is_empty()))
        .map(|(index, _)| *index)
        .collect();
    let ruled = |index: u64| {
        let points = |leaf: &Leaf| matches!(leaf, Leaf::Exclude(ruling) if ruling.i == index);
        leaves.iter().any(|(_, leaf)| points(leaf))
    };
    let vote = *votes.iter().find(|index| !ruled(**index)).unwrap();
    let before = board(&leaves, &settings());
    let ruling = |t| crate::journal::leaf::Ruling { i: vote, rule: "test".to_owned(), t };
    let (next, time) = (leaves.len() as u64, leaves.last().unwrap().1.time());

    leaves.push((next, Leaf::Exclude(ruling(time))));
    let without = board(&leaves, &settings());
    leaves.push((next + 1, Leaf::Include(ruling(time))));
    let again = board(&leaves, &settings());

    assert_eq!(without.votes + 1, before.votes);
    assert!(without.excluded_by.contains(&("test".to_owned(), 1)));
    assert_eq!((again.votes, &again.models), (before.votes, &before.models));
}

#[test]
fn all_methods_give_a_board() {
    let leaves = leaves();
    for method in [Method::BradleyTerry, Method::Davidson, Method::RaoKupper, Method::Elo] {
        let board = board(&leaves, &Settings { method, ..settings() });
        let rated = board.models.iter().filter(|row| row.rating.is_some()).count();

        assert!(rated >= 3, "{method:?}");
        assert_eq!(board.models.iter().any(|row| row.low.is_some()), method != Method::Elo);
    }
    let dropped = Settings { ties: TieRule::Drop, both_bad: BothBadRule::Drop, ..settings() };
    assert_eq!(board(&leaves, &dropped).models.len(), 5);
}

#[test]
fn voters_who_vote_a_lot_weigh_no_more_than_the_cap() {
    let board = board(&leaves(), &Settings { cap_votes: 10, ..settings() });

    assert_eq!(board.cap, Some(1000));
    assert!(board.capped_voters > 20, "{}", board.capped_voters);
    assert!(board.models.iter().all(|row| row.used < row.votes || row.votes == 0));
}

#[test]
fn a_log_without_votes_has_a_board_without_ratings() {
    let leaves: Vec<_> = leaves().into_iter().take(5).collect();

    let board = board(&leaves, &settings());

    assert!(board.votes == 0 && board.models.iter().all(|row| row.rating.is_none()));
    assert_eq!(compute([], &settings()).map(|bytes| bytes.is_empty()), Ok(false));
}

#[test]
fn leaves_that_are_missing_are_noticed() {
    let mut leaves = leaves();
    leaves.remove(7);

    let outcome = compute(leaves, &settings());

    assert_eq!(outcome, Err(BoardError::Order { expected: 7, found: 8 }));
}

#[test]
fn settings_have_one_form_and_a_bound_on_their_cost() {
    let text = settings().to_text();

    assert_eq!(Settings::parse(&text), Some(settings()));
    for (from, to) in
        [("200", "20001"), ("\"v\":1", "\"v\":2"), (":", ": "), ("\"seed\":3", "\"seed\":3.0")]
    {
        assert_eq!(Settings::parse(&text.replacen(from, to, 1)), None, "{to}");
    }
}

#[test]
fn boards_that_are_a_hundredth_apart_pass_and_two_do_not() {
    let board = board(&leaves(), &settings());
    let mut near = board.clone();
    near.models[0].rating = near.models[0].rating.map(|rating| rating + 1);
    let mut far = board.clone();
    far.models[1].low = far.models[1].low.map(|low| low - 2);
    let mut other = board.clone();
    other.counts.open += 1;

    assert_eq!(board.differs_from(&near), None);
    assert_eq!(board.differs_from(&far), Some("low"));
    assert_eq!(board.differs_from(&other), Some("counts or settings"));
}
