//! The report: claims about country, licence and size tested on public votes and on the site's own.
//!
//! The way of the data: `sources` (files) -> `origin` (country, licence) -> `standings` (published tables) or `rated`
//! (votes) -> `record`, `history`, `comparia`, `agreement`, `crowd`, `own` (one part each) -> `claims` and `power`
//! (verdicts) -> `document` (what is said) -> `charts`, `pages`, `files` (pictures, pages, files). `job` keeps the page of the
//! site fresh.

mod agreement;
mod cells;
pub mod charts;
mod claims;
mod comparia;
mod contrasts;
mod crowd;
mod crowd_workers;
pub mod document;
mod figure;
pub mod files;
pub mod handlers;
mod history;
mod history_tables;
mod job;
mod origin;
pub mod own;
mod own_tables;
pub mod pages;
mod palette;
mod power;
mod rated;
mod record;
mod record_claims;
#[cfg(test)]
mod sample;
pub mod sources;
mod standings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arena_core::ranking::RankingError;
use tokio::sync::watch;

use claims::{Part, numbered};
use document::{Figure, Report};
pub use job::{follow_boards, own_votes};
use own::OwnVotes;
use sources::Sources;

/// Seed of everything random in a report.
const SEED: u64 = 20_251_014;

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file is not among the sources.
    #[error("the file {file} is missing")]
    Missing {
        /// Its name.
        file: &'static str,
    },
    /// A file of the folder cannot be read.
    #[error("reading {file} failed; the folder must hold all files of the report's data")]
    Unreadable {
        /// Its name.
        file: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// A row of a file means nothing here.
    #[error("{file}, line {line}: {reason}")]
    Row {
        /// Name of the file.
        file: &'static str,
        /// From 1, the header included; 0 if unknown.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// An organisation has no country.
    #[error("{maker} is not in organizations.csv; add it with its country")]
    UnknownMaker {
        /// The organisation.
        maker: String,
    },
    /// A licence has no class.
    #[error("the licence `{licence}` is not in licences.csv; add it with its class")]
    UnknownLicence {
        /// The licence.
        licence: String,
    },
    /// Something that the report is about is not in the data.
    #[error("the data hold no {what}")]
    Absent {
        /// What is missing.
        what: &'static str,
    },
    /// The site's models and counts do not belong together.
    #[error("there are {models} models but counts of {counted}")]
    OtherModels {
        /// Models given.
        models: usize,
        /// Models in the counts.
        counted: usize,
    },
    /// A rating could not be computed.
    #[error("rating the votes failed")]
    Ranking(#[from] RankingError),
}

/// Makes the whole report: five parts from public data, and the site's own votes if there are any to report on.
///
/// Input: the files; the site's models and counts. Output: every number with interval, count, method and date.
/// Accuracy: said in each section; the same input gives the same report on the same build and processor.
/// Errors: [`ReportError`]. Cost: about a second.
/// Source: each section names its own.
pub fn build(sources: &Sources, own: Option<&OwnVotes>) -> Result<Report, ReportError> {
    let mut parts = vec![
        record::part(sources)?,
        history::part(sources)?,
        comparia::part(sources)?,
        agreement::part(sources)?,
        crowd::part(sources)?,
    ];
    if let Some(own) = own {
        parts.push(own::part(own)?);
    }
    let title = "Blind tests of language models: what the votes say".to_owned();
    let summary = vec![
        "In October 2025 newspapers wrote that Chinese open models are rated higher in blind tests than American ones. \
         This report tests that sentence, and others like it, on the public votes and ratings it rests on, and on other \
         blind tests. Everything is computed from the data that come with the program; every table can be downloaded."
            .to_owned(),
        "A verdict is `supported` if the whole 95 % interval lies on the side that the claim says, `not supported` if \
         it lies on the other side, and `not enough votes` if it holds both. Every claim has a curve that shows the same \
         number under other defensible choices. Intervals are for each number by itself: of twenty of them one is \
         expected to miss. Votes say what voters preferred, not which model is right."
            .to_owned(),
        "Choices that were ours: a model belongs to the country in which its maker has its headquarters; open weights \
         means that the weights can be downloaded, also for research only; a country is represented by its best model. \
         The tables behind these choices come with the program, and the curves show what other choices give."
            .to_owned(),
    ];
    Ok(assemble(title, summary, parts))
}

/// Makes the report on the site's own votes alone.
///
/// Input: the site's models and counts; also none or few. Output, accuracy, cost: as [`build`].
/// Errors: [`ReportError::Ranking`] if votes cannot be rated although they could be compared.
pub fn build_own(own: &OwnVotes) -> Result<Report, ReportError> {
    let summary = vec![
        "What the votes of this site say about countries, licences and sizes of models. Every number has a 95 % \
         interval; where votes are too few for one there is a status instead."
            .to_owned(),
    ];
    Ok(assemble("The votes of this site".to_owned(), summary, vec![own::part(own)?]))
}

fn assemble(title: String, summary: Vec<String>, mut parts: Vec<Part>) -> Report {
    let (claims, untested) = numbered(&mut parts);
    let sections = parts.into_iter().flat_map(|part| part.sections).collect();
    Report { title, summary, claims, untested, sections }
}

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
