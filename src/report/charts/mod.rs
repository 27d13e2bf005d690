//! From a figure to Vega-Lite specifications. What is drawn comes from the table beside the picture and from nowhere
//! else; colours come from `palette`, and how a page puts it on the screen stands in `static/report.js`.

mod bars;
mod curve;
mod forest;
mod lines;
mod matrix;
pub(super) mod plot;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::document::{Cell, Chart, Figure};
use super::palette;
use plot::{Layout, Plot};

/// The dialect of all specifications.
const SCHEMA: &str = "https://vega.github.io/schema/vega-lite/v6.json";
/// Width of a specification that is taken away from its page, in pixels.
const PAGE_WIDTH: u32 = 900;

/// Why a figure cannot be drawn; always a mistake in the report, never in the votes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// The chart names a column that the table does not have.
    #[error("the chart {figure} names the column {key}, which its table does not have")]
    NoColumn {
        /// Which figure.
        figure: &'static str,
        /// Which column.
        key: &'static str,
    },
    /// A row is longer or shorter than the head.
    #[error("row {row} of {figure} has {cells} cells, its table has {columns} columns")]
    Ragged {
        /// Which figure.
        figure: &'static str,
        /// Which row, from 1.
        row: usize,
        /// Its length.
        cells: usize,
        /// What it should be.
        columns: usize,
    },
    /// Something else stands where a date is asked for.
    #[error("{word:?} in the column {key} of {figure} is not a date like 2024-12-31")]
    NoDate {
        /// Which figure.
        figure: &'static str,
        /// Which column.
        key: &'static str,
        /// What stands there.
        word: String,
    },
    /// A number is not finite.
    #[error("a number in row {row} of {figure} is not finite")]
    NotFinite {
        /// Which figure.
        figure: &'static str,
        /// Which row, from 1.
        row: usize,
    },
}

/// A chart as pages need it: the picture for two widths, its data once, and a sentence for those who do not see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// For 600 px and more.
    pub wide: Value,
    /// For phones: names above their lines, fewer ticks.
    pub narrow: Value,
    /// The rows, with the columns that the chart uses.
    pub values: Value,
    /// What it shows, in a sentence or two.
    pub description: String,
}

impl Drawing {
    /// A specification that stands for itself, with data and the light theme.
    pub fn alone(&self) -> Value {
        let mut spec = self.wide.clone();
        spec["data"]["values"] = self.values.clone();
        spec["config"] = palette::plain();
        let parts = spec.get_mut("vconcat").and_then(Value::as_array_mut);
        match parts {
            Some(parts) => parts.iter_mut().for_each(|part| part["width"] = json!(PAGE_WIDTH)),
            None => spec["width"] = json!(PAGE_WIDTH),
        }
        spec
    }

    /// What the page draws from.
    pub fn bundle(&self) -> Value {
        json!({ "values": self.values, "wide": self.wide, "narrow": self.narrow })
    }
}

/// Draws a figure; `None` where it is a table alone.
pub fn draw(figure: &Figure) -> Result<Option<Drawing>, ChartError> {
    let plot = Plot::new(figure)?;
    let Some(chart) = &figure.chart else { return Ok(None) };
    let keys = keys(chart);
    let values = values(&plot, &keys)?;
    let description = describe(&plot, chart);
    let complete = |layout| -> Result<Value, ChartError> {
        let mut spec = Map::new();
        spec.insert("$schema".to_owned(), json!(SCHEMA));
        spec.insert("description".to_owned(), json!(description));
        spec.insert("data".to_owned(), json!({ "name": figure.id }));
        let mut view = view(&plot, chart, layout)?;
        spread(&mut view);
        if let Value::Object(view) = view {
            spec.extend(view);
        }
        Ok(Value::Object(spec))
    };
    let (wide, narrow) = (complete(Layout::Wide)?, complete(Layout::Narrow)?);
    Ok(Some(Drawing { wide, narrow, values, description }))
}

fn view(plot: &Plot, chart: &Chart, layout: Layout) -> Result<Value, ChartError> {
    match *chart {
        Chart::Forest { label, value, low, high, group } => {
            forest::view(plot, layout, label, (value, low, high), group)
        }
        Chart::Lines { date, value, interval, group, detail, zero } => {
            lines::view(plot, layout, &lines::Lines { date, value, interval, group, detail, zero })
        }
        Chart::Shares { date, value, group } => bars::shares(plot, layout, date, value, group),
        Chart::Bars { category, value, group } => bars::view(plot, layout, category, value, group),
        Chart::Matrix { row, column, value, rate } => {
            matrix::view(plot, layout, (row, column), value, rate)
        }
        Chart::Curve { value, low, high, choices, marked } => {
            curve::view(plot, layout, (value, low, high), choices, marked)
        }
    }
}

/// Gives every layer the channels that its view has for all of them, but for those that it sets to null.
///
/// Vega-Lite 6 draws the same without this; its schema knows no null in a channel.
fn spread(view: &mut Value) {
    if let Some(parts) = view.get_mut("vconcat").and_then(Value::as_array_mut) {
        parts.iter_mut().for_each(spread);
    }
    let Value::Object(map) = view else { return };
    if !map.contains_key("layer") {
        return;
    }
    let shared = map.remove("encoding").unwrap_or_default();
    let layers = map.get_mut("layer").and_then(Value::as_array_mut);
    for layer in layers.into_iter().flatten() {
        let mut channels = shared.as_object().cloned().unwrap_or_default();
        let own = layer.get("encoding").and_then(Value::as_object).cloned().unwrap_or_default();
        for (channel, definition) in own {
            match (channels.get_mut(&channel), definition) {
                (_, Value::Null) => drop(channels.remove(&channel)),
                // A fixed place has neither field nor axis.
                (Some(Value::Object(known)), Value::Object(definition))
                    if !definition.contains_key("value") =>
                {
                    known.extend(definition);
                }
                (_, definition) => drop(channels.insert(channel, definition)),
            }
        }
        layer["encoding"] = Value::Object(channels);
    }
}

/// The columns that a chart names.
fn keys(chart: &Chart) -> Vec<&'static str> {
    let (fixed, optional): (Vec<&str>, Vec<Option<&str>>) = match *chart {
        Chart::Forest { label, value, low, high, group } => {
            (vec![label, value, low, high], vec![group])
        }
        Chart::Lines { date, value, interval, group, detail, zero: _ } => {
            let (low, high) = interval.unzip();
            (vec![date, value], vec![low, high, group, detail])
        }
        Chart::Shares { date, value, group } => (vec![date, value, group], vec![]),
        Chart::Bars { category, value, group } => (vec![category, value], vec![group]),
        Chart::Matrix { row, column, value, rate: _ } => (vec![row, column, value], vec![]),
        Chart::Curve { value, low, high, choices, marked } => {
            ([&[value, low, high], choices, &[marked]].concat(), vec![])
        }
    };
    fixed.into_iter().chain(optional.into_iter().flatten()).collect()
}

/// The rows as objects; names of countries in words, as the page shows them.
fn values(plot: &Plot, keys: &[&'static str]) -> Result<Value, ChartError> {
    let columns: Vec<(&str, usize)> =
        keys.iter().map(|key| Ok((*key, plot.index(key)?))).collect::<Result<_, _>>()?;
    let row = |cells: &Vec<Cell>| -> Value {
        let cell = |(key, at): &(&str, usize)| {
            let value = match &cells[*at] {
                Cell::Text(_) => json!(plot.words(cells, *at)),
                Cell::Number(number) => json!(number),
                Cell::Count(count) => json!(count),
                Cell::Missing => Value::Null,
            };
            ((*key).to_owned(), value)
        };
        Value::Object(columns.iter().map(cell).collect())
    };
    Ok(Value::Array(plot.figure.table.rows.iter().map(row).collect()))
}

/// One or two sentences for those who do not see the picture; the table has the rest.
fn describe(plot: &Plot, chart: &Chart) -> String {
    let rows = plot.figure.table.rows.len();
    let (kind, value, name) = match *chart {
        Chart::Forest { label, value, .. } => {
            ("a point with its interval for each row", value, Some(label))
        }
        Chart::Lines { value, detail, group, .. } => ("lines over dates", value, detail.or(group)),
        Chart::Shares { value, group, .. } => {
            ("parts of a whole over dates, stacked", value, Some(group))
        }
        Chart::Bars { category, value, .. } => ("bars", value, Some(category)),
        Chart::Matrix { row, value, .. } => ("a grid of shaded cells", value, Some(row)),
        Chart::Curve { value, .. } => ("specifications in order of their estimate", value, None),
    };
    let range = plot.range(value, name).map_or(String::new(), |range| format!(" {range}"));
    format!("Chart, {kind}: {}. {rows} rows.{range} The table has all numbers.", plot.figure.title)
}
