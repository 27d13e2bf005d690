//! The report: claims about country, licence and size tested on public votes and on the site's own.

pub mod document;
