//! Forest plot: one line a row, a point with its interval, in the order of the rows.

use serde_json::{Value, json};

use super::ChartError;
use super::plot::{Layout, Plot, zero_line};
use crate::report::palette;

/// From this many rows on the axis stands above them, where the reading starts.
const AXIS_ON_TOP: usize = 20;
/// Height of a name above its lines.
pub(super) const NAME_PX: usize = 20;

pub(super) fn view(
    plot: &Plot,
    layout: Layout,
    label: &'static str,
    (value, low, high): (&'static str, &'static str, &'static str),
    group: Option<&'static str>,
) -> Result<Value, ChartError> {
    let zero_free = plot.is_free_of_zero(&[value, low, high])?;
    let names = plot.distinct(label)?;
    let rows = plot.figure.table.rows.len();
    // A name with several rows, for example before and after a correction, has them side by side.
    let lines = if names.is_empty() { 1 } else { rows.div_ceil(names.len()) };
    let orient = if rows > AXIS_ON_TOP { "top" } else { "bottom" };
    let x = json!({
        "field": value, "type": "quantitative", "scale": { "zero": false, "nice": true },
        "axis": {
            "orient": orient, "title": plot.axis_title(value, zero_free, layout)?,
            "tickCount": layout.pick(8, 4),
        },
    });
    let room = layout.pick(0, NAME_PX);
    let step = layout.pick(12, 4) + room + 12 * lines;
    let mut y = json!({
        "field": label, "type": "nominal", "sort": null, "scale": { "domain": names },
        "axis": { "title": null, "labels": layout == Layout::Wide, "ticks": false,
                  "domain": false, "labelPadding": 8 },
    });
    if layout == Layout::Narrow {
        // On a phone the name stands above its line, so that it may be long.
        let share = room as f64 / step as f64;
        y["scale"]["type"] = json!("band");
        (y["scale"]["paddingInner"], y["scale"]["paddingOuter"]) = (json!(share), json!(share));
    }
    let told =
        [Some(label), group.filter(|group| *group != label), Some(value), Some(low), Some(high)];
    let told: Vec<_> = told.into_iter().flatten().collect();
    let mut encoding = json!({ "x": x, "y": y, "tooltip": plot.tooltip(&told)? });
    let mut point = json!({});
    if let Some(groups) = group.map(|group| plot.groups(group)).transpose()?.flatten() {
        encoding["color"] = groups.colour(layout);
        point["shape"] = groups.shape(layout);
        if lines > 1 {
            encoding["yOffset"] =
                json!({ "field": group, "sort": null, "scale": { "domain": groups.words() } });
        }
    }
    let mut layers = vec![interval(low, high), dot(point), unrated(value, layout)];
    if !zero_free {
        let mut line = zero_line(value, "y");
        line["encoding"]["yOffset"] = Value::Null;
        layers.insert(0, line);
    }
    if layout == Layout::Narrow {
        layers.push(name_above(label));
    }
    Ok(json!({
        "autosize": { "type": "fit-x", "contains": "padding" },
        "height": { "step": step, "for": "position" },
        "encoding": encoding,
        "layer": layers,
    }))
}

fn interval(low: &'static str, high: &'static str) -> Value {
    json!({
        "transform": [{ "filter": { "field": low, "valid": true } }],
        "mark": { "type": "rule", "strokeWidth": 2, "opacity": 1, "color": palette::NEUTRAL },
        "encoding": { "x": { "field": low }, "x2": { "field": high } },
    })
}

fn dot(encoding: Value) -> Value {
    json!({
        "mark": { "type": "point", "filled": true, "opacity": 1, "size": 60 },
        "encoding": encoding,
    })
}

/// Where there is no number the row says so, and is not left out.
fn unrated(value: &'static str, layout: Layout) -> Value {
    json!({
        "transform": [{ "filter": format!("datum[{}] === null", json!(value)) }],
        "mark": { "type": "text", "align": "left", "baseline": "middle", "fontStyle": "italic" },
        "encoding": {
            "x": { "value": layout.pick(6, 0) }, "color": null,
            "text": { "value": "no number: see the table" },
        },
    })
}

/// The name of a band at its upper edge; a layer.
pub(super) fn name_above(label: &'static str) -> Value {
    json!({
        "transform": [{ "aggregate": [{ "op": "count", "as": "lines" }], "groupby": [label] }],
        "mark": { "type": "text", "align": "left", "baseline": "bottom", "dy": -1 },
        "encoding": {
            "x": { "value": 0 }, "yOffset": null, "color": null, "tooltip": null,
            "y": { "field": label, "type": "nominal", "sort": null, "bandPosition": 0 },
            "text": { "field": label, "type": "nominal" },
        },
    })
}
