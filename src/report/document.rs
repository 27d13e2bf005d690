//! What a report says, without how it is drawn: sections, tables, charts and claims.
//!
//! The statistics fill it (`history`, `record`, `agreement`, ...), `charts` turns a figure into a Vega-Lite spec and
//! `pages` prints it. A chart names columns of the table beside it, so that picture, table and CSV cannot differ.

use serde::Serialize;

/// A whole report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Heading of the page.
    pub title: String,
    /// Paragraphs below it.
    pub summary: Vec<String>,
    /// The claims tested, in the order of their numbers; each belongs to a section.
    pub claims: Vec<Claim>,
    /// Claims that no number could be given for, so that they are not among `claims`; mostly on a site with few votes.
    pub untested: Vec<Untested>,
    /// The parts of the page.
    pub sections: Vec<Section>,
}

/// One part of a report: one source of votes, or one question asked of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// Address on the page, lower case with hyphens; unique.
    pub id: &'static str,
    /// Heading.
    pub title: String,
    /// What is shown and how to read it, a paragraph each, plain text.
    pub paragraphs: Vec<String>,
    /// One line: where the numbers come from (votes, period, method, licence).
    pub source: String,
    /// Tables, with a chart or without, in order.
    pub figures: Vec<Figure>,
}

/// A table, and the chart drawn from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Name of the CSV file and address on the page, lower case with hyphens; unique in the report.
    pub id: &'static str,
    /// What it shows.
    pub title: String,
    /// The numbers.
    pub table: Table,
    /// The picture of them, where one helps.
    pub chart: Option<Chart>,
}

/// Rows under named columns. Every row has one cell a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, in the order shown.
    pub rows: Vec<Vec<Cell>>,
}

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Column {
    /// Name in CSV, JSON and charts, lower case with underscores.
    pub key: &'static str,
    /// Heading on the page, with the unit where there is one.
    pub label: &'static str,
    /// Digits after the point on the page; files keep more.
    pub decimals: usize,
}

/// One cell of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Words; also a date as `2024-12-31` and a country as its ISO 3166 code.
    Text(String),
    /// A measured number; finite.
    Number(f64),
    /// A count.
    Count(u64),
    /// Nothing is known; an empty cell.
    Missing,
}

/// How a table is drawn. The fields name columns of that table by their keys.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Chart {
    /// One line a row: a point with its interval, in the order of the rows.
    Forest {
        /// Who.
        label: &'static str,
        /// Point.
        value: &'static str,
        /// Lower end.
        low: &'static str,
        /// Upper end.
        high: &'static str,
        /// Colour, usually the country.
        group: Option<&'static str>,
    },
    /// A value over dates, one line a group, with its interval as a band where it is known.
    Lines {
        /// Date.
        date: &'static str,
        /// Height.
        value: &'static str,
        /// Lower and upper end.
        interval: Option<(&'static str, &'static str)>,
        /// One line each.
        group: Option<&'static str>,
        /// Shown when pointing at a dot, for example the model's name.
        detail: Option<&'static str>,
        /// Whether a line at zero is drawn, for differences.
        zero: bool,
    },
    /// Parts of a whole over dates, stacked.
    Shares {
        /// Date.
        date: &'static str,
        /// Part, a count or a share.
        value: &'static str,
        /// What it is a part of.
        group: &'static str,
    },
    /// Bars of counts, one group of bars a category.
    Bars {
        /// Category.
        category: &'static str,
        /// Length.
        value: &'static str,
        /// Colour.
        group: Option<&'static str>,
    },
    /// A square of models against models.
    Matrix {
        /// Row.
        row: &'static str,
        /// Column.
        column: &'static str,
        /// Shade.
        value: &'static str,
        /// Whether the middle of the shades is 0.5 (win rates), else shades start at 0 (counts).
        rate: bool,
    },
    /// One dot with interval a specification, sorted by value, and below it which choices were made.
    Curve {
        /// Point.
        value: &'static str,
        /// Lower end.
        low: &'static str,
        /// Upper end.
        high: &'static str,
        /// One column a choice, shown as a grid of dots below.
        choices: &'static [&'static str],
        /// The column that is `main` for the specification of the claim, else `other`.
        marked: &'static str,
    },
}

/// A sentence somebody may cite, tested.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// `C1`, `C2`, ...
    pub id: String,
    /// The section with its numbers.
    pub section: &'static str,
    /// The claim in words; true or false, nothing between.
    pub words: String,
    /// What is measured for it, in words with unit.
    pub statistic: String,
    /// The measurement.
    pub estimate: Measured,
    /// What the votes say.
    pub verdict: Verdict,
    /// Why, in a sentence; with the votes still needed where there are not enough.
    pub reason: String,
    /// Votes that the comparison rests on.
    pub votes: u64,
    /// Further votes needed to tell an effect of this size from none with 80 % power at the 5 % level, two-sided;
    /// `None` if the interval excludes zero already, or if no number of votes would do.
    pub votes_needed: Option<u64>,
    /// The same statistic under every other defensible choice; a figure with [`Chart::Curve`].
    pub curve: Option<Figure>,
}

/// A claim about which the votes give no number at all yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Untested {
    /// Number, continuing those of the claims tested.
    pub id: String,
    /// The section that says more.
    pub section: &'static str,
    /// The claim in words.
    pub words: String,
    /// Always [`Verdict::NotEnoughVotes`].
    pub verdict: Verdict,
    /// What is missing, in a sentence.
    pub reason: String,
    /// Votes that there are.
    pub votes: u64,
}

/// A number with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Point estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What the votes say about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval lies on the side the claim says.
    Supported,
    /// The whole interval lies on the other side, or the claim is one of exact figures and they differ.
    NotSupported,
    /// The interval holds both.
    NotEnoughVotes,
}

impl Verdict {
    /// The words on pages and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Supported => "supported",
            Verdict::NotSupported => "not supported",
            Verdict::NotEnoughVotes => "not enough votes",
        }
    }
}
