//! JSON: a list of objects, or one object a line. Each object is a row, its names are columns.

use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::batch::{Batch, single};
use super::error::{FileError, Place};
use super::layout::{Header, Layout};
use super::{FileVotes, Options};

/// The text of one row, and its line.
type Element<'a> = (u64, &'a [u8]);

/// Reads a list of objects.
pub(super) fn read_list(text: &[u8], options: &Options) -> Result<FileVotes, FileError> {
    let list: Vec<&RawValue> = serde_json::from_slice(text).map_err(|error| FileError::Row {
        place: Place::Line(error.line() as u64),
        reason: error.to_string(),
    })?;
    let (mut line, mut seen) = (1, 0);
    let mut elements = Vec::with_capacity(list.len());
    for element in list {
        let element = element.get().as_bytes();
        let at = element.as_ptr() as usize - text.as_ptr() as usize;
        line += memchr::memchr_iter(b'\n', &text[seen..at]).count() as u64;
        seen = at;
        elements.push((line, element));
    }
    read(&elements, options)
}

/// Reads one object a line.
pub(super) fn read_lines(text: &[u8], options: &Options) -> Result<FileVotes, FileError> {
    let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let elements: Vec<Element> = (1..).zip(lines).filter(|(_, line)| !line.is_empty()).collect();
    read(&elements, options)
}

fn read(elements: &[Element<'_>], options: &Options) -> Result<FileVotes, FileError> {
    let mut names = Names::default();
    let mut first_problem = None;
    for (line, element) in elements {
        if let Err(reason) = visit(element, Pass::Names(&mut names)) {
            first_problem.get_or_insert(FileError::Row { place: Place::Line(*line), reason });
        }
    }
    let header = Header::new(names.list.clone())?;
    let Some(layout) = Layout::find(&header, options.keep)? else {
        let columns = super::verdict::shown_columns(&names.list.join(","));
        return Err(first_problem.unwrap_or(FileError::Columns(columns)));
    };
    let mut wanted = vec![false; header.len()];
    layout.columns().into_iter().for_each(|column| wanted[column] = true);
    let mut batch = Batch::new(&layout, options.skip_bad_rows);
    let mut cells = vec![String::new(); header.len()];
    for (line, element) in elements {
        cells.iter_mut().for_each(String::clear);
        let pass = Pass::Cells { names: &names, wanted: &wanted, cells: &mut cells };
        let go_on = match visit(element, pass) {
            Ok(()) => batch.add(*line, &cells),
            Err(reason) => batch.refuse(*line, reason),
        };
        if !go_on {
            break;
        }
    }
    single(batch, &layout, options.skip_bad_rows, Place::Line)
}

/// The names of all objects, in the order in which they first occur.
#[derive(Default)]
struct Names {
    list: Vec<String>,
}

impl Names {
    /// Names mostly come in one order, so the one after the last is tried first.
    fn find(&self, name: &str, hint: usize) -> Option<usize> {
        match self.list.get(hint) {
            Some(known) if known == name => Some(hint),
            _ => self.list.iter().position(|known| known == name),
        }
    }
}

/// What one look at an object is for.
enum Pass<'a> {
    Names(&'a mut Names),
    Cells { names: &'a Names, wanted: &'a [bool], cells: &'a mut [String] },
}

fn visit(element: &[u8], pass: Pass<'_>) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_slice(element);
    pass.deserialize(&mut reader).and_then(|()| reader.end()).map_err(|error| {
        // The line within this piece is not the line of the file.
        let text = error.to_string();
        text.split(" at line ").next().unwrap_or(&text).to_owned()
    })
}

impl<'de> DeserializeSeed<'de> for Pass<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pass<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with named fields")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut seen: Vec<usize> = Vec::new();
        let mut hint = 0;
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let at = match &mut self {
                Pass::Names(names) => names.find(&name, hint).unwrap_or_else(|| {
                    names.list.push(name.clone().into_owned());
                    names.list.len() - 1
                }),
                Pass::Cells { names, .. } => names.find(&name, hint).unwrap_or(usize::MAX),
            };
            if seen.contains(&at) {
                return Err(A::Error::custom(format!("the field `{name}` occurs twice")));
            }
            seen.push(at);
            hint = at.saturating_add(1);
            match &mut self {
                Pass::Cells { wanted, cells, .. } if wanted.get(at) == Some(&true) => {
                    write(map.next_value()?, &mut cells[at]);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Writes a value as a cell of a table has it.
fn write(value: Value, cell: &mut String) {
    match value {
        Value::Null => {}
        Value::String(text) => *cell = text,
        other => *cell = other.to_string(),
    }
}
