//! A report for tests: every kind of chart, long names, hostile names, missing cells. Its numbers are made up.

use super::document::{
    Cell, Chart, Claim, Column, Figure, Measured, Report, Section, Table, Untested, Verdict,
};

/// What must not become markup anywhere.
pub(super) const HOSTILE: &str = "</script><script>alert(1)</script><b>\"x\" & 'y'";
/// As long as names of models are.
const LONG: &str = "mistral-small-3.1-24b-instruct-2503-q4_k_m-imatrix";
const NAMES: [&str; 9] = [
    "Qwen3-235B-A22B-Instruct",
    "DeepSeek-R1-0528",
    LONG,
    "Llama-4-Maverick-17B-128E",
    "gemma-3-27b-it",
    HOSTILE,
    "command-a-03-2025",
    "EXAONE-4.0-32B",
    "teuken-7b",
];
const COUNTRIES: [&str; 9] = ["CN", "CN", "FR", "US", "US", "other", "CA", "KR", "DE"];

fn text(words: impl Into<String>) -> Cell {
    Cell::Text(words.into())
}

fn columns(columns: &[(&'static str, &'static str, usize)]) -> Vec<Column> {
    columns.iter().map(|&(key, label, decimals)| Column { key, label, decimals }).collect()
}

fn figure(
    id: &'static str,
    title: &str,
    heads: &[(&'static str, &'static str, usize)],
    rows: Vec<Vec<Cell>>,
    chart: Option<Chart>,
) -> Figure {
    Figure { id, title: title.to_owned(), table: Table { columns: columns(heads), rows }, chart }
}

fn forest() -> Figure {
    let row = |(i, name): (usize, &&str)| {
        let value = 1300.0 - 21.7 * i as f64;
        let half = 4.0 + i as f64;
        vec![
            Cell::Count(i as u64 + 1),
            text(*name),
            text(COUNTRIES[i]),
            Cell::Number(value),
            Cell::Number(value - half),
            Cell::Number(value + half),
            Cell::Count(90_000 / (i as u64 + 1)),
        ]
    };
    let mut rows: Vec<_> = NAMES.iter().enumerate().map(row).collect();
    rows.push(vec![
        Cell::Missing,
        text("never-lost-1b"),
        text("CN"),
        Cell::Missing,
        Cell::Missing,
        Cell::Missing,
        Cell::Count(31),
    ]);
    let heads = [
        ("rank", "Rank", 0),
        ("model", "Model", 0),
        ("country", "Country", 0),
        ("rating", "Rating, Elo points", 1),
        ("ci_low", "95 % from", 1),
        ("ci_high", "95 % to", 1),
        ("votes", "Votes", 0),
    ];
    let chart = Chart::Forest {
        label: "model",
        value: "rating",
        low: "ci_low",
        high: "ci_high",
        group: Some("country"),
    };
    figure("board", "Ratings with their intervals", &heads, rows, Some(chart))
}

fn corrected() -> Figure {
    let row = |i: usize| {
        let value = 30.0 - 8.0 * i as f64;
        let method = if i.is_multiple_of(2) { "raw" } else { "style controlled" };
        let ends = [Cell::Number(value - 9.0), Cell::Number(value + 9.0)];
        [vec![text(NAMES[i / 2]), text(method), Cell::Number(value)], ends.to_vec()].concat()
    };
    let heads = [
        ("model", "Model", 0),
        ("method", "Method", 0),
        ("difference", "Difference to the mean, Elo points", 1),
        ("low", "95 % from", 1),
        ("high", "95 % to", 1),
    ];
    let chart = Chart::Forest {
        label: "model",
        value: "difference",
        low: "low",
        high: "high",
        group: Some("method"),
    };
    let rows = (0..8).map(row).collect();
    figure("corrected", "Before and after style control", &heads, rows, Some(chart))
}

/// The 14th of month `i` after June 2024.
fn date(i: usize) -> String {
    format!("{}-{:02}-14", 2024 + (i + 5) / 12, (i + 5) % 12 + 1)
}

fn best() -> Figure {
    let row = |(i, country): (usize, &str)| {
        let rises = if country == "CN" { 14.0 } else { 5.0 };
        let start = match country {
            "CN" => 1155.0,
            "US" => 1200.0,
            _ => 1120.0,
        };
        let value = start + rises * i as f64;
        vec![
            text(date(i)),
            text(country),
            text(format!("{country}-model-{i}")),
            Cell::Number(value),
            Cell::Number(value - 7.0),
            Cell::Number(value + 7.0),
        ]
    };
    let cells = (0..15).flat_map(|i| ["CN", "US", "FR"].map(|country| (i, country)));
    let heads = [
        ("date", "Date", 0),
        ("country", "Country", 0),
        ("model", "Best model", 0),
        ("rating", "Rating, Elo points", 1),
        ("low", "95 % from", 1),
        ("high", "95 % to", 1),
    ];
    let chart = Chart::Lines {
        date: "date",
        value: "rating",
        interval: Some(("low", "high")),
        group: Some("country"),
        detail: Some("model"),
        zero: false,
    };
    let rows = cells.map(row).collect();
    figure("best", "Best open model per country over time", &heads, rows, Some(chart))
}

fn contrast() -> Figure {
    let row = |i: usize| {
        let value = -45.0 + 7.5 * i as f64;
        let ends = if i == 3 {
            [Cell::Missing, Cell::Missing]
        } else {
            [Cell::Number(value - 12.0), Cell::Number(value + 12.0)]
        };
        [vec![text(date(i)), Cell::Number(value)], ends.to_vec()].concat()
    };
    let heads = [
        ("date", "Date", 0),
        ("difference", "Best Chinese minus best US open model, Elo points", 1),
        ("low", "95 % from", 1),
        ("high", "95 % to", 1),
    ];
    let chart = Chart::Lines {
        date: "date",
        value: "difference",
        interval: Some(("low", "high")),
        group: None,
        detail: None,
        zero: true,
    };
    let rows = (0..15).map(row).collect();
    figure("contrast", "China minus USA over time", &heads, rows, Some(chart))
}

fn shares(id: &'static str, dates: usize) -> Figure {
    let row = |(i, place): (usize, usize)| {
        let parts = [i.min(12), 16 - i.min(12), 2, 1, 1];
        let country = ["CN", "US", "FR", "CA", "other"][place];
        vec![text(date(i)), text(country), Cell::Count(parts[place] as u64)]
    };
    let cells = (0..dates).flat_map(|i| (0..5).map(move |place| (i, place)));
    let heads =
        [("date", "Date", 0), ("country", "Country", 0), ("models", "Models in the top 20", 0)];
    let chart = Chart::Shares { date: "date", value: "models", group: "country" };
    figure(id, "Share of the top 20", &heads, cells.map(row).collect(), Some(chart))
}

fn releases() -> Figure {
    let quarters = ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1"];
    let row = |(i, country): (usize, &str)| {
        let count = (i as u64 + 1) * if country == "US" { 3 } else { 2 };
        vec![text(quarters[i]), text(country), Cell::Count(count)]
    };
    let cells = (0..quarters.len()).flat_map(|i| ["CN", "US", "FR"].map(|country| (i, country)));
    let heads = [("quarter", "Quarter", 0), ("country", "Country", 0), ("models", "New models", 0)];
    let chart = Chart::Bars { category: "quarter", value: "models", group: Some("country") };
    figure("releases", "Releases by country", &heads, cells.map(row).collect(), Some(chart))
}

fn battles() -> Figure {
    let row = |(i, name): (usize, &&str)| {
        vec![text(*name), text(COUNTRIES[i]), Cell::Count(120_000 / (i as u64 + 1))]
    };
    let heads = [("model", "Model", 0), ("country", "Country", 0), ("battles", "Battles", 0)];
    let chart = Chart::Bars { category: "model", value: "battles", group: Some("country") };
    let rows = NAMES.iter().enumerate().map(row).collect();
    figure("battles", "Battles per model", &heads, rows, Some(chart))
}

fn matrix(id: &'static str, rate: bool) -> Figure {
    let cell = |(i, j): (usize, usize)| {
        let value = match (i == j, rate) {
            (true, _) => Cell::Missing,
            (false, true) => Cell::Number(0.5 + (j as f64 - i as f64) / 18.0),
            (false, false) => Cell::Count(((i + 1) * (j + 1) * 37) as u64),
        };
        vec![text(NAMES[i]), text(NAMES[j]), value]
    };
    let pairs = (0..9).flat_map(|i| (0..9).map(move |j| (i, j)));
    let last = if rate { ("share", "Share of wins", 2) } else { ("count", "Battles", 0) };
    let heads = [("row", "Model", 0), ("column", "Against", 0), last];
    let chart = Chart::Matrix { row: "row", column: "column", value: last.0, rate };
    figure(id, "Every model against every other", &heads, pairs.map(cell).collect(), Some(chart))
}

fn curve() -> Figure {
    let ties = ["half a win", "dropped", "Davidson"];
    let errors = ["independent votes", "clustered by voter"];
    let voters = ["all voters", "capped at 50 votes a voter"];
    let row = |i: usize| {
        let value = 41.0 + 3.1 * (i % 7) as f64 - 9.0 * (i % 3) as f64;
        let half = 12.0 + 3.0 * (i % 2) as f64;
        vec![
            text(ties[i % 3]),
            text(errors[i % 2]),
            text(voters[i / 6]),
            Cell::Number(value),
            Cell::Number(value - half),
            Cell::Number(value + half),
            text(if i == 0 { "main" } else { "other" }),
        ]
    };
    let heads = [
        ("ties", "Ties", 0),
        ("errors", "Standard errors", 0),
        ("voters", "Voters", 0),
        ("difference", "Difference, Elo points", 1),
        ("low", "95 % from", 1),
        ("high", "95 % to", 1),
        ("specification", "Specification", 0),
    ];
    let chart = Chart::Curve {
        value: "difference",
        low: "low",
        high: "high",
        choices: &["ties", "errors", "voters"],
        marked: "specification",
    };
    let rows = (0..12).map(row).collect();
    figure("c1-curve", "The claim under other choices", &heads, rows, Some(chart))
}

fn agreement() -> Figure {
    let heads = [("setup", "Setup", 0), ("agreement", "Agreement", 3), ("pairs", "Pairs", 0)];
    let rows = vec![
        vec![text("first turn, ties kept"), Cell::Number(0.6607), Cell::Count(1343)],
        vec![text("second turn"), Cell::Number(-0.0001), Cell::Missing],
    ];
    figure("agreement", "A table without a chart", &heads, rows, None)
}

fn claim(id: &str, verdict: Verdict, estimate: Measured, curve: Option<Figure>) -> Claim {
    Claim {
        id: id.to_owned(),
        section: "public-record",
        words: "Chinese open models are rated higher in blind tests than American ones.".to_owned(),
        statistic: "Best Chinese minus best US open-weights model, Elo points".to_owned(),
        estimate,
        verdict,
        reason: "The interval lies where it lies.".to_owned(),
        votes: 1_670_250,
        votes_needed: (verdict == Verdict::NotEnoughVotes).then_some(12_345),
        curve,
    }
}

/// Two sections and three claims, with every kind of chart.
pub(super) fn report() -> Report {
    let section = |id, title: &str, figures| Section {
        id,
        title: title.to_owned(),
        paragraphs: vec!["What is shown, and how to read it.".to_owned()],
        source: "1 670 250 votes, made up for a test".to_owned(),
        figures,
    };
    let (plus, minus) = (
        Measured { value: 59.04, low: 41.2, high: 76.9 },
        Measured { value: -0.0123, low: -0.0311, high: 0.0065 },
    );
    Report {
        title: "Who leads? A sample".to_owned(),
        summary: vec![format!("Made up, with {HOSTILE} in it.")],
        claims: vec![
            claim("C1", Verdict::Supported, plus, Some(curve())),
            claim("C2", Verdict::NotSupported, minus, None),
            claim("C3", Verdict::NotEnoughVotes, minus, None),
        ],
        untested: vec![Untested {
            id: "C4".to_owned(),
            section: "counts",
            words: "The seven seas are rated higher than the five oceans.".to_owned(),
            verdict: Verdict::NotEnoughVotes,
            reason: "No sea has a rating yet.".to_owned(),
            votes: 31,
        }],
        sections: vec![
            section(
                "public-record",
                "The public record",
                vec![forest(), corrected(), best(), contrast(), shares("top", 15)],
            ),
            section(
                "counts",
                "Counts and pairs",
                vec![
                    shares("top-long", 40),
                    releases(),
                    battles(),
                    matrix("wins", true),
                    matrix("meetings", false),
                    agreement(),
                ],
            ),
        ],
    }
}
