//! Tables of the site's own votes: models, groups of models, places, who beats whom.

use std::collections::BTreeMap;

use arena_core::ranking::{Resample, Row};

use super::SEED;
use super::cells::{column, count, measured, number, text};
use super::contrasts::reading;
use super::document::{Cell, Chart, Column, Figure, Measured, Table};
use super::own::{Member, Site};
use super::rated::{Rated, matrices};
use super::standings::Places;

/// Resamples behind shares of places.
const DRAWS: usize = 400;
/// If more of them than one in this many have no estimate, there is no interval.
const APART: usize = 20;
/// Models in the win matrix.
const MATRIX_MODELS: usize = 30;

/// What models are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    Country,
    Licence,
    Size,
}

impl Grouping {
    pub(super) const ALL: [Grouping; 3] = [Grouping::Country, Grouping::Licence, Grouping::Size];

    fn ids(self) -> [&'static str; 3] {
        match self {
            Grouping::Country => ["own-countries", "own-country-differences", "own-country-places"],
            Grouping::Licence => ["own-licences", "own-licence-differences", "own-licence-places"],
            Grouping::Size => ["own-sizes", "own-size-differences", "own-size-places"],
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Grouping::Country => "country",
            Grouping::Licence => "licence",
            Grouping::Size => "size",
        }
    }

    fn column(self) -> Column {
        match self {
            Grouping::Country => column("country", "Country", 0),
            Grouping::Licence => column("licence", "Licence", 0),
            Grouping::Size => column("size", "Size", 0),
        }
    }

    /// The group of a model, with what sorts it.
    fn of(self, member: &Member<'_>) -> (usize, String) {
        match self {
            Grouping::Country => (0, member.model.country.clone()),
            Grouping::Licence => (member.class as usize, member.class.as_str().to_owned()),
            Grouping::Size => size_class(member.model.parameter_count),
        }
    }

    /// The models of each group.
    fn split(self, site: &Site<'_>) -> BTreeMap<(usize, String), Vec<usize>> {
        let mut split: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (model, member) in site.members.iter().enumerate() {
            split.entry(self.of(member)).or_default().push(model);
        }
        split
    }
}

/// The size class of a model and its place.
pub(super) fn size_class(parameters: Option<u64>) -> (usize, String) {
    const BILLION: u64 = 1_000_000_000;
    let classes = [
        (BILLION, "below 1 billion"),
        (4 * BILLION, "1 to 4 billion"),
        (15 * BILLION, "4 to 15 billion"),
        (70 * BILLION, "15 to 70 billion"),
        (u64::MAX, "70 billion and more"),
    ];
    let Some(parameters) = parameters else { return (classes.len(), "not known".to_owned()) };
    let place = classes.iter().position(|(below, _)| parameters < *below);
    let place = place.unwrap_or(classes.len() - 1);
    (place, classes[place].1.to_owned())
}

/// Every model with its rating, or why it has none.
pub(super) fn models(site: &Site<'_>) -> Figure {
    let columns = vec![
        column("model", "Model", 0),
        column("maker", "Maker", 0),
        column("country", "Country", 0),
        column("licence", "Licence", 0),
        column("size", "Size", 0),
        column("run_by", "Run by", 0),
        column("rating", "Rating", 1),
        column("low", "95 % from", 1),
        column("high", "95 % to", 1),
        column("rank_low", "Rank from", 0),
        column("rank_high", "Rank to", 0),
        column("votes", "Votes", 0),
        column("wins", "Wins", 0),
        column("losses", "Losses", 0),
        column("ties", "Ties", 0),
        column("both_bad", "Both bad", 0),
        column("status", "Status", 0),
    ];
    let mut order: Vec<(usize, Option<&Row>)> = (0..site.members.len())
        .map(|model| {
            let row = site.rated.as_ref().and_then(|rated| rated.board.rows.get(model));
            (model, row)
        })
        .collect();
    let rating = |row: Option<&Row>| row.and_then(|row| row.rating).map(|one| one.rating);
    order.sort_by(|a, b| {
        let [a_rating, b_rating] = [a, b].map(|one| rating(one.1).unwrap_or(f64::NEG_INFINITY));
        b_rating.total_cmp(&a_rating).then(a.0.cmp(&b.0))
    });
    let rows = order.into_iter().map(|(model, row)| model_row(site, model, row)).collect();
    let title = "All models and their ratings".to_owned();
    Figure { id: "own-models", title, table: Table { columns, rows }, chart: forest(site, "model") }
}

fn model_row(site: &Site<'_>, model: usize, row: Option<&Row>) -> Vec<Cell> {
    let member = &site.members[model];
    let own = member.model;
    let mut cells = vec![text(&own.name), text(&own.maker), text(&own.country), text(&own.licence)];
    cells.push(text(size_class(own.parameter_count).1));
    let remote = own.operator.as_ref().map(|operator| format!("remote: {operator}"));
    cells.push(text(remote.as_deref().unwrap_or("this site")));
    let rating = row.and_then(|row| row.rating);
    let missing = [Cell::Missing, Cell::Missing, Cell::Missing];
    cells.extend(rating.map_or(missing, |one| [one.rating, one.low, one.high].map(number)));
    let rank = row.and_then(|row| row.rank);
    cells.extend(rank.map_or([Cell::Missing, Cell::Missing], |rank| {
        [count(rank.best as u64), count(rank.worst as u64)]
    }));
    let record = site.counts.record(model).unwrap_or_default();
    cells.push(count(record.votes()));
    cells.extend([record.wins, record.losses, record.ties, record.both_bad].map(count));
    let status = match row {
        Some(row) => row.status.as_str(),
        None if record.votes() == 0 => "no_votes",
        None => "too_few_votes",
    };
    cells.push(text(status));
    cells
}

/// A forest of ratings, if there are any.
fn forest(site: &Site<'_>, label: &'static str) -> Option<Chart> {
    site.rated.as_ref().map(|_| Chart::Forest {
        label,
        value: "rating",
        low: "low",
        high: "high",
        group: (label == "model").then_some("country"),
    })
}

/// Best and mean of each group, and differences between the best of any two.
pub(super) fn groups(site: &Site<'_>, grouping: Grouping) -> [Figure; 2] {
    let split = grouping.split(site);
    let rows = split.iter().map(|((_, name), models)| group_row(site, name, models)).collect();
    let columns = vec![
        grouping.column(),
        column("models", "Models", 0),
        column("rated", "Rated", 0),
        column("votes", "Votes", 0),
        column("best", "Best model", 0),
        column("rating", "Its rating", 1),
        column("low", "95 % from", 1),
        column("high", "95 % to", 1),
        column("mean", "Mean of the rated", 1),
        column("mean_low", "95 % from", 1),
        column("mean_high", "95 % to", 1),
        column("status", "Status", 0),
    ];
    let [best_id, differences_id, _] = grouping.ids();
    let best = Figure {
        id: best_id,
        title: format!("Best model and mean by {}", grouping.noun()),
        table: Table { columns, rows },
        chart: forest(site, grouping.column().key),
    };
    [best, differences(site, grouping, differences_id, &split)]
}

fn rated_of(site: &Site<'_>, models: &[usize]) -> Vec<usize> {
    let ranked = |rated: &Rated| -> Vec<usize> {
        rated.ranked(|model| models.contains(&model)).iter().map(|row| row.model).collect()
    };
    site.rated.as_ref().map(ranked).unwrap_or_default()
}

fn group_row(site: &Site<'_>, name: &str, models: &[usize]) -> Vec<Cell> {
    let rated = rated_of(site, models);
    let votes: u64 =
        models.iter().filter_map(|&model| site.counts.record(model)).map(|one| one.votes()).sum();
    let mut cells = vec![text(name), count(models.len() as u64), count(rated.len() as u64)];
    cells.push(count(votes));
    let best = site.rated.as_ref().zip(rated.first());
    let missing = [Cell::Missing, Cell::Missing, Cell::Missing];
    cells.push(best.map_or(Cell::Missing, |(_, &model)| text(&site.members[model].model.name)));
    let rating = best.and_then(|(board, &model)| board.board.rows.get(model)?.rating);
    cells.extend(rating.map_or(missing.clone(), |one| [one.rating, one.low, one.high].map(number)));
    let mean = site.rated.as_ref().and_then(|board| board.mean_rating(&rated));
    cells.extend(mean.map_or(missing, measured));
    cells.push(text(if rated.is_empty() { "not enough votes" } else { "ok" }));
    cells
}

fn differences(
    site: &Site<'_>,
    grouping: Grouping,
    id: &'static str,
    split: &BTreeMap<(usize, String), Vec<usize>>,
) -> Figure {
    let groups: Vec<(&String, Vec<usize>)> =
        split.iter().map(|((_, name), models)| (name, rated_of(site, models))).collect();
    let mut rows = Vec::new();
    for (at, (first, left)) in groups.iter().enumerate() {
        for (second, right) in groups.iter().skip(at + 1) {
            rows.push(difference_row(site, (first, left), (second, right)));
        }
    }
    let columns = vec![
        column("first", "First", 0),
        column("second", "Second", 0),
        column("first_model", "Its best model", 0),
        column("second_model", "Its best model", 0),
        column("difference", "First minus second, points", 1),
        column("low", "95 % from", 1),
        column("high", "95 % to", 1),
        column("votes", "Votes for both", 0),
        column("reading", "Reading", 0),
    ];
    let title = format!("Best model against best model by {}", grouping.noun());
    Figure { id, title, table: Table { columns, rows }, chart: None }
}

fn difference_row(
    site: &Site<'_>,
    (first, left): (&String, &[usize]),
    (second, right): (&String, &[usize]),
) -> Vec<Cell> {
    let name = |models: &[usize]| {
        models.first().map_or(Cell::Missing, |&model| text(&site.members[model].model.name))
    };
    let mut cells = vec![text(first), text(second), name(left), name(right)];
    let pair = left.first().zip(right.first());
    let found: Option<(Measured, u64)> = site.rated.as_ref().zip(pair).and_then(|(rated, pair)| {
        let (left, right) = ([*pair.0], [*pair.1]);
        Some((rated.contrast(&left, &right)?, rated.votes(&[left[0], right[0]])))
    });
    match found {
        Some((value, votes)) => {
            cells.extend(measured(value));
            cells.extend([count(votes), text(reading(value.low, value.high))]);
        }
        None => {
            cells.extend([Cell::Missing, Cell::Missing, Cell::Missing, count(0)]);
            cells.push(text("not enough votes"));
        }
    }
    cells
}

/// Shares of the first 5, 10 and 20 places; nothing if no two models are rated or too few resamples can be.
pub(super) fn top_places(site: &Site<'_>, grouping: Grouping) -> Option<Figure> {
    let rated = site.rated.as_ref()?;
    let names: Vec<(usize, String)> = grouping.split(site).into_keys().collect();
    let group = |model: usize| {
        let own = grouping.of(&site.members[model]);
        names.iter().position(|name| *name == own).unwrap_or(0)
    };
    let models: Vec<usize> = rated.ranked(|_| true).iter().map(|row| row.model).collect();
    let bootstrap = rated.fit.bootstrap(&[], Resample::Vote, DRAWS, SEED).ok()?;
    if bootstrap.apart() * APART > DRAWS {
        return None;
    }
    let place = |model: usize| rated.fit.members().iter().position(|&member| member == model);
    let order = |strengths: &Vec<f64>| -> Vec<usize> {
        let strength = |model: usize| place(model).and_then(|at| strengths.get(at)).copied();
        let mut order: Vec<(f64, usize)> =
            models.iter().filter_map(|&model| Some((strength(model)?, group(model)))).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        order.into_iter().map(|(_, group)| group).collect()
    };
    let draws: Vec<Vec<usize>> = bootstrap.resamples().iter().map(order).collect();
    let published: Vec<usize> = models.iter().map(|&model| group(model)).collect();
    let mut rows = Vec::new();
    for places in [5, 10, 20].into_iter().filter(|&places| places < models.len()) {
        let counted = Places::of_orders(&published, &draws, places, names.len());
        let first: Vec<usize> = models.iter().take(places).copied().collect();
        for (at, (_, name)) in names.iter().enumerate() {
            let own: Vec<usize> =
                first.iter().copied().filter(|&model| group(model) == at).collect();
            let mut row = vec![text(format!("first {places}")), text(name)];
            row.push(count(counted.held(at) as u64));
            row.extend(measured(counted.share(at)));
            row.push(count(rated.votes(&own)));
            rows.push(row);
        }
    }
    let columns = vec![
        column("places", "Places", 0),
        grouping.column(),
        column("held", "Places held", 0),
        column("share", "Share", 2),
        column("low", "95 % from", 2),
        column("high", "95 % to", 2),
        column("votes", "Votes for these models", 0),
    ];
    let title = format!("Who holds the first places, by {}", grouping.noun());
    let chart =
        Chart::Bars { category: "places", value: "held", group: Some(grouping.column().key) };
    let chart = (!rows.is_empty()).then_some(chart);
    let [_, _, id] = grouping.ids();
    Some(Figure { id, title, table: Table { columns, rows }, chart })
}

/// Who beats whom, and how often they met.
pub(super) fn matrices_of_best(site: &Site<'_>) -> Vec<Figure> {
    let Some(rated) = &site.rated else { return Vec::new() };
    let best = rated.ranked(|_| true).into_iter().take(MATRIX_MODELS);
    let best: Vec<(usize, String)> =
        best.map(|row| (row.model, site.members[row.model].model.name.clone())).collect();
    let titles = ["Who beats whom", "Votes between models"].map(str::to_owned);
    matrices(["own-wins", "own-battles"], titles, site.counts, rated, &best).into()
}
