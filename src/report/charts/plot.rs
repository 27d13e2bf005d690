//! What all charts share: looking up columns, groups with their colours, axes and tooltips.

use serde_json::{Value, json};

use super::ChartError;
use crate::kit::wording;
use crate::report::document::{Cell, Column, Figure, Table};
use crate::report::palette::{self, Style};

/// For which width a picture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// 600 px and more.
    Wide,
    /// Less: a phone.
    Narrow,
}

impl Layout {
    /// One of two values.
    pub(super) fn pick<T>(self, wide: T, narrow: T) -> T {
        if self == Layout::Wide { wide } else { narrow }
    }
}

/// A figure whose rows are known to fit its head.
pub(crate) struct Plot<'a> {
    pub(super) figure: &'a Figure,
    countries: Vec<bool>,
}

/// The groups of one chart in the order of their first rows.
pub(super) struct Groups {
    key: &'static str,
    words: Vec<String>,
    styles: Vec<Style>,
    gap: usize,
}

impl<'a> Plot<'a> {
    pub(crate) fn new(figure: &'a Figure) -> Result<Self, ChartError> {
        let columns = figure.table.columns.len();
        for (i, cells) in figure.table.rows.iter().enumerate() {
            let row = i + 1;
            if cells.len() != columns {
                return Err(ChartError::Ragged {
                    figure: figure.id,
                    row,
                    cells: cells.len(),
                    columns,
                });
            }
            if cells.iter().any(|cell| matches!(cell, Cell::Number(number) if !number.is_finite()))
            {
                return Err(ChartError::NotFinite { figure: figure.id, row });
            }
        }
        Ok(Self { figure, countries: country_columns(&figure.table) })
    }

    pub(super) fn index(&self, key: &'static str) -> Result<usize, ChartError> {
        let mut columns = self.figure.table.columns.iter();
        let found = columns.position(|column| column.key == key);
        found.ok_or(ChartError::NoColumn { figure: self.figure.id, key })
    }

    pub(super) fn column(&self, key: &'static str) -> Result<Column, ChartError> {
        Ok(self.figure.table.columns[self.index(key)?])
    }

    /// A cell in the words of the page.
    pub(crate) fn words(&self, cells: &[Cell], at: usize) -> String {
        match &cells[at] {
            Cell::Text(text) if self.countries[at] => wording::country(text),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Count(count) => count.to_string(),
            Cell::Missing => String::new(),
        }
    }

    /// The different words of a column, in the order of their first rows.
    pub(super) fn distinct(&self, key: &'static str) -> Result<Vec<String>, ChartError> {
        Ok(self.distinct_at(self.index(key)?).into_iter().map(|(_, words)| words).collect())
    }

    /// Raw and in words.
    fn distinct_at(&self, at: usize) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for cells in &self.figure.table.rows {
            let words = self.words(cells, at);
            if !matches!(cells[at], Cell::Missing) && found.iter().all(|(_, known)| *known != words)
            {
                let raw =
                    if let Cell::Text(text) = &cells[at] { text.clone() } else { words.clone() };
                found.push((raw, words));
            }
        }
        found
    }

    /// Groups with their colours; none where there is one group only that has no colour of its own.
    pub(super) fn groups(&self, key: &'static str) -> Result<Option<Groups>, ChartError> {
        let at = self.index(key)?;
        let (raw, words): (Vec<_>, Vec<_>) = self.distinct_at(at).into_iter().unzip();
        if words.len() < 2 && !self.countries[at] {
            return Ok(None);
        }
        let raw: Vec<&str> = raw.iter().map(String::as_str).collect();
        Ok(Some(Groups { key, words, styles: palette::styles(&raw), gap: 12 }))
    }

    /// Refuses what is not a day, or a month.
    pub(super) fn check_dates(&self, key: &'static str) -> Result<(), ChartError> {
        let at = self.index(key)?;
        let mut rows = self.figure.table.rows.iter().map(|cells| self.words(cells, at));
        let wrong = rows.find(|word| !is_date(word));
        let refusal = |word| ChartError::NoDate { figure: self.figure.id, key, word };
        wrong.map_or(Ok(()), |word| Err(refusal(word)))
    }

    /// All numbers in some columns.
    pub(super) fn numbers(&self, keys: &[&'static str]) -> Result<Vec<f64>, ChartError> {
        let mut numbers = Vec::new();
        for key in keys {
            let at = self.index(key)?;
            numbers.extend(self.figure.table.rows.iter().filter_map(|cells| number(&cells[at])));
        }
        Ok(numbers)
    }

    /// Whether an axis over these columns would have zero outside of its numbers.
    pub(super) fn is_free_of_zero(&self, keys: &[&'static str]) -> Result<bool, ChartError> {
        let numbers = self.numbers(keys)?;
        Ok(numbers.iter().all(|number| *number > 0.0) || numbers.iter().all(|number| *number < 0.0))
    }

    /// The title of an axis, with its unit, and whether zero is missing from it; in lines that fit.
    pub(super) fn axis_title(
        &self,
        key: &'static str,
        zero_free: bool,
        layout: Layout,
    ) -> Result<Vec<String>, ChartError> {
        let note = if zero_free { " (the axis does not start at zero)" } else { "" };
        let text = format!("{}{note}", self.column(key)?.label);
        Ok(broken(&text, layout.pick(120, 42)))
    }

    /// What pointing at a mark shows: the cells of its row, as in the table.
    pub(super) fn tooltip(&self, keys: &[&'static str]) -> Result<Value, ChartError> {
        let entry = |key: &&'static str| {
            let (column, at) = (self.column(key)?, self.index(key)?);
            let mut cells = self.figure.table.rows.iter().map(|cells| &cells[at]);
            Ok(match cells.any(|cell| number(cell).is_some()) {
                true => json!({
                    "field": key, "type": "quantitative", "title": column.label,
                    "format": format!(",.{}f", column.decimals),
                }),
                false => json!({ "field": key, "type": "nominal", "title": column.label }),
            })
        };
        keys.iter().map(entry).collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    /// From where to where a column goes, and in which rows.
    pub(super) fn range(&self, key: &'static str, name: Option<&'static str>) -> Option<String> {
        let (at, column) = (self.index(key).ok()?, self.column(key).ok()?);
        let name = name.and_then(|name| self.index(name).ok());
        let rows = self.figure.table.rows.iter();
        let mut known: Vec<_> =
            rows.filter_map(|cells| number(&cells[at]).map(|number| (number, cells))).collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        let said = |(number, cells): &(f64, &Vec<Cell>)| {
            let whose =
                name.map_or(String::new(), |name| format!(" ({})", self.words(cells, name)));
            format!("{}{whose}", decimal(*number, column.decimals))
        };
        let (least, most) = (known.first()?, known.last()?);
        Some(format!("{}: from {} to {}.", column.label, said(least), said(most)))
    }
}

impl Groups {
    /// Leaves room for a title that lies between legend and picture.
    pub(super) fn over(mut self, title: &[String]) -> Self {
        self.gap = 12 + 15 * title.len();
        self
    }

    /// The channels `color`, and where asked `shape` and `strokeDash`, with one legend for all.
    fn channel(&self, layout: Layout, range: fn(&Style) -> Value) -> Value {
        let range: Vec<Value> = self.styles.iter().map(range).collect();
        let longest = self.words.iter().map(|word| word.chars().count()).max().unwrap_or(0);
        // About 7 px a letter and 30 px for the symbol, in the narrowest picture of the layout.
        let fitting = layout.pick(560, 340) / (7 * longest + 30);
        json!({
            "field": self.key, "type": "nominal", "sort": null,
            "scale": { "domain": self.words, "range": range },
            "legend": {
                "title": null, "orient": "top", "columns": fitting.clamp(1, 8), "offset": self.gap,
                // Otherwise a legend is as pale as the palest of what it explains.
                "symbolOpacity": 1,
            },
        })
    }

    pub(super) fn colour(&self, layout: Layout) -> Value {
        self.channel(layout, |style| json!(style.colour))
    }

    pub(super) fn shape(&self, layout: Layout) -> Value {
        self.channel(layout, |style| json!(style.shape))
    }

    pub(super) fn dash(&self, layout: Layout) -> Value {
        // Vega reads a single `0` as solid; an empty list would be no value.
        let dash = |style: &Style| {
            if style.dash.is_empty() { json!([1, 0]) } else { json!(style.dash) }
        };
        let mut channel = self.channel(layout, dash);
        // The shapes of the dots are in the legend; dashed edges would disfigure them.
        channel["legend"] = Value::Null;
        channel
    }

    /// The groups in the words of the page.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }
}

/// A line where the column is zero, all along the other channel.
pub(super) fn zero_line(key: &'static str, along: &'static str) -> Value {
    // The row has the column: what a layer inherits filters by it.
    json!({
        "data": { "values": [{ key: 0 }] },
        "mark": { "type": "rule", "style": "zero", "strokeWidth": 1.25 },
        "encoding": { along: null, "color": null, "tooltip": null },
    })
}

/// The broken lines of those words that need any, as an object for a specification to look up.
pub(super) fn breaks(words: &[String], most: usize) -> (Value, usize) {
    let broken = words.iter().map(|word| (word, broken(word, most)));
    let long: Vec<_> = broken.filter(|(_, lines)| lines.len() > 1).collect();
    let lines = long.iter().map(|(_, lines)| lines.len()).max().unwrap_or(1);
    let table = long.into_iter().map(|(word, lines)| (word.clone(), json!(lines.join("\n"))));
    (Value::Object(table.collect()), lines)
}

/// Words in lines of at most so many letters, where no word is longer.
fn broken(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Which columns hold countries and nothing else, beside `other` and `unknown`.
pub(crate) fn country_columns(table: &Table) -> Vec<bool> {
    let holds = |at: usize| {
        let mut some = false;
        for cells in &table.rows {
            match cells.get(at) {
                Some(Cell::Text(text)) if palette::is_country(text) => some = true,
                Some(Cell::Text(text)) if ["other", "unknown"].contains(&text.as_str()) => {}
                Some(Cell::Missing) => {}
                _ => return false,
            }
        }
        some
    };
    (0..table.columns.len()).map(holds).collect()
}

pub(super) fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(number) => Some(*number),
        Cell::Count(count) => Some(*count as f64),
        Cell::Text(_) | Cell::Missing => None,
    }
}

/// A number as pages show it, with a true minus sign and never `−0`.
pub(crate) fn decimal(number: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", number.abs());
    let zero = text.bytes().all(|byte| byte == b'0' || byte == b'.');
    if number < 0.0 && !zero { format!("−{text}") } else { text }
}

fn is_date(word: &str) -> bool {
    let mut parts = word.split('-');
    let digits = |part: Option<&str>, length: usize| {
        part.is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let month = digits(parts.next(), 4) && digits(parts.next(), 2);
    month && parts.next().is_none_or(|day| digits(Some(day), 2)) && parts.next().is_none()
}

/// Whether all words are dates, so that bars over them stand side by side in time.
pub(super) fn are_dates(words: &[String]) -> bool {
    let quarter = |word: &String| word.len() <= 7 && word.starts_with("20");
    !words.is_empty() && words.iter().all(|word| is_date(word) || quarter(word))
}
