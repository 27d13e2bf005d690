//! A board that takes in single votes at once, between full computations.

use super::RankingError;
use super::board::{Board, Row};
use super::bootstrap::positions;
use super::counts::Counts;
use super::frame::{Frame, estimates};
use super::ranks::places;
use super::running::Running;

impl Board {
    /// Carries the board on by the votes that a running fit has taken since.
    ///
    /// Input: the running fit that was started from this board's fit and covariance; counts with the new votes in them.
    /// Output: the same models with ratings, intervals and places as the running fit has them, on the same scale and
    /// with the same critical value. Counts of votes are those given. A model that reaches the least number of votes
    /// meanwhile waits for the next full computation, and so does a change of status.
    /// Accuracy: that of [`Running::add`].
    /// Errors: [`RankingError::NotAMember`] if the running fit is of other models; those of the frame.
    /// Cost: M^2.
    /// Source: [`Running::add`].
    pub fn follow(&self, running: &Running, counts: &Counts) -> Result<Board, RankingError> {
        let rated = self.rows.iter().filter(|row| row.rating.is_some());
        let published: Vec<usize> = rated.map(|row| row.model).collect();
        let mut board = self.clone();
        board.votes = counts.votes();
        for row in &mut board.rows {
            recount(row, counts);
        }
        let (Some(critical_value), false) = (self.critical_value, published.is_empty()) else {
            return Ok(board);
        };
        let at = positions(running.members(), &published)?;
        let strengths: Vec<f64> = at.iter().map(|&at| running.strengths()[at]).collect();
        let covariance = running.covariance().among(&at);
        let ratings = estimates(self.settings.frame.clone(), &published, &strengths, &covariance)?;
        let marginal = estimates(Frame::default(), &published, &strengths, &covariance)?;
        let ranks = places(&strengths, &covariance, critical_value, &marginal)?;
        for ((&model, rating), rank) in published.iter().zip(ratings).zip(ranks) {
            board.rows[model].rating = Some(rating);
            board.rows[model].rank = Some(rank);
        }
        Ok(board)
    }
}

fn recount(row: &mut Row, counts: &Counts) {
    let record = counts.record(row.model).unwrap_or_default();
    row.votes = record.votes();
    row.wins = record.wins;
    row.losses = record.losses;
    row.ties = record.ties;
    row.both_bad = record.both_bad;
}
