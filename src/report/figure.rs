//! One figure in the words of a page: its table, its picture and where its files are.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::charts::{self, ChartError, plot};
use super::document::{Cell, Figure};
use super::files::{self, FilesError};
use crate::kit::wording;

/// Where the files of a figure are found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At an address of the site.
    Site,
    /// In the page itself, as `data:` links.
    Inside,
}

pub(super) struct FigurePart<'a> {
    pub(super) id: &'static str,
    pub(super) title: &'a str,
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<Vec<Shown>>,
    pub(super) count: String,
    pub(super) csv: String,
    pub(super) chart: Option<ChartPart>,
}

pub(super) struct ChartPart {
    pub(super) description: String,
    pub(super) bundle: String,
    pub(super) spec: String,
}

pub(super) struct Head {
    pub(super) label: &'static str,
    pub(super) number: bool,
}

pub(super) struct Shown {
    pub(super) words: String,
    pub(super) number: bool,
    /// Whether it names its row.
    pub(super) names: bool,
}

pub(super) fn figure_part(figure: &Figure, place: Place) -> Result<FigurePart<'_>, FilesError> {
    let table = &figure.table;
    let drawing = charts::draw(figure)?;
    let csv = match place {
        Place::Site => format!("/report/{}.csv", figure.id),
        Place::Inside => data_link("text/csv;charset=utf-8", &files::csv(figure)?),
    };
    let chart = |drawing: charts::Drawing| ChartPart {
        bundle: inert(&drawing.bundle()),
        spec: match place {
            Place::Site => format!("/report/{}.vl.json", figure.id),
            Place::Inside => data_link("application/json", drawing.alone().to_string().as_bytes()),
        },
        description: drawing.description,
    };
    let (heads, rows) = cells(figure)?;
    let count = wording::counted(i64::try_from(table.rows.len()).unwrap_or(i64::MAX), "row");
    Ok(FigurePart {
        id: figure.id,
        title: &figure.title,
        heads,
        rows,
        count,
        csv,
        chart: drawing.map(chart),
    })
}

/// Head and rows of a table in words; the first column of words names the row.
pub(super) fn cells(figure: &Figure) -> Result<(Vec<Head>, Vec<Vec<Shown>>), ChartError> {
    let (table, plot) = (&figure.table, plot::Plot::new(figure)?);
    let is_number = |at: usize| {
        let mut cells = table.rows.iter().map(|cells| &cells[at]);
        cells.all(|cell| !matches!(cell, Cell::Text(_)))
    };
    let numbers: Vec<bool> = (0..table.columns.len()).map(is_number).collect();
    let naming = numbers.iter().position(|number| !number);
    let heads = table.columns.iter().zip(&numbers);
    let shown = |(at, cell): (usize, &Cell), row: &[Cell]| Shown {
        words: match cell {
            Cell::Text(_) => plot.words(row, at),
            Cell::Number(number) => plot::decimal(*number, table.columns[at].decimals),
            Cell::Count(number) => count(*number),
            Cell::Missing => "–".to_owned(),
        },
        number: numbers[at],
        names: naming == Some(at),
    };
    let row = |cells: &Vec<Cell>| cells.iter().enumerate().map(|cell| shown(cell, cells)).collect();
    Ok((
        heads.map(|(column, number)| Head { label: column.label, number: *number }).collect(),
        table.rows.iter().map(row).collect(),
    ))
}

pub(super) fn count(number: u64) -> String {
    wording::count(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(super) fn data_link(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", BASE64_STANDARD.encode(bytes))
}

/// JSON that can stand inside a script element: nothing in it ends the element or opens a comment.
pub(super) fn inert(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c")
}
