//! A value over dates, one line a group, with bands and dots.

use serde_json::{Value, json};

use super::ChartError;
use super::plot::{Layout, Plot, zero_line};

/// The columns of such a chart, as [`crate::report::document::Chart::Lines`] names them.
pub(super) struct Lines {
    pub(super) date: &'static str,
    pub(super) value: &'static str,
    pub(super) interval: Option<(&'static str, &'static str)>,
    pub(super) group: Option<&'static str>,
    pub(super) detail: Option<&'static str>,
    pub(super) zero: bool,
}

pub(super) fn view(plot: &Plot, layout: Layout, lines: &Lines) -> Result<Value, ChartError> {
    plot.check_dates(lines.date)?;
    let (low, high) = lines.interval.unzip();
    let keys: Vec<_> = [Some(lines.value), low, high].into_iter().flatten().collect();
    let zero_free = !lines.zero && plot.is_free_of_zero(&keys)?;
    let title = plot.axis_title(lines.value, zero_free, layout)?;
    let mut encoding = json!({
        "x": date_axis(lines.date, layout),
        "y": {
            "field": lines.value, "type": "quantitative", "scale": { "zero": lines.zero, "nice": true },
            "axis": above(&title),
        },
    });
    let (mut line, mut point) = (json!({}), json!({}));
    if let Some(groups) = lines.group.map(|group| plot.groups(group)).transpose()?.flatten() {
        let groups = groups.over(&title);
        encoding["color"] = groups.colour(layout);
        line["strokeDash"] = groups.dash(layout);
        point["shape"] = groups.shape(layout);
    }
    let mut told = vec![Some(lines.date), lines.group, lines.detail];
    told.extend(keys.iter().map(|key| Some(*key)));
    point["tooltip"] = plot.tooltip(&told.into_iter().flatten().collect::<Vec<_>>())?;
    let mut layers = Vec::new();
    if let Some((low, high)) = lines.interval {
        layers.push(json!({
            "transform": [{ "filter": { "field": low, "valid": true } }],
            "mark": { "type": "area", "opacity": 0.2 },
            "encoding": { "y": { "field": low }, "y2": { "field": high } },
        }));
    }
    if lines.zero {
        layers.push(zero_line(lines.value, "x"));
    }
    layers.push(json!({ "mark": { "type": "line", "strokeWidth": 2 }, "encoding": line }));
    let mark =
        json!({ "type": "point", "filled": true, "opacity": 1, "size": layout.pick(45, 30) });
    layers.push(json!({ "mark": mark, "encoding": point }));
    Ok(json!({
        "autosize": { "type": "fit-x", "contains": "padding" },
        "height": layout.pick(360, 300),
        "encoding": encoding,
        "layer": layers,
    }))
}

/// Days along the bottom, in UTC, so that a reader's time zone moves none.
pub(super) fn date_axis(key: &'static str, layout: Layout) -> Value {
    json!({
        "field": key, "type": "temporal", "scale": { "type": "utc" },
        "axis": {
            "title": null, "format": "%Y-%m-%d", "grid": false, "labelOverlap": true,
            "tickCount": layout.pick(8, 4), "labelFlush": true,
        },
    })
}

/// An upright axis whose title lies flat above it, where it can be long.
pub(super) fn above(title: &[String]) -> Value {
    json!({
        "title": title, "titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom",
        "titleAnchor": "end", "titleX": 0, "titleY": -8, "tickCount": 6,
    })
}
