//! Every kind of chart, drawn from the sample.

use std::collections::HashSet;

use serde_json::Value;

use super::*;
use crate::report::sample;

fn figures() -> Vec<Figure> {
    let report = sample::report();
    report.figures().cloned().collect()
}

/// All values of a key, at any depth.
fn all<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(key));
            map.values().for_each(|inner| all(inner, key, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| all(inner, key, found)),
        _ => {}
    }
}

/// Columns that transforms add.
fn derived(spec: &Value) -> HashSet<String> {
    let mut found = Vec::new();
    all(spec, "as", &mut found);
    let names = found.into_iter().flat_map(|name| match name {
        Value::Array(names) => names.clone(),
        name => vec![name.clone()],
    });
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

#[test]
fn the_sample_has_every_kind_of_chart() {
    let kinds: HashSet<String> = figures()
        .iter()
        .filter_map(|figure| figure.chart.as_ref())
        .map(|chart| serde_json::to_value(chart).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect();

    assert_eq!(kinds.len(), 6, "{kinds:?}");
}

#[test]
fn encodings_name_columns_of_the_table_and_nothing_else() {
    for figure in figures() {
        let Some(drawing) = draw(&figure).unwrap() else { continue };
        for spec in [&drawing.wide, &drawing.narrow] {
            let derived = derived(spec);
            let mut fields = Vec::new();
            all(spec, "field", &mut fields);
            assert!(fields.len() >= 3, "{}", figure.id);
            for field in fields {
                let field = field.as_str().unwrap();
                let known = figure.table.columns.iter().any(|column| column.key == field);
                assert!(known || derived.contains(field), "{}: {field}", figure.id);
            }
        }
    }
}

#[test]
fn the_data_of_a_chart_are_the_numbers_of_its_table() {
    for figure in figures() {
        let Some(drawing) = draw(&figure).unwrap() else { continue };
        let rows = drawing.values.as_array().unwrap();
        assert_eq!(rows.len(), figure.table.rows.len());
        for (row, cells) in rows.iter().zip(&figure.table.rows) {
            for (key, value) in row.as_object().unwrap() {
                let at = figure.table.columns.iter().position(|column| column.key == key).unwrap();
                match &cells[at] {
                    Cell::Number(number) => assert_eq!(value.as_f64(), Some(*number)),
                    Cell::Count(count) => assert_eq!(value.as_u64(), Some(*count)),
                    Cell::Text(_) => assert!(value.is_string()),
                    Cell::Missing => assert!(value.is_null()),
                }
            }
        }
    }
}

#[test]
fn an_interval_is_drawn_wherever_a_chart_has_one() {
    for figure in figures() {
        let Some(drawing) = draw(&figure).unwrap() else { continue };
        let ends = match figure.chart.unwrap() {
            Chart::Forest { low, high, .. } | Chart::Curve { low, high, .. } => Some((low, high)),
            Chart::Lines { interval, .. } => interval,
            _ => None,
        };
        let Some((low, high)) = ends else { continue };
        for spec in [&drawing.wide, &drawing.narrow] {
            let mut encodings = Vec::new();
            all(spec, "encoding", &mut encodings);
            let drawn = encodings.iter().filter(|encoding| {
                [("x", "x2"), ("y", "y2")].iter().any(|(from, to)| {
                    encoding[from]["field"] == low && encoding[to]["field"] == high
                })
            });
            assert_eq!(drawn.count(), 1, "{}", figure.id);
        }
    }
}

#[test]
fn an_axis_without_zero_says_so_and_one_with_zero_does_not() {
    let notes = |id: &str| {
        let figure = figures().into_iter().find(|figure| figure.id == id).unwrap();
        let drawing = draw(&figure).unwrap().unwrap();
        [drawing.wide, drawing.narrow]
            .map(|spec| spec.to_string().replace("\",\"", " ").contains("does not start at zero"))
    };

    assert_eq!(notes("board"), [true; 2]);
    assert_eq!(notes("best"), [true; 2]);
    for id in ["corrected", "contrast", "top", "battles", "c1-curve"] {
        assert_eq!(notes(id), [false; 2], "{id}");
    }
}

#[test]
fn a_specification_taken_away_has_its_data_its_dialect_and_a_description() {
    for figure in figures() {
        let Some(drawing) = draw(&figure).unwrap() else { continue };
        let spec = drawing.alone();
        assert_eq!(spec["$schema"], SCHEMA);
        assert_eq!(spec["data"]["values"], drawing.values);
        assert!(spec["description"].as_str().unwrap().contains(&figure.title));
        assert!(spec.get("width").is_some() || spec["vconcat"][0].get("width").is_some());
    }
}

#[test]
fn countries_are_named_in_words_and_keep_their_colours() {
    let board = figures().into_iter().find(|figure| figure.id == "board").unwrap();

    let drawing = draw(&board).unwrap().unwrap();

    let scale = &drawing.wide["layer"][0]["encoding"]["color"]["scale"];
    let at = |word: &str| {
        scale["domain"].as_array().unwrap().iter().position(|name| name == word).unwrap()
    };
    assert_eq!(scale["range"][at("China")], "#D55E00");
    assert_eq!(scale["range"][at("USA")], "#0072B2");
    assert_eq!(drawing.values[0]["country"], "China");
}

#[test]
fn a_chart_that_does_not_fit_its_table_is_an_error() {
    let mut figure = figures().into_iter().find(|figure| figure.id == "board").unwrap();
    figure.chart = Some(Chart::Bars { category: "model", value: "no_such", group: None });
    assert_eq!(draw(&figure), Err(ChartError::NoColumn { figure: "board", key: "no_such" }));

    figure.chart = Some(Chart::Lines {
        date: "model",
        value: "rating",
        interval: None,
        group: None,
        detail: None,
        zero: false,
    });
    assert!(matches!(draw(&figure), Err(ChartError::NoDate { key: "model", .. })));

    figure.table.rows[1][3] = Cell::Number(f64::NAN);
    assert_eq!(draw(&figure), Err(ChartError::NotFinite { figure: "board", row: 2 }));

    figure.table.rows[1].pop();
    let ragged = ChartError::Ragged { figure: "board", row: 2, cells: 6, columns: 7 };
    assert_eq!(draw(&figure), Err(ragged));
}

#[test]
fn no_channel_is_null_because_the_schema_knows_none() {
    for figure in figures() {
        let Some(drawing) = draw(&figure).unwrap() else { continue };
        for spec in [&drawing.wide, &drawing.narrow] {
            let mut encodings = Vec::new();
            all(spec, "encoding", &mut encodings);
            for encoding in encodings {
                let mut channels = encoding.as_object().unwrap().iter();
                assert!(channels.all(|(_, value)| !value.is_null()), "{}", figure.id);
            }
        }
    }
}

#[test]
fn a_lone_group_takes_no_colour_unless_it_is_a_country() {
    let mut figure = figures().into_iter().find(|figure| figure.id == "best").unwrap();
    let coloured = |figure: &Figure| {
        draw(figure).unwrap().unwrap().wide.to_string().contains("\"color\":{\"field\"")
    };
    figure.table.rows.retain(|row| row[1] == Cell::Text("CN".to_owned()));
    assert!(coloured(&figure));

    for row in &mut figure.table.rows {
        row[1] = Cell::Text("all models".to_owned());
    }
    assert!(!coloured(&figure));
}

#[test]
fn rows_and_columns_of_a_square_have_one_order_also_without_its_diagonal() {
    let mut figure = figures().into_iter().find(|figure| figure.id == "wins").unwrap();
    figure.table.rows.retain(|row| row[0] != row[1]);

    let spec = draw(&figure).unwrap().unwrap().wide;

    let channels = &spec["layer"][0]["encoding"];
    assert_eq!(channels["x"]["scale"]["domain"], channels["y"]["scale"]["domain"]);
}
