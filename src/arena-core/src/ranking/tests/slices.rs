//! Slices on one scale, and those that cannot be put there.

use super::{assert_close, counts};
use crate::ranking::{
    Coding, Counts, Frame, Missing, RankingError, Settings, Slice, Status, compute, compute_slices,
    compute_slices_with, rated_in_all,
};

fn settings(frame: Frame) -> Settings {
    Settings { frame, draws: 200, ..Settings::new(1) }
}

fn set(models: &[usize]) -> Frame {
    Frame::Reference { models: models.to_vec(), rating: 1000.0 }
}

/// In the second slice model 3 has a rating too; in the third model 1 has too few votes; the fourth is empty; in the
/// fifth model 0 never lost.
fn slices() -> Vec<Counts> {
    vec![
        counts(4, &[(0, 1, 30, 20, 4), (1, 2, 25, 25, 0), (2, 0, 20, 40, 1)]),
        counts(4, &[(0, 1, 70, 30, 0), (1, 2, 35, 25, 5), (2, 0, 20, 40, 1), (3, 0, 90, 10, 0)]),
        counts(4, &[(0, 2, 30, 20, 0), (1, 2, 5, 4, 0), (3, 2, 25, 25, 0)]),
        counts(4, &[]),
        counts(4, &[(0, 1, 60, 0, 0), (1, 2, 30, 30, 0), (0, 2, 9, 0, 0)]),
    ]
}

#[test]
fn anchored_slices_have_the_reference_mean_in_common_and_the_others_say_what_is_missing() {
    let found = compute_slices(&slices(), &settings(set(&[0, 1]))).unwrap();

    for slice in &found[..2] {
        let rating = |model: usize| slice.board().unwrap().rows[model].rating.unwrap().rating;
        assert_close(&[(rating(0) + rating(1)) / 2.0], &[1000.0], 1e-9);
    }
    let missing = |slice: &Slice| match slice {
        Slice::NotAnchored { missing } => missing.clone(),
        Slice::Anchored(_) => panic!("anchored"),
    };
    let one = |model, status| Missing { model, status };
    assert_eq!(missing(&found[2]), [one(1, Status::TooFewVotes)]);
    assert_eq!(missing(&found[3]), [one(0, Status::NoVotes), one(1, Status::NoVotes)]);
    assert_eq!(missing(&found[4]), [one(0, Status::Undefeated)]);
    assert_eq!(found[2].board(), None);
}

#[test]
fn an_anchored_slice_is_the_board_of_its_counts() {
    let settings = settings(Frame::Anchor { model: 2, rating: 1114.0 });

    let found = compute_slices(&slices(), &settings).unwrap();

    for at in [0, 1, 2, 4] {
        assert_eq!(found[at].board(), Some(&compute(&slices()[at], &settings).unwrap()));
    }
    assert!(found[3].board().is_none());
}

#[test]
fn a_strong_newcomer_in_one_slice_shifts_nobody_there_against_other_slices() {
    let mut slices = slices();
    let frame = set(&[0, 1, 2]);
    let with = compute_slices(&slices, &settings(frame.clone())).unwrap();
    slices[1] = counts(4, &[(0, 1, 70, 30, 0), (1, 2, 35, 25, 5), (2, 0, 20, 40, 1)]);

    let without = compute_slices(&slices, &settings(frame)).unwrap();

    let ratings = |slice: &Slice| -> Vec<f64> {
        slice.board().unwrap().rows[..3].iter().map(|row| row.rating.unwrap().rating).collect()
    };
    assert_close(&ratings(&with[1]), &ratings(&without[1]), 1e-9);
    assert_eq!(ratings(&with[0]), ratings(&without[0]));
}

#[test]
fn models_rated_in_all_slices_can_be_found() {
    let slices = slices();

    assert_eq!(rated_in_all(&slices[..1], Coding::default()), [0, 1, 2]);
    assert_eq!(rated_in_all(&slices[..3], Coding::default()), [0, 2]);
    assert!(rated_in_all(&slices, Coding::default()).is_empty());
    assert!(rated_in_all(&[], Coding::default()).is_empty());
    let rated = rated_in_all(&slices[..3], Coding::default());
    let found = compute_slices(&slices[..3], &settings(set(&rated))).unwrap();
    assert!(found.iter().all(|slice| slice.board().is_some()));
}

#[test]
fn a_mean_an_empty_set_a_repeated_and_an_unknown_model_are_refused() {
    let refused = |frame| compute_slices(&slices(), &settings(frame)).unwrap_err();

    assert_eq!(refused(Frame::Mean(1000.0)), RankingError::NoSharedFrame);
    assert_eq!(refused(set(&[])), RankingError::EmptySet);
    assert_eq!(refused(set(&[2, 1, 2])), RankingError::SelfBattle { model: 2 });
    let unknown = RankingError::UnknownModel { model: 7, models: 4 };
    assert_eq!(refused(set(&[0, 7])), unknown);
}

#[test]
fn an_error_in_one_slice_is_an_error() {
    let result = compute_slices_with(&slices(), &settings(set(&[0, 1])), |slice, _| {
        Err(RankingError::UnknownModel { model: slice, models: 0 })
    });

    assert_eq!(result, Err(RankingError::UnknownModel { model: 0, models: 0 }));
}
