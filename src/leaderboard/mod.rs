//! What everybody may see: the start page, the reveal of a battle, the leaderboard, the method.

pub mod handlers;
pub mod pages;
mod reveal;
