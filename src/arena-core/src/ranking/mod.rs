//! Rankings as pure functions of vote counts: [`compute`] turns [`Counts`] and [`Settings`] into a [`Board`].
//!
//! The way of the data: `counts` (what was voted) -> `connectivity` (who can be compared at all) -> `coding`
//! (what a tie is worth) -> `fit` with `bradley_terry` or `ties` (strengths) -> `sandwich` (covariance) ->
//! `frame` (the scale) -> `ranks` -> `board`. `elo` stands beside it: it reads votes in order, not counts.
//!
//! What counts cannot hold starts from `votes` (who voted, on what, with what weight): `weights`, `clusters` ->
//! `clustered` or `bootstrap` (other covariances and intervals, put on a board by [`compute_with`] and
//! [`compute_resampled`]), `covariates` -> `position` and `style`, `screening`, `leave_out`. `balanced` weighs pairs from counts alone. What is
//! read off a fit: `fragility`, `matrix`, `probability`, `pairing_gain`, `contrast` and `power`. `slices` puts several
//! boards on one scale. `running` follows single votes between fits. `standing` is the board of a site: caps, clusters and fit together.
//!
//! What is not here: votes and models by their ids (the caller maps ids to indices), what makes a slice (it is another
//! [`Counts`]), storage, rounding and wording.

mod balanced;
pub mod board;
mod bootstrap;
mod bradley_terry;
mod clustered;
mod clusters;
mod coding;
mod connectivity;
mod contrast;
mod counts;
mod covariate_table;
mod covariates;
mod dense;
pub(crate) mod draws;
mod elo;
mod fit;
mod follow;
mod fragility;
mod frame;
mod lanes;
mod leave_out;
mod matrix;
mod newton;
mod pairing_gain;
mod position;
mod power;
mod probability;
mod ranks;
mod row_clusters;
mod running;
mod sandwich;
mod screening;
mod slices;
pub mod standing;
mod style;
mod style_features;
mod style_votes;
#[cfg(test)]
mod tests;
mod threads;
mod ties;
mod votes;
mod weights;
mod widest;

pub use balanced::fit_balanced;
pub use board::{
    Board, Row, Settings, compute, compute_controlled, compute_resampled, compute_with,
};
pub use bootstrap::{Bootstrap, Resample};
pub use clusters::Clusters;
pub use coding::{BothBadRule, Coding, TieRule};
pub use connectivity::{Status, components};
pub use contrast::{Contrast, Pick, contrast};
pub use counts::{Counts, Outcome, Record, Tally, Vote};
pub use covariates::{Adjusted, Effect};
pub use elo::{Elo, order_averaged_elo};
pub use fit::{Fit, Method, fit};
pub use fragility::Fragility;
pub use frame::{Estimate, Frame};
pub use matrix::{Matchup, WinMatrix, win_matrix};
pub use pairing_gain::{PairWeight, pairing_weights};
pub use position::{Position, clustered_position, position};
pub use power::further_votes;
pub use probability::{probability_better, tie_groups};
pub use ranks::{Ranks, critical_value};
pub use running::Running;
pub use sandwich::{Covariance, SmallSample};
pub use screening::{Alternative, Suspicion, flag, screen};
pub use slices::{Missing, Slice, compute_slices, compute_slices_with, rated_in_all};
pub use style::{Controlled, Denominator, StyleSettings, StyledVote, control, control_compact};
pub use style_features::{StyleCounts, StyleFeature};
pub use style_votes::StyleVotes;
pub use votes::{AttributedVote, fit_votes};
pub use weights::{
    Influence, balance_pairs, cap_voters, inverse_probability, share_prompts, voter_cap,
};

/// Elo points per unit of log-strength: 400 / ln 10, so that +400 means odds of 10 to 1.
pub const ELO_PER_NAT: f64 = 400.0 / std::f64::consts::LN_10;

/// The rating of the average model, unless a [`Frame`] says otherwise.
pub const MEAN_RATING: f64 = 1000.0;

/// Says why a ranking, or a part of it, was not computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RankingError {
    /// Both sides of a vote are the same model.
    #[error("model {model} cannot be compared with itself")]
    SelfBattle {
        /// Index of the model.
        model: usize,
    },
    /// An index lies outside the table.
    #[error("there is no model {model} among {models}")]
    UnknownModel {
        /// The index asked for.
        model: usize,
        /// How many models the table holds.
        models: usize,
    },
    /// One cell of the table would exceed 2^32 - 1 votes of one kind.
    #[error("the count of left model {left} against right model {right} is full")]
    CellFull {
        /// Index of the model shown on the left.
        left: usize,
        /// Index of the model shown on the right.
        right: usize,
    },
    /// The models asked for cannot all be compared with each other, so that no finite estimate exists.
    #[error(
        "{models} models form {components} groups that cannot be compared; rate one group at a time"
    )]
    Disconnected {
        /// How many models were to be rated.
        models: usize,
        /// Into how many strongly connected groups they fall.
        components: usize,
    },
    /// A method with a tie parameter met votes that do not determine it, for example votes without any tie.
    #[error("these votes give {method} no finite tie parameter; use bradley_terry")]
    TiesUndetermined {
        /// The method asked for.
        method: Method,
    },
    /// The iteration stopped before it met its accuracy, so there is no estimate.
    #[error("fitting {method} did not converge in {iterations} steps")]
    NotConverged {
        /// The method asked for.
        method: Method,
        /// Newton steps taken.
        iterations: usize,
    },
    /// A covariance could not be computed from the information at the estimate.
    #[error("the {matrix} matrix is not positive definite")]
    Singular {
        /// Which matrix.
        matrix: &'static str,
    },
    /// The model that should fix the scale has no published rating.
    #[error("anchor model {model} has no rating; anchor another model or use the mean")]
    AnchorNotRated {
        /// Index of the anchor.
        model: usize,
    },
    /// A model of the set that should fix the scale has no published rating.
    #[error(
        "model {model} of the reference set has no rating; leave it out of the set or use the mean"
    )]
    ReferenceNotRated {
        /// Index of the model.
        model: usize,
    },
    /// A set of models that something is compared with has no member.
    #[error("a set of models is empty")]
    EmptySet,
    /// The mean of all ratings should be the zero of several slices, but they rate different models.
    #[error("slices share no mean; name an anchor or a reference set")]
    NoSharedFrame,
    /// The rating that should fix the scale, or one to continue from, is not a finite number.
    #[error("{value} is not a rating")]
    NotARating {
        /// The value given.
        value: f64,
    },
    /// The weight of a vote is negative or not a finite number.
    #[error("{value} is not a weight")]
    NotAWeight {
        /// The value given.
        value: f64,
    },
    /// The votes given are not those that were fitted.
    #[error("the votes between models {model} and {rival} are not those that were fitted")]
    OtherVotes {
        /// Index of one model.
        model: usize,
        /// Index of the other.
        rival: usize,
    },
    /// Single votes of a weighted fit were to be drawn or dropped.
    #[error("weighted votes cannot be drawn or dropped one by one from their counts")]
    WeightedCounts,
    /// Too many resamples have no estimate.
    #[error("{apart} of {draws} resamples have no estimate, too many for this interval")]
    ResamplesApart {
        /// How many have none.
        apart: usize,
        /// How many were drawn.
        draws: usize,
    },
    /// A model is not among those that were fitted.
    #[error("model {model} was not fitted")]
    NotAMember {
        /// Index of the model.
        model: usize,
    },
    /// A feature is the same in all votes, so that it cannot be scaled and has no effect.
    #[error("the feature {feature} does not differ between votes; leave it out")]
    ConstantFeature {
        /// Which feature.
        feature: &'static str,
    },
    /// A weight was given where only counted votes can be used.
    #[error("a vote of weight {value} cannot be used here, only weights 0 and 1")]
    WeightedVote {
        /// The weight.
        value: f64,
    },
    /// A number is no probability that can be used here.
    #[error("{value} is not a probability above 0")]
    NotAProbability {
        /// The value given.
        value: f64,
    },
    /// A difference, or its standard error, is no number to reckon with.
    #[error("{size} with a standard error of {error} is not a difference")]
    NotADifference {
        /// The difference.
        size: f64,
        /// Its standard error.
        error: f64,
    },
    /// More of the best models were asked for than a set has.
    #[error("the best {wanted} of a set of {models} models cannot be taken")]
    TooFewModels {
        /// How many were to be taken.
        wanted: usize,
        /// How many there are.
        models: usize,
    },
    /// Something is defined for one method only.
    #[error("this needs a fit with bradley_terry, not {method}")]
    OnlyBradleyTerry {
        /// The method of the fit.
        method: Method,
    },
    /// Something needs the chance of a tie, which this method does not give.
    #[error("{method} says nothing about ties; fit davidson or rao_kupper")]
    NeedsTies {
        /// The method of the fit.
        method: Method,
    },
    /// There are too few clusters of votes to see how much they differ.
    #[error("{found} clusters of votes are too few, at least {needed} are needed")]
    TooFewClusters {
        /// How many there are.
        found: usize,
        /// The least number that gives an answer.
        needed: usize,
    },
    /// Too few random draws or permutations were asked for.
    #[error("{given} random draws are too few, at least {needed} are needed")]
    TooFewDraws {
        /// How many were asked for.
        given: usize,
        /// The least number that gives an answer.
        needed: usize,
    },
}
