//! Doubleblind: a self-hosted arena for blind comparison of language models.
//!
//! The stages stand in the order in which data flows; a stage may import earlier ones, never later
//! ones: `journal account pool inference battle vote me ranking tracks snapshot leaderboard export report operator`,
//! and `validation` for new models.
//! `kit` holds adapters that several stages share, `cli` the commands, `app` the server.

pub mod account;
pub mod app;
pub mod battle;
pub mod cli;
pub mod config;
pub mod export;
pub mod inference;
pub mod journal;
pub mod kit;
pub mod leaderboard;
pub mod me;
pub mod operator;
pub mod pool;
pub mod ranking;
pub mod report;
pub mod snapshot;
pub mod tracks;
pub mod validation;
pub mod vote;

/// All migrations, embedded in the binary.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
