//! The integration tests: one binary, and for every test a database and a server of its own.

mod arena;
mod battle;
mod blindness;
mod database;
mod export;
mod faults;
mod hostile;
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
mod simulate;
mod stored;
mod tidy;
mod tracks;
mod vote;
