//! LMArena over time, tables of places and releases: shares of top places, models listed, style-controlled ranks.

use std::collections::BTreeMap;

use super::cells::{column, count, measured, text};
use super::claims::{CurveShape, Specification, Wording};
use super::document::{Chart, Claim, Figure, Table};
use super::history::SECTION;
use super::origin::{CountryRule, Openness};
use super::standings::{Choice, PickedBy, Places, Side, Snapshot, Standing};
use super::{ReportError, SEED};

/// Countries that have a colour of their own; the last one stands for all others.
const GROUPS: [&str; 4] = ["CN", "US", "FR", "other"];
/// Tables drawn for an interval over time.
const DRAWS: usize = 400;
/// Tables drawn for the interval of a claim.
const CLAIM_DRAWS: usize = 4000;

fn group(country: &str) -> usize {
    GROUPS.iter().position(|code| *code == country).unwrap_or(GROUPS.len() - 1)
}

fn grouped(snapshot: &Snapshot, choice: Choice) -> Vec<(&Standing, usize)> {
    let ranked = snapshot.ranked(choice).into_iter();
    ranked.map(|model| (model, group(model.countries.by(choice.country)))).collect()
}

/// Shares of the first 5, 10 and 20 places among open-weights models by country.
pub(super) fn shares(snapshots: &[Snapshot]) -> [Figure; 3] {
    [("lmarena-top-5", 5), ("lmarena-top-10", 10), ("lmarena-top-20", 20)].map(|(id, places)| {
        let rows = snapshots.iter().flat_map(|snapshot| share_rows(snapshot, places)).collect();
        let columns = vec![
            column("date", "Date", 0),
            column("country", "Country", 0),
            column("places", "Places held", 0),
            column("share", "Share", 2),
            column("low", "95 % from", 2),
            column("high", "95 % to", 2),
            column("votes", "Votes for these models", 0),
        ];
        Figure {
            id,
            title: format!(
                "LMArena: who holds the first {places} places among open-weights models"
            ),
            table: Table { columns, rows },
            chart: Some(Chart::Shares { date: "date", value: "share", group: "country" }),
        }
    })
}

fn share_rows(snapshot: &Snapshot, places: usize) -> Vec<Vec<super::document::Cell>> {
    let models = grouped(snapshot, Choice::MAIN);
    let counted = Places::count(&models, places, GROUPS.len(), DRAWS, SEED);
    let row = |(group, code): (usize, &&str)| {
        let own = models.iter().take(places).filter(|(_, of)| *of == group);
        let votes = own.map(|(model, _)| model.votes).sum();
        let mut cells = vec![text(&snapshot.date), text(*code), count(counted.held(group) as u64)];
        cells.extend(measured(counted.share(group)));
        cells.push(count(votes));
        cells
    };
    GROUPS.iter().enumerate().map(row).collect()
}

/// Open-weights models by country: listed on each date, and new in each quarter.
pub(super) fn releases(snapshots: &[Snapshot]) -> [Figure; 2] {
    let mut stock = Vec::new();
    let mut first_seen: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for snapshot in snapshots {
        let models = grouped(snapshot, Choice::MAIN);
        for (at, code) in GROUPS.iter().enumerate() {
            let listed = models.iter().filter(|(_, group)| *group == at).count() as u64;
            stock.push(vec![text(&snapshot.date), text(*code), count(listed)]);
        }
        for (model, group) in models {
            let seen = (snapshot.date.clone(), group);
            first_seen.entry(model.name.to_lowercase()).or_insert(seen);
        }
    }
    let start = snapshots.first().map(|snapshot| snapshot.date.clone()).unwrap_or_default();
    let mut flow: BTreeMap<(String, usize), u64> = BTreeMap::new();
    for snapshot in snapshots {
        for at in 0..GROUPS.len() {
            flow.entry((quarter(&snapshot.date), at)).or_default();
        }
    }
    for (date, group) in first_seen.into_values().filter(|(date, _)| *date != start) {
        *flow.entry((quarter(&date), group)).or_default() += 1;
    }
    let flow = flow.into_iter().map(|((quarter, group), models)| {
        vec![text(quarter), text(GROUPS.get(group).copied().unwrap_or("other")), count(models)]
    });
    let columns = |when: &'static str, label, models| {
        vec![column(when, label, 0), column("country", "Country", 0), column("models", models, 0)]
    };
    [
        Figure {
            id: "lmarena-releases-stock",
            title: "LMArena: open-weights models listed, by country".to_owned(),
            table: Table { columns: columns("date", "Date", "Models listed"), rows: stock },
            chart: Some(Chart::Shares { date: "date", value: "models", group: "country" }),
        },
        Figure {
            id: "lmarena-releases-flow",
            title: "LMArena: open-weights models listed for the first time, by quarter and country"
                .to_owned(),
            table: Table {
                columns: columns("quarter", "Quarter", "New models"),
                rows: flow.collect(),
            },
            chart: Some(Chart::Bars {
                category: "quarter",
                value: "models",
                group: Some("country"),
            }),
        },
    ]
}

/// `2024-Q3` of `2024-07-31`.
fn quarter(date: &str) -> String {
    let month = date.get(5..7).and_then(|month| month.parse::<u32>().ok()).unwrap_or(1);
    format!("{}-Q{}", date.get(..4).unwrap_or(date), month.div_ceil(3))
}

/// The best model of China and the US by LMArena's rank with style control, where the table has it.
pub(super) fn style_ranks(snapshots: &[Snapshot]) -> Figure {
    let choice = Choice { picked_by: PickedBy::StyleRank, ..Choice::MAIN };
    let mut rows = Vec::new();
    for snapshot in snapshots {
        for code in ["CN", "US"] {
            let Some(best) = snapshot.pick(Side::Country(code), choice) else { continue };
            let rank = best.models.first().and_then(|model| model.style_rank).unwrap_or_default();
            let mut row = vec![text(&snapshot.date), text(code), text(best.names())];
            row.push(count(u64::from(rank)));
            row.extend(measured(best.rating));
            row.push(count(best.votes()));
            rows.push(row);
        }
    }
    let columns = vec![
        column("date", "Date", 0),
        column("country", "Country", 0),
        column("model", "Best open-weights model by this rank", 0),
        column("style_rank", "LMArena's rank with style control, among all models", 0),
        column("rating", "Rating without style control", 0),
        column("low", "95 % from", 0),
        column("high", "95 % to", 0),
        column("votes", "Votes", 0),
    ];
    Figure {
        id: "lmarena-style",
        title: "LMArena: the best open-weights models by rank with style control".to_owned(),
        table: Table { columns, rows },
        chart: None,
    }
}

const TOP_CURVE: CurveShape = CurveShape {
    id: "curve-lmarena-top",
    title: "China's share of the first places minus that of the US under other choices",
    unit: "China minus US, share of places",
    decimals: 2,
    keys: &["places", "open_weights", "country_of"],
    choices: &[
        column("places", "Places", 0),
        column("open_weights", "Counts as open", 0),
        column("country_of", "Country of", 0),
    ],
    further: &[column("places_cn", "Held by China", 0), column("places_us", "Held by the US", 0)],
};

/// Who holds more of the first ten places in the last table.
pub(super) fn top_claim(last: &Snapshot) -> Result<Claim, ReportError> {
    let mut rows = Vec::new();
    for (places, word) in [(5, "first 5"), (10, "first 10"), (20, "first 20")] {
        for openness in Openness::ALL {
            for country in CountryRule::ALL {
                let choice = Choice { openness, country, ..Choice::MAIN };
                rows.push(top_specification(last, choice, places, word));
            }
        }
    }
    let main = rows.iter().find(|row| row.main).map(|row| (row.value, row.votes));
    let (value, votes) = main.ok_or(ReportError::Absent { what: "places in the last table" })?;
    let wording = Wording {
        section: SECTION,
        words: format!(
            "On LMArena, {}, more of the ten best open-weights models are Chinese than American.",
            last.date
        ),
        statistic: format!(
            "China's share of the first ten places among open-weights models minus that of the US; interval from \
             {CLAIM_DRAWS} tables drawn around the published ratings, treated as independent."
        ),
    };
    Ok(wording.above_zero(value, votes, rows, &TOP_CURVE))
}

fn top_specification(
    last: &Snapshot,
    choice: Choice,
    places: usize,
    word: &'static str,
) -> Specification {
    let models = grouped(last, choice);
    let counted = Places::count(&models, places, GROUPS.len(), CLAIM_DRAWS, SEED);
    let (china, us) = (group("CN"), group("US"));
    let held = [china, us].map(|group| count(counted.held(group) as u64));
    Specification {
        choices: vec![word, choice.openness.as_str(), choice.country.as_str()],
        further: held.to_vec(),
        value: counted.difference(china, us),
        votes: models.iter().take(places).map(|(model, _)| model.votes).sum(),
        main: choice == Choice::MAIN && places == 10,
    }
}
