//! The report: claims about country, licence and size tested on public votes and on the site's own.
//!
//! `document` is what a report says; `charts`, `pages` and `files` turn it into pictures, pages and files.

pub mod charts;
pub mod document;
mod figure;
pub mod files;
pub mod handlers;
pub mod pages;
mod palette;
#[cfg(test)]
mod sample;

use std::sync::Arc;

use tokio::sync::watch;

use document::{Figure, Report};

/// The report in force, as pages read it; whoever computes reports holds the other end.
///
/// `None` until the first one is computed: the pages then say so, and the rest of the site does not wait for it.
/// A new report replaces the old one as a whole.
#[derive(Clone, Debug)]
pub struct Current(pub watch::Receiver<Option<Arc<Report>>>);

impl Current {
    /// A site that computes no report.
    pub fn none() -> Self {
        Self(watch::channel(None).1)
    }

    /// The report, if there is one yet.
    pub fn get(&self) -> Option<Arc<Report>> {
        self.0.borrow().clone()
    }
}

impl Report {
    /// All figures: those of the claims, then those of the sections, in the order of the page.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        let claims = self.claims.iter().filter_map(|claim| claim.curve.as_ref());
        claims.chain(self.sections.iter().flat_map(|section| &section.figures))
    }
}
