//! Battles from the draw of the pair to the last word before the vote.
#![cfg(test)]

mod failures;
mod interrupted;
mod leaks;
mod limits;
mod line;
mod opening;
mod privacy;
mod reasoning;
mod stream;
mod turns;
