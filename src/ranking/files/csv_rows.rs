//! CSV: its delimiter, its header, and its rows one by one where they are not simple.

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::batch::{Batch, join, single};
use super::error::{FileError, Place};
use super::layout::{Header, Layout};
use super::{FileVotes, Options, quick_csv};

/// What a comma may be instead; spreadsheets in many countries write semicolons.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

pub(super) fn read(text: &[u8], options: &Options) -> Result<FileVotes, FileError> {
    let (delimiter, layout, body) = open(text, options)?;
    let skip = options.skip_bad_rows;
    let quick = match layout.reactions {
        // Reactions on one answer may stand far apart.
        Some(_) => None,
        None => {
            let batch = || Batch::new(&layout, skip);
            let rest = &text[body.start..];
            quick_csv::read(rest, delimiter, options.threads(), batch)
        }
    };
    match quick {
        Some(batches) => join(batches, &layout, skip, body.line, Place::Line),
        None => {
            let batch = read_all(reader(text, delimiter), &layout, skip)?;
            single(batch, &layout, skip, Place::Line)
        }
    }
}

/// Where the rows begin.
struct Body {
    start: usize,
    line: u64,
}

/// Finds the first delimiter under which the header is that of a known layout.
fn open(text: &[u8], options: &Options) -> Result<(u8, Layout, Body), FileError> {
    let mut as_commas = String::new();
    for delimiter in DELIMITERS {
        let mut reader = reader(text, delimiter);
        let mut first = ByteRecord::new();
        reader.read_byte_record(&mut first).map_err(refusal)?;
        let names = header(&first)?;
        if delimiter == DELIMITERS[0] {
            as_commas = names.join(",");
        }
        if let Some(layout) = Layout::find(&Header::new(names)?, options.keep)? {
            let position = reader.position();
            let start = usize::try_from(position.byte()).unwrap_or(text.len()).min(text.len());
            return Ok((delimiter, layout, Body { start, line: position.line() }));
        }
    }
    Err(FileError::Columns(super::verdict::shown_columns(&as_commas)))
}

fn header(record: &ByteRecord) -> Result<Vec<String>, FileError> {
    let name = |cell: &[u8]| {
        let text = std::str::from_utf8(cell).map(str::to_owned);
        text.map_err(|_| FileError::Row { place: Place::Line(1), reason: NOT_UTF8.to_owned() })
    };
    record.iter().map(name).collect()
}

const NOT_UTF8: &str = "this is no UTF-8 text; save the file as UTF-8";

fn reader(text: &[u8], delimiter: u8) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text)
}

fn refusal(error: csv::Error) -> FileError {
    let line = error.position().map_or(1, csv::Position::line);
    FileError::Row { place: Place::Line(line), reason: error.to_string() }
}

fn read_all<'l>(
    mut reader: Reader<&[u8]>,
    layout: &'l Layout,
    skip_bad_rows: bool,
) -> Result<Batch<'l>, FileError> {
    let mut batch = Batch::new(layout, skip_bad_rows);
    let mut record = ByteRecord::new();
    reader.read_byte_record(&mut record).map_err(refusal)?;
    while reader.read_byte_record(&mut record).map_err(refusal)? {
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
        let go_on = match cells {
            Ok(cells) => batch.add(line, &cells),
            Err(_) => batch.refuse(line, NOT_UTF8.to_owned()),
        };
        if !go_on {
            break;
        }
    }
    Ok(batch)
}
