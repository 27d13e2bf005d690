//! Countries against each other in published tables over time: the figures and curves that all such tables share.

use super::cells::{column, count, measured, text};
use super::claims::Specification;
use super::document::{Cell, Chart, Column, Figure, Table};
use super::origin::{CountryRule, Openness};
use super::standings::{Choice, PickedBy, Side, Snapshot, Top};

/// Two sides and what the table calls them.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) label: &'static str,
    pub(super) left: Side<'static>,
    pub(super) right: Side<'static>,
}

/// China minus the United States.
pub(super) const CHINA_US: Pair =
    Pair { label: "CN - US", left: Side::Country("CN"), right: Side::Country("US") };
/// France minus the best of all other countries.
pub(super) const FRANCE_REST: Pair =
    Pair { label: "FR - best other", left: Side::Country("FR"), right: Side::AllBut("FR") };

/// The best open-weights model of each country on each date.
pub(super) fn best_over_time(
    id: &'static str,
    title: &str,
    snapshots: &[Snapshot],
    countries: &[&'static str],
) -> Figure {
    let mut rows = Vec::new();
    for snapshot in snapshots {
        for &code in countries {
            let Some(best) = snapshot.pick(Side::Country(code), Choice::MAIN) else { continue };
            let mut row = vec![text(&snapshot.date), text(code), text(best.names())];
            row.extend(measured(best.rating));
            row.push(count(best.votes()));
            rows.push(row);
        }
    }
    let columns = vec![
        column("date", "Date", 0),
        column("country", "Country", 0),
        column("model", "Best open-weights model", 0),
        column("rating", "Rating", 0),
        column("low", "95 % from", 0),
        column("high", "95 % to", 0),
        column("votes", "Votes", 0),
    ];
    let chart = Chart::Lines {
        date: "date",
        value: "rating",
        interval: Some(("low", "high")),
        group: Some("country"),
        detail: Some("model"),
        zero: false,
    };
    Figure { id, title: title.to_owned(), table: Table { columns, rows }, chart: Some(chart) }
}

/// The difference of each pair on each date.
pub(super) fn differences(
    id: &'static str,
    title: &str,
    snapshots: &[Snapshot],
    pairs: &[Pair],
) -> Figure {
    let mut rows = Vec::new();
    for snapshot in snapshots {
        for pair in pairs {
            let Some(found) = snapshot.contrast(pair.left, pair.right, Choice::MAIN) else {
                continue;
            };
            let mut row = vec![text(&snapshot.date), text(pair.label)];
            row.extend([text(found.left.names()), text(found.right.names())]);
            row.extend(measured(found.difference));
            row.push(count(found.votes()));
            row.push(text(reading(found.difference.low, found.difference.high)));
            rows.push(row);
        }
    }
    let columns = vec![
        column("date", "Date", 0),
        column("pair", "Pair", 0),
        column("left_model", "First model", 0),
        column("right_model", "Second model", 0),
        column("difference", "First minus second, points", 1),
        column("low", "95 % from", 1),
        column("high", "95 % to", 1),
        column("votes", "Votes for both", 0),
        column("reading", "Reading", 0),
    ];
    let chart = Chart::Lines {
        date: "date",
        value: "difference",
        interval: Some(("low", "high")),
        group: Some("pair"),
        detail: Some("left_model"),
        zero: true,
    };
    Figure { id, title: title.to_owned(), table: Table { columns, rows }, chart: Some(chart) }
}

/// What an interval of a difference says.
pub(super) fn reading(low: f64, high: f64) -> &'static str {
    match (low > 0.0, high < 0.0) {
        (true, _) => "first ahead",
        (_, true) => "second ahead",
        _ => "not separated",
    }
}

/// The first date on which the whole interval of a difference lies above zero.
pub(super) fn first_clear_lead(
    snapshots: &[Snapshot],
    pair: Pair,
    choice: Choice,
) -> Option<&Snapshot> {
    snapshots.iter().find(|snapshot| {
        let found = snapshot.contrast(pair.left, pair.right, choice);
        found.is_some_and(|found| found.difference.low > 0.0)
    })
}

/// The first date from which on the difference has been above zero in every table.
pub(super) fn ahead_since(snapshots: &[Snapshot], pair: Pair) -> Option<&Snapshot> {
    let ahead = |snapshot: &&Snapshot| {
        let found = snapshot.contrast(pair.left, pair.right, Choice::MAIN);
        found.is_some_and(|found| found.difference.value > 0.0)
    };
    snapshots.iter().rev().take_while(ahead).last()
}

/// Columns of a choice's words.
pub(super) const CHOICE_COLUMNS: [Column; 4] = [
    column("open_weights", "Counts as open", 0),
    column("country_of", "Country of", 0),
    column("stands_for", "Stands for a country", 0),
    column("picked_by", "Best by", 0),
];
/// Their keys.
pub(super) const CHOICE_KEYS: &[&str] = &["open_weights", "country_of", "stands_for", "picked_by"];

/// The words of a choice, in the order of [`CHOICE_COLUMNS`].
pub(super) fn words_of(choice: Choice) -> Vec<&'static str> {
    vec![
        choice.openness.as_str(),
        choice.country.as_str(),
        choice.top.as_str(),
        choice.picked_by.as_str(),
    ]
}

/// All combinations of choices for a table; those by style-controlled rank only where the table has it.
pub(super) fn choices(style_rank: bool, fewest_votes: &[u64]) -> Vec<Choice> {
    let picks: &[PickedBy] = match style_rank {
        true => &[PickedBy::Rating, PickedBy::StyleRank],
        false => &[PickedBy::Rating],
    };
    let mut all = Vec::new();
    for openness in Openness::ALL {
        for country in CountryRule::ALL {
            for top in Top::ALL {
                for &picked_by in picks {
                    for &fewest_votes in fewest_votes {
                        all.push(Choice { openness, country, top, picked_by, fewest_votes });
                    }
                }
            }
        }
    }
    all
}

/// The difference of a pair under each choice; choices under which a side has too few models are left out.
pub(super) fn specifications(
    snapshot: &Snapshot,
    pair: Pair,
    choices: &[Choice],
    words: impl Fn(Choice) -> Vec<&'static str>,
    further: impl Fn(Choice) -> Vec<Cell>,
) -> Vec<Specification> {
    let one = |&choice: &Choice| {
        let found = snapshot.contrast(pair.left, pair.right, choice)?;
        Some(Specification {
            choices: words(choice),
            further: further(choice),
            value: found.difference,
            votes: found.votes(),
            main: choice == Choice::MAIN,
        })
    };
    choices.iter().filter_map(one).collect()
}
