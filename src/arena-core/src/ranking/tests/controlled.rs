//! The board of strengths without style.

use super::golden_file;
use crate::ranking::{
    AttributedVote, Counts, Frame, Method, RankingError, Settings, StyleCounts, StyleSettings,
    StyledVote, Vote, compute_controlled, control,
};

fn styled_votes() -> Vec<StyledVote> {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].parse::<u32>().unwrap();
        let form = |at: usize| StyleCounts {
            tokens: number(at),
            headers: number(at + 1),
            lists: number(at + 2),
            bold: number(at + 3),
        };
        let outcome = super::outcome(fields[2]);
        let vote = Vote { left: number(0) as usize, right: number(1) as usize, outcome };
        StyledVote { vote: AttributedVote::from(vote), left: form(4), right: form(8) }
    };
    golden_file("style/votes.csv").lines().skip(1).map(line).collect()
}

#[test]
fn the_controlled_board_has_the_controlled_strengths_and_all_counts() {
    let votes = styled_votes();
    let counts = Counts::from_votes(8, votes.iter().map(|styled| styled.vote.vote)).unwrap();
    let members: Vec<usize> = (0..8).collect();
    let controlled = control(&votes, &members, &StyleSettings::default()).unwrap();

    let board = compute_controlled(&counts, &Settings::new(1), &controlled).unwrap();

    let expected = controlled.adjusted.estimates(Frame::default()).unwrap();
    assert_eq!(board.votes, votes.len() as u64);
    assert_eq!(board.used_votes, board.votes);
    for (row, estimate) in board.rows.iter().zip(expected) {
        assert_eq!(row.rating, Some(estimate));
        assert_eq!(row.votes, counts.record(row.model).unwrap().votes());
    }
    let best = board.rows.iter().find(|row| row.rank.unwrap().rank == 1).unwrap();
    assert!(board.rows.iter().all(|row| row.rating.unwrap().rating <= best.rating.unwrap().rating));
}

#[test]
fn style_is_controlled_under_bradley_terry_only() {
    let votes = styled_votes();
    let counts = Counts::from_votes(8, votes.iter().map(|styled| styled.vote.vote)).unwrap();
    let members: Vec<usize> = (0..8).collect();
    let controlled = control(&votes, &members, &StyleSettings::default()).unwrap();
    let settings = Settings { method: Method::Davidson, ..Settings::new(1) };

    let refused = compute_controlled(&counts, &settings, &controlled).unwrap_err();

    assert_eq!(refused, RankingError::OnlyBradleyTerry { method: Method::Davidson });
}
