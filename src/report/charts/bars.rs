//! Bars of counts, and parts of a whole over dates.

use serde_json::{Value, json};

use super::ChartError;
use super::forest::{NAME_PX, name_above};
use super::lines::{above, date_axis};
use super::plot::{Layout, Plot, are_dates};

/// Up to so many dates a share is a bar of its own; more of them flow into areas.
const MOST_STACKS: usize = 24;

/// Lying bars; standing ones where the categories are dates and there is room.
pub(super) fn view(
    plot: &Plot,
    layout: Layout,
    category: &'static str,
    value: &'static str,
    group: Option<&'static str>,
) -> Result<Value, ChartError> {
    let names = plot.distinct(category)?;
    let beside = plot.figure.table.rows.len() > names.len() && group.is_some();
    let standing = layout == Layout::Wide && are_dates(&names);
    let keys = [Some(category), group.filter(|group| *group != category), Some(value)];
    let keys: Vec<_> = keys.into_iter().flatten().collect();
    let title = plot.axis_title(value, false, layout)?;
    let under: &[String] = if standing { &title } else { &[] };
    let grouped = group.map(|group| plot.groups(group)).transpose()?.flatten();
    let grouped = grouped.map(|groups| groups.over(under));
    let mut length =
        json!({ "field": value, "type": "quantitative", "stack": null, "scale": { "zero": true } });
    let mut place = json!({ "field": category, "type": "nominal", "sort": null });
    if standing {
        length["axis"] = above(&title);
        place["axis"] =
            json!({ "title": null, "labelAngle": if names.len() > 8 { -45 } else { 0 } });
    } else {
        length["axis"] = json!({ "title": title, "tickCount": layout.pick(8, 4) });
        place["axis"] = json!({ "title": null, "labels": layout == Layout::Wide, "ticks": false,
                                "domain": false, "labelPadding": 8 });
    }
    let mut encoding = json!({ "tooltip": plot.tooltip(&keys)? });
    let mut lines = 1;
    if let (Some(group), Some(groups)) = (group, &grouped) {
        encoding["color"] = groups.colour(layout);
        if beside {
            lines = groups.words().len();
            let offset = if standing { "xOffset" } else { "yOffset" };
            encoding[offset] =
                json!({ "field": group, "sort": null, "scale": { "domain": groups.words() } });
        }
    }
    let (x, y) = if standing { (place, length) } else { (length, place) };
    (encoding["x"], encoding["y"]) = (x, y);
    let mut layers = vec![json!({ "mark": { "type": "bar", "style": "gap", "strokeWidth": 1 } })];
    let (room, thick) = (layout.pick(6, NAME_PX), 4 + 12 * lines);
    let mut height = json!(320);
    if !standing {
        let step = room + thick;
        let share = json!(room as f64 / step as f64);
        height = json!({ "step": step, "for": "position" });
        (encoding["y"]["scale"]["paddingInner"], encoding["y"]["scale"]["paddingOuter"]) =
            (share.clone(), share);
    }
    if layout == Layout::Narrow {
        // On a phone the name stands above its bars, so that it may be long.
        layers.push(name_above(category));
    }
    Ok(json!({
        "autosize": { "type": "fit-x", "contains": "padding" },
        "height": height,
        "encoding": encoding,
        "layer": layers,
    }))
}

/// Parts of a whole over dates, the first group at the bottom.
pub(super) fn shares(
    plot: &Plot,
    layout: Layout,
    date: &'static str,
    value: &'static str,
    group: &'static str,
) -> Result<Value, ChartError> {
    plot.check_dates(date)?;
    let title = plot.axis_title(value, false, layout)?;
    let groups = plot.groups(group)?.map(|groups| groups.over(&title));
    let dates = plot.distinct(date)?.len();
    let mut encoding = json!({
        "y": {
            "field": value, "type": "quantitative", "stack": "zero",
            "axis": above(&title),
        },
        "order": { "field": "place", "type": "quantitative" },
    });
    if let Some(groups) = &groups {
        encoding["color"] = groups.colour(layout);
    }
    let mark = if dates > MOST_STACKS {
        // What a snapshot shows holds until the next one.
        encoding["x"] = date_axis(date, layout);
        json!({ "type": "area", "line": false, "interpolate": "step-after", "style": "gap", "strokeWidth": 0.75 })
    } else {
        encoding["x"] = json!({
            "field": date, "type": "ordinal", "sort": null,
            "axis": { "title": null, "labelAngle": if dates > layout.pick(10, 4) { layout.pick(-45, -90) } else { 0 } },
        });
        encoding["tooltip"] = plot.tooltip(&[date, group, value])?;
        json!({ "type": "bar", "style": "gap", "strokeWidth": 1 })
    };
    let place = format!("indexof({}, datum[{}])", json!(plot.distinct(group)?), json!(group));
    Ok(json!({
        "autosize": { "type": "fit-x", "contains": "padding" },
        "height": layout.pick(320, 280),
        "transform": [{ "calculate": place, "as": "place" }],
        "mark": mark,
        "encoding": encoding,
    }))
}
