//! Votes that do not look like those of people who compare answers: by account, by cohort, over time.
//!
//! Three tests, each on residuals (what was voted minus what was to be expected), each against a reference that the votes
//! in question are not part of, and each with its false alarms under honest voters who have tastes of their own:
//! * [`accounts`]: one voter at a time, three statistics against a Monte-Carlo null. It stands beside the e-process of
//!   [`crate::ranking::screen`], which knows rules (left, coin, "favours X") and may be looked at after every vote.
//! * [`cohorts`]: the residuals of a group of voters added up by model: creation day, network, kind of browser,
//!   questions alike. Each voter of a group may be unremarkable.
//! * [`drifts`]: cumulated residuals of a model in the order of time, for groups that nobody can name.
//!
//! `crowd` is the null: strengths, ties and tastes. `ground` brings votes and fit together.
//!
//! A finding is a reason to look. Nothing here excludes anybody: that is a decision of a person, with a public entry.
//! What cannot be found: a group that votes for a model no more than its own taste would, spread over time and accounts.

mod accounts;
mod cohorts;
pub mod crowd;
mod drifts;
mod ground;
#[cfg(test)]
mod tests;

pub use accounts::{Account, AccountTest, accounts, flag_accounts};
pub use cohorts::{Cohort, CohortTest, Cohorts, cohorts};
pub use drifts::{Drift, DriftTest, Drifts, drifts};

/// Standard deviation of how much better or worse than everyone an honest voter finds one model, in Elo points.
pub const TASTE_ELO: f64 = 60.0;
