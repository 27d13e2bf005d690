//! The integration tests: one binary, and for every test a database and a server of its own.

mod account;
mod arena;
mod battle;
mod blindness;
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
mod process;
mod rank;
mod ranking;
mod remote;
mod replay;
mod report;
mod sets;
mod stored;
mod tidy;
mod tracks;
mod verify;
mod vote;
