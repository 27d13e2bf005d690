//! The integration tests: one binary, and for every test a database and a server of its own.

#![expect(
    clippy::duplicate_mod,
    reason = "the drills and the hostile headers share a builder of files"
)]

mod account;
mod appending;
mod arena;
mod battle;
mod blindness;
mod chaos;
mod database;
mod erasure;
mod exclusion;
mod export;
mod faults;
mod hostile;
mod journal;
mod kit_postgres;
mod leaderboard;
mod load;
mod next_log;
mod operator;
mod process;
mod rank;
mod ranking;
mod record;
mod remote;
mod replay;
mod report;
mod sets;
mod simulate;
mod snapshot;
mod stored;
mod tidy;
mod tracks;
mod verify;
mod vote;
