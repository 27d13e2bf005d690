//! Battles from the draw of the pair to the last word before the vote.
#![cfg(test)]

mod failures;
mod limits;
mod opening;
mod privacy;
mod stream;
mod turns;
