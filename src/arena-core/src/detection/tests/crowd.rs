//! Simulated voters do what the crowd says.

use super::*;
use crate::ranking::{Coding, ELO_PER_NAT, Method, fit_votes};

#[test]
fn boards_have_thirty_percent_ties_and_gaps_of_25_points() {
    let votes = honest(0..2_000, 50, &mut rng(1));

    let ties = votes.iter().filter(|vote| vote.vote.outcome == Outcome::Tie).count();
    let fit = fit_votes(&votes, &members(), Method::BradleyTerry, Coding::default()).unwrap();
    let share = ties as f64 / votes.len() as f64;
    let gap = ELO_PER_NAT * (fit.strengths()[0] - fit.strengths()[MODELS - 1]) / 11.0;
    println!("{share} ties, {gap} points");
    assert!((share - 0.3).abs() < 0.01, "{share}");
    assert!((gap - 25.0).abs() < 1.5, "{gap}");
}

#[test]
fn tastes_have_their_spread_and_no_tastes_are_everyone() {
    let crowd = crowd();
    let mut rng = rng(2);
    let mut squares = 0.0;
    for _ in 0..2_000 {
        let taste = crowd.voter(&mut rng);
        // What a taste does to the odds of two models.
        let [win, loss, _] = crowd.chances_of(&taste, 0, 1);
        let [all_win, all_loss, _] = crowd.chances(0, 1);
        squares += (ELO_PER_NAT * ((win / loss).ln() - (all_win / all_loss).ln())).powi(2);
    }
    let sd = (squares / 2_000.0_f64).sqrt();

    assert!((sd - TASTE_ELO * 2.0_f64.sqrt()).abs() < 5.0, "{sd}");
    let calm = Crowd::new(&[100.0, 0.0], 1.0, 0.0);
    let taste = calm.voter(&mut rng);
    assert_eq!(calm.chances_of(&taste, 0, 1), calm.chances(0, 1));
}

#[test]
fn a_crowd_needs_to_know_about_ties() {
    let votes = honest(0..20, 20, &mut rng(3));
    let fit = fit_votes(&votes, &members(), Method::BradleyTerry, Coding::default()).unwrap();

    let error = Crowd::of(&fit, TASTE_ELO).unwrap_err();

    assert_eq!(error, crate::ranking::RankingError::NeedsTies { method: Method::BradleyTerry });
}
