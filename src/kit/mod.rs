//! Adapters that several stages share: HTTP errors, sessions, peers, Markdown, languages, embedded files, the database.

pub mod assets;
pub mod http;
pub mod language;
pub mod markdown;
pub mod peer;
pub mod postgres;
pub mod session;
pub mod undisturbed;
pub mod whereabouts;
pub mod wording;
