//! Pages of the leaderboard stage; words and numbers are decided here, templates only print.

pub mod checks;
pub mod leaks;
pub mod matrix;

use actix_web::HttpResponse;
use arena_core::ranking::{Row, Status};
use arena_core::tier::Tier;
use askama::Template;
use serde::Deserialize;

use crate::battle::sets::handlers::SetLine;
use crate::battle::sets::queries::Listed;
use crate::battle::{self, Ring};
use crate::config::Site;
use crate::kit::http::{HttpError, page};
use crate::kit::wording;
use crate::pool::Model;
use crate::ranking::slices::{Anchor, Slice, Sliced};
use crate::ranking::{Published, View};

/// One model on a page, every number with its interval and count.
pub struct Line {
    /// Name.
    pub name: String,
    /// Who trained it.
    pub maker: String,
    /// Country in words.
    pub country: String,
    /// Licence of the weights.
    pub licence: String,
    /// Size in parameters.
    pub size: String,
    /// Number format of the weights; of a model that runs elsewhere, the word remote and who runs it.
    pub quantization: String,
    /// Place, or a dash.
    pub rank: String,
    /// Places the votes leave possible, or a dash.
    pub spread: String,
    /// Rating, or a dash.
    pub rating: String,
    /// 95 % interval in words, or why there is none.
    pub interval: String,
    /// Interval as a bar, in permille of the scale; none when unrated.
    pub bar: Option<Bar>,
    /// Counted votes.
    pub votes: String,
    /// Wins, losses, ties, both bad.
    pub record: String,
    /// Group of models that the votes cannot order, or a dash.
    pub group: String,
    /// Votes without which it would no longer be ahead of the next one, or a dash.
    pub flip: String,
    /// Online Elo.
    pub elo: String,
    /// Status word.
    pub status: &'static str,
    /// Status in a sentence.
    pub reason: String,
    /// Whether it has left the pool.
    pub retired: bool,
}

/// An interval drawn in a row, in permille of the board's range.
pub struct Bar {
    /// Lower end.
    pub low: i64,
    /// Width.
    pub width: i64,
    /// The rating itself.
    pub at: i64,
}

/// Why a model has the status it has.
pub fn reason(status: Status) -> &'static str {
    match status {
        Status::Ok => "rated",
        Status::Provisional => "rated on fewer than 100 votes",
        Status::Undefeated => "never lost: any rating would be infinite",
        Status::Winless => "never won: any rating would be minus infinite",
        Status::Island => "no chain of votes compares it with the others",
        Status::TooFewVotes => "fewer than 20 votes",
        Status::NoVotes => "no votes yet",
    }
}

/// The lines of a board, rated models first.
pub fn lines(view: &View<'_>) -> Vec<Line> {
    let rated = view.board.rows.iter().filter_map(|row| row.rating);
    let low = rated.clone().map(|rating| rating.low).fold(f64::INFINITY, f64::min);
    let high = rated.map(|rating| rating.high).fold(f64::NEG_INFINITY, f64::max);
    let line = |(model, row): (&Model, &Row)| Line {
        name: model.name.clone(),
        maker: model.maker.clone(),
        country: wording::country(&model.country),
        licence: model.licence.clone(),
        size: model.parameter_count().map_or("–".to_owned(), wording::parameters),
        quantization: runs_as(model),
        rank: row.rank.map_or("–".to_owned(), |rank| rank.rank.to_string()),
        spread: row.rank.map_or("–".to_owned(), |rank| format!("{}–{}", rank.best, rank.worst)),
        rating: row.rating.map_or("–".to_owned(), |rating| format!("{:.0}", rating.rating)),
        interval: row.rating.map_or_else(
            || reason(row.status).to_owned(),
            |rating| format!("{:.0} to {:.0}", rating.low, rating.high),
        ),
        bar: row.rating.map(|rating| bar(rating.low, rating.rating, rating.high, (low, high))),
        votes: whole_number(row.votes),
        record: format!("{} / {} / {} / {}", row.wins, row.losses, row.ties, row.both_bad),
        group: view.tie_group(row).map_or("–".to_owned(), |group| group.to_string()),
        flip: view.fragility(row).and_then(|pair| pair.votes).map_or("–".to_owned(), whole_number),
        elo: view.elo(model).map_or("–".to_owned(), |elo| format!("{elo:.0}")),
        status: if model.quarantine.is_some() { "quarantined" } else { row.status.as_str() },
        reason: model.quarantine.map_or_else(
            || reason(row.status).to_owned(),
            |quarantine| format!("no battles {}", quarantine.in_words()),
        ),
        retired: model.is_retired(),
    };
    view.in_order().into_iter().map(line).collect()
}

/// The number format of the weights, or that they are elsewhere and who has them.
pub(super) fn runs_as(model: &Model) -> String {
    let format = model.quantization();
    match model.endpoint() {
        Some(endpoint) => format!("{format}: {}", endpoint.operator),
        None => format.to_owned(),
    }
}

/// Which models are remote, for pages that list models and have no column for it.
fn remote_line(models: &[Model]) -> String {
    let remote = models.iter().filter_map(|model| Some((model, model.endpoint()?)));
    remote
        .map(|(model, endpoint)| {
            format!(" {} is remote, run by {}.", model.name, endpoint.operator)
        })
        .collect()
}

/// A count in words.
pub(super) fn whole_number(count: u64) -> String {
    wording::count(i64::try_from(count).unwrap_or(i64::MAX))
}

fn bar(low: f64, at: f64, high: f64, (start, end): (f64, f64)) -> Bar {
    let scale = (end - start).max(f64::EPSILON);
    let permille = |value: f64| ((value - start) / scale * 1000.0).round() as i64;
    Bar { low: permille(low), width: permille(high) - permille(low), at: permille(at) }
}

/// Where the numbers of a page come from, in one line.
pub(super) fn source_line(view: &View<'_>) -> String {
    let votes = wording::counted(i64::try_from(view.board.votes).unwrap_or(0), "vote");
    let which = match (view.slice, view.period()) {
        (Some((slice, _)), _) => format!("{}: {votes}", slice.in_words()),
        (None, Some((first, last))) => {
            format!("{votes} from {} to {}", wording::minute(first), wording::minute(last))
        }
        (None, None) => "no votes yet".to_owned(),
    };
    let scale = match view.slice {
        None => "mean 1000".to_owned(),
        Some((_, Anchor::Shared(models))) => format!(
            "on the scale of the whole board through {}",
            wording::counted(i64::try_from(*models).unwrap_or(0), "model")
        ),
        Some((_, Anchor::None)) => {
            "mean 1000: too few models have a rating here and on the whole board, so numbers cannot \
             be compared with it"
                .to_owned()
        }
    };
    let problem = view.problem.map_or(String::new(), |problem| format!(" Attention: {problem}."));
    let capped = match view.basis.capped_voters {
        0 => String::new(),
        voters => format!(
            " Votes of {} who voted more than {:.0} times share that weight; how many votes an order \
             hangs on is not said then.",
            wording::counted(i64::try_from(voters).unwrap_or(0), "voter"),
            view.basis.voter_cap.unwrap_or_default()
        ),
    };
    format!(
        "Source: this arena's own blind votes; {which}. Bradley-Terry; ties, both good and both bad \
         as half wins; 95 % sandwich intervals {}; {scale}; computed {}.{capped}{}{problem}",
        view.basis.dependence.in_words(),
        wording::minute(view.computed_at),
        remote_line(view.models)
    )
}

/// How well the voters behind the whole board are known, in one line; none without votes.
fn tier_line(published: &Published) -> Option<String> {
    let votes = |tier: Tier| {
        let slice = Slice::Tier(tier);
        published.slices.iter().find(|sliced| sliced.slice == slice).map_or(0, |found| found.votes)
    };
    let all: u64 = Tier::ALL.into_iter().map(votes).sum();
    let part = |tier| {
        let votes = votes(tier);
        format!(
            "{} by {tier} voters ({:.0} %)",
            whole_number(votes),
            100.0 * votes as f64 / all as f64
        )
    };
    (all > 0).then(|| format!("Votes by tier: {}.", Tier::ALL.map(part).join(", ")))
}

#[derive(Template)]
#[template(path = "leaderboard/landing.html")]
struct Landing<'a> {
    site: &'a Site,
    votes: String,
    models: String,
    may_start: bool,
    top: Vec<Line>,
    unrated: usize,
    sets: Vec<SetLine>,
    source: String,
}

/// The start page.
pub fn landing(
    site: &Site,
    published: &Published,
    sets: Vec<Listed>,
    ready: usize,
) -> Result<HttpResponse, HttpError> {
    let active = published.models.iter().filter(|model| model.is_active()).count();
    let mut top = lines(&published.view());
    let rated = top.iter().filter(|line| line.bar.is_some()).count();
    let unrated = top.len() - rated;
    top.truncate(rated.min(5));
    page(&Landing {
        site,
        votes: wording::counted(i64::try_from(published.board.votes).unwrap_or(0), "vote"),
        models: wording::counted(i64::try_from(active).unwrap_or(0), "model"),
        may_start: ready >= 2,
        top,
        unrated,
        sets: sets.into_iter().map(SetLine::from).collect(),
        source: source_line(&published.view()),
    })
}

/// What a reader of the leaderboard asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Filter {
    /// Part of a name, maker or country.
    #[serde(default)]
    pub q: String,
    /// A status word.
    #[serde(default)]
    pub status: String,
}

impl Filter {
    fn matches(&self, line: &Line) -> bool {
        let words = format!("{} {} {} {}", line.name, line.maker, line.country, line.licence);
        words.to_lowercase().contains(&self.q.trim().to_lowercase())
            && (self.status.is_empty() || self.status == line.status)
    }
}

#[derive(Template)]
#[template(path = "leaderboard/leaderboard.html")]
struct LeaderboardPage<'a> {
    site: &'a Site,
    lines: Vec<Line>,
    total: usize,
    filter: &'a Filter,
    statuses: [(&'static str, &'static str); 7],
    kinds: Vec<Kind>,
    slice: String,
    title: Option<String>,
    source: String,
    tiers: Option<String>,
    excluded: i64,
}

/// Slices of one kind, as the form lists them.
struct Kind {
    name: &'static str,
    slices: Vec<(String, String)>,
}

fn kinds(published: &Published) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for Sliced { slice, votes } in &published.slices {
        let votes = wording::counted(i64::try_from(*votes).unwrap_or(0), "vote");
        let entry = (slice.to_string(), format!("{} ({votes})", slice.in_words()));
        match kinds.iter_mut().find(|kind| kind.name == slice.kind()) {
            Some(kind) => kind.slices.push(entry),
            None => kinds.push(Kind { name: slice.kind(), slices: vec![entry] }),
        }
    }
    kinds
}

/// The table of the whole or of a slice.
pub fn leaderboard(
    site: &Site,
    (published, excluded): (&Published, i64),
    view: View<'_>,
    filter: &Filter,
) -> Result<HttpResponse, HttpError> {
    let mut lines = lines(&view);
    let total = lines.len();
    lines.retain(|line| filter.matches(line));
    let statuses = [
        Status::Ok,
        Status::Provisional,
        Status::TooFewVotes,
        Status::Undefeated,
        Status::Winless,
        Status::Island,
        Status::NoVotes,
    ]
    .map(|status| (status.as_str(), reason(status)));
    page(&LeaderboardPage {
        site,
        lines,
        total,
        filter,
        statuses,
        kinds: kinds(published),
        slice: view.slice.map_or(String::new(), |(slice, _)| slice.to_string()),
        title: view.slice.map(|(slice, _)| slice.in_words()),
        source: source_line(&view),
        tiers: view.slice.is_none().then(|| tier_line(published)).flatten(),
        excluded,
    })
}

#[derive(Template)]
#[template(path = "leaderboard/method.html")]
struct MethodPage<'a> {
    site: &'a Site,
    system_prompt: &'a str,
    sampling: String,
    elsewhere: Option<String>,
    weights: Vec<(String, u32, String)>,
    at_once: String,
    resume_seconds: u64,
    quarantined: Vec<(String, String)>,
    source: String,
}

/// How battles and ratings come about.
pub fn method(
    site: &Site,
    Ring { answering, policy, limits, .. }: &Ring,
    published: &Published,
) -> Result<HttpResponse, HttpError> {
    let active: Vec<Model> =
        published.models.iter().filter(|model| model.is_active()).cloned().collect();
    let shares = policy.shares(&active);
    page(&MethodPage {
        site,
        system_prompt: &answering.system_prompt,
        sampling: answering.sampling.to_string(),
        elsewhere: site.whereabouts.elsewhere(),
        weights: active
            .iter()
            .zip(shares)
            .map(|(model, share)| {
                (model.name.clone(), model.weight, format!("{:.0} %", 100.0 * share))
            })
            .collect(),
        at_once: wording::counted(i64::try_from(limits.at_once).unwrap_or(i64::MAX), "battle"),
        resume_seconds: battle::UNWATCHED_LIMIT.as_secs(),
        quarantined: published
            .models
            .iter()
            .filter(|model| !model.is_retired())
            .filter_map(|model| Some((model.name.clone(), model.quarantine?.in_words())))
            .collect(),
        source: source_line(&published.view()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_drawn_inside_the_range_of_the_board() {
        let bar = bar(900.0, 1000.0, 1100.0, (800.0, 1200.0));

        assert_eq!((bar.low, bar.at, bar.width), (250, 500, 500));
    }
}
