//! The e-process of `ranking::screen` under honest voters with tastes, for which it was not made.

use super::*;
use crate::ranking::{Coding, Method, fit_votes, flag, screen};

#[test]
fn honest_voters_with_tastes_are_rarely_flagged_by_the_e_process() {
    for (seed, each) in [(51, 20), (52, 50), (53, 100)] {
        let votes = honest(0..300, each, &mut rng(seed));
        let fit = fit_votes(&votes, &members(), Method::Davidson, Coding::default()).unwrap();

        let found = screen(&fit, &votes).unwrap();

        let high = found.iter().filter(|one| one.log_e_max >= 20.0_f64.ln()).count();
        let flagged = flag(&found, 0.05).unwrap();
        println!("{each} votes: {high} of 300 ever above 20, flagged {flagged:?}, seed {seed}");
        assert!(high <= 15, "{high}, seed {seed}");
        assert!(flagged.is_empty(), "seed {seed}");
    }
}
