//! Specification curve: the same statistic under every defensible choice, and below it which choices were made.

use serde_json::{Value, json};

use super::ChartError;
use super::lines::above;
use super::plot::{Layout, Plot, breaks, zero_line};
use crate::report::palette;

/// Width of a letter at 12 px, rounded up; what the names of the choices need is reserved by it.
const LETTER_PX: usize = 7;
/// Letters of a choice that fit over its dots on a phone; longer ones are broken.
const NARROW_LETTERS: usize = 38;
/// Height of a line of them.
const LINE_PX: usize = 15;

pub(super) fn view(
    plot: &Plot,
    layout: Layout,
    (value, low, high): (&'static str, &'static str, &'static str),
    choices: &'static [&'static str],
    marked: &'static str,
) -> Result<Value, ChartError> {
    let rows = plot.figure.table.rows.len() as f64;
    let options = options(plot, choices)?;
    let longest = options.iter().map(|option| option.chars().count()).max().unwrap_or(0);
    // On a phone the choices stand above their dots, and only the numbers of the axis need room.
    let reserve = layout.pick((longest * LETTER_PX + 10).clamp(60, 420), 44);
    let x = json!({
        "field": "place", "type": "quantitative", "axis": null,
        "scale": { "domain": [0.25, rows + 0.75], "nice": false, "zero": false },
    });
    let mut told = vec![value, low, high];
    told.extend(choices);
    let tooltip = plot.tooltip(&told)?;
    let ordered = json!({
        "window": [{ "op": "row_number", "as": "place" }], "sort": [{ "field": value, "order": "ascending" }],
    });
    Ok(json!({
        "spacing": 10,
        "resolve": { "scale": { "x": "shared" } },
        "usermeta": { "reserve": reserve },
        "transform": [ordered],
        "vconcat": [
            estimates(plot, layout, (value, low, high), &x, marked, (reserve, &tooltip))?,
            grid(plot, layout, choices, &options, (&x, &tooltip), (marked, reserve))?,
        ],
    }))
}

/// Every choice with every option taken, in the words of the page.
fn options(plot: &Plot, choices: &[&'static str]) -> Result<Vec<String>, ChartError> {
    let mut found = Vec::new();
    for choice in choices {
        let label = plot.column(choice)?.label;
        found.extend(plot.distinct(choice)?.iter().map(|option| format!("{label}: {option}")));
    }
    Ok(found)
}

/// Others in grey below, the specification of the claim in the page's own colour above them and in another shape.
fn dots(marked: &'static str, size: [u32; 2]) -> [Value; 2] {
    let is_main = format!("datum[{}] === 'main'", json!(marked));
    [
        json!({
            "transform": [{ "filter": format!("!({is_main})") }],
            "mark": { "type": "point", "filled": true, "opacity": 1, "size": size[0], "color": palette::NEUTRAL },
        }),
        json!({
            "transform": [{ "filter": is_main }],
            "mark": { "type": "point", "filled": true, "opacity": 1, "size": size[1], "shape": "diamond" },
        }),
    ]
}

fn estimates(
    plot: &Plot,
    layout: Layout,
    (value, low, high): (&'static str, &'static str, &'static str),
    x: &Value,
    marked: &'static str,
    (reserve, tooltip): (usize, &Value),
) -> Result<Value, ChartError> {
    let mut axis = above(&plot.axis_title(value, false, layout)?);
    (axis["minExtent"], axis["maxExtent"]) = (json!(reserve), json!(reserve));
    let [others, main] = dots(marked, [30, 110]);
    Ok(json!({
        "height": layout.pick(240, 200),
        "encoding": {
            "x": x,
            "y": { "field": value, "type": "quantitative", "scale": { "zero": true, "nice": true }, "axis": axis },
            "tooltip": tooltip,
        },
        "layer": [
            zero_line(value, "x"),
            {
                "transform": [{ "filter": { "field": low, "valid": true } }],
                "mark": { "type": "rule", "strokeWidth": 1.5, "color": palette::NEUTRAL, "opacity": 1 },
                "encoding": { "y": { "field": low }, "y2": { "field": high } },
            },
            others,
            main,
        ],
    }))
}

fn grid(
    plot: &Plot,
    layout: Layout,
    choices: &'static [&'static str],
    options: &[String],
    (x, tooltip): (&Value, &Value),
    (marked, reserve): (&'static str, usize),
) -> Result<Value, ChartError> {
    let labels: serde_json::Map<String, Value> = choices
        .iter()
        .map(|key| Ok(((*key).to_owned(), json!(plot.column(key)?.label))))
        .collect::<Result<_, ChartError>>()?;
    let mut explained = x.clone();
    let title = match layout {
        Layout::Wide => {
            json!("Specifications in the order of their estimate (◆: the one of the claim)")
        }
        Layout::Narrow => json!(["By estimate", "(◆: the one of the claim)"]),
    };
    explained["axis"] =
        json!({ "title": title, "labels": false, "ticks": false, "domain": false, "grid": false });
    let mut layers = dots(marked, [22, 80]).to_vec();
    // The last line stands right above its dots, however many there are.
    let rise = format!("-4 - {LINE_PX} * (length(split(datum.name, '\\n')) - 1)");
    let (breaks, most_lines) = breaks(options, NARROW_LETTERS);
    if layout == Layout::Narrow {
        layers.push(json!({
            "transform": [
                { "aggregate": [{ "op": "count", "as": "dots" }], "groupby": ["line"] },
                { "calculate": format!("{breaks}[datum.line] || datum.line"), "as": "name" },
            ],
            "mark": {
                "type": "text", "align": "left", "baseline": "line-bottom", "lineBreak": "\n",
                "lineHeight": LINE_PX, "dy": { "expr": rise },
            },
            "encoding": {
                "x": { "value": 0 }, "tooltip": null,
                "text": { "field": "name", "type": "nominal" },
            },
        }));
    }
    Ok(json!({
        "height": { "step": layout.pick(20, 20 + LINE_PX * most_lines) },
        "transform": [
            { "fold": choices, "as": ["choice", "option"] },
            { "filter": "datum.option !== null" },
            { "calculate": format!("{}[datum.choice] + ': ' + datum.option", Value::Object(labels)), "as": "line" },
        ],
        "encoding": {
            "x": explained,
            "y": {
                "field": "line", "type": "nominal", "scale": { "domain": options },
                "axis": {
                    "title": null, "ticks": false, "domain": false, "grid": true, "labelPadding": 8,
                    "labels": layout == Layout::Wide,
                    "minExtent": reserve, "maxExtent": reserve,
                },
            },
            "tooltip": tooltip,
        },
        "layer": layers,
    }))
}
