//! A square of models against models, shaded.

use serde_json::{Value, json};

use super::ChartError;
use super::forest::{NAME_PX, name_above};
use super::plot::{Layout, Plot};
use crate::report::document::Column;

/// Up to so many columns each cell says its number.
const MOST_NUMBERS: (usize, usize) = (16, 9);
/// Height of a cell on a phone.
const CELL_PX: usize = 20;

pub(super) fn view(
    plot: &Plot,
    layout: Layout,
    (row, column): (&'static str, &'static str),
    value: &'static str,
    rate: bool,
) -> Result<Value, ChartError> {
    let head = plot.column(value)?;
    let (rows, mut columns) = (plot.distinct(row)?, plot.distinct(column)?);
    // No model meets itself, so that the first row's own column would come last: both sides have one order.
    if columns.len() == rows.len() && columns.iter().all(|name| rows.contains(name)) {
        columns.clone_from(&rows);
    }
    let scale = match rate {
        true => json!({ "domain": [0, 1], "domainMid": 0.5, "interpolate": "lab" }),
        false => json!({ "zero": true, "interpolate": "lab" }),
    };
    // A phone has no room for names beside the rows: they stand above them, numbered, and the columns have the numbers.
    let narrow = layout == Layout::Narrow;
    let place = |word: String| format!("(indexof({}, {word}) + 1)", json!(rows));
    let mut above = json!({
        "orient": "top", "title": plot.column(column)?.label, "labelPadding": 6,
        "labelAngle": if columns.len() > 4 && !narrow { -90 } else { 0 },
        "ticks": false, "domain": false, "grid": false, "labelLimit": 260,
    });
    if narrow && rows == columns {
        above["labelExpr"] = json!(place("datum.label".to_owned()));
    }
    let mut y = json!({
        "field": row, "type": "nominal", "scale": { "domain": rows },
        "axis": { "title": null, "labels": !narrow, "labelPadding": 6,
                  "ticks": false, "domain": false, "grid": false },
    });
    let step = layout.pick(26, CELL_PX + NAME_PX);
    if narrow {
        let share = NAME_PX as f64 / step as f64;
        (y["scale"]["paddingInner"], y["scale"]["paddingOuter"]) = (json!(share), json!(share));
    }
    let encoding = json!({
        "x": { "field": column, "type": "nominal", "scale": { "domain": columns }, "axis": above },
        "y": y,
        "tooltip": plot.tooltip(&[row, column, value])?,
    });
    let mut layers = vec![shades(value, head, scale, layout)];
    if columns.len() <= layout.pick(MOST_NUMBERS.0, MOST_NUMBERS.1) {
        layers.push(numbers(value, head));
    }
    if narrow {
        let mut name = name_above(row);
        let numbered =
            format!("{} + '  ' + datum[{}]", place(format!("datum[{}]", json!(row))), json!(row));
        if let Some(transforms) = name["transform"].as_array_mut() {
            transforms.push(json!({ "calculate": numbered, "as": "numbered" }));
        }
        name["encoding"]["text"]["field"] = json!(if rows == columns { "numbered" } else { row });
        layers.push(name);
    }
    Ok(json!({
        "autosize": { "type": "fit-x", "contains": "padding" },
        "height": { "step": step },
        "encoding": encoding,
        "layer": layers,
    }))
}

fn shades(value: &'static str, head: Column, scale: Value, layout: Layout) -> Value {
    json!({
        "transform": [{ "filter": { "field": value, "valid": true } }],
        "mark": { "type": "rect", "style": "gap", "strokeWidth": 1 },
        "encoding": { "color": {
            "field": value, "type": "quantitative", "scale": scale,
            "legend": {
                "title": head.label, "orient": "bottom", "direction": "horizontal", "tickCount": 3,
                "gradientLength": layout.pick(240, 180), "format": format!(",.{}f", head.decimals),
            },
        } },
    })
}

fn numbers(value: &'static str, head: Column) -> Value {
    let format = format!(",.{}f", head.decimals);
    json!({
        "transform": [{ "filter": { "field": value, "valid": true } }],
        "mark": { "type": "text", "fontSize": 11, "tooltip": null },
        "encoding": { "text": { "field": value, "type": "quantitative", "format": format } },
    })
}
