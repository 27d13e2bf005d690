//! Pages of the leaderboard stage; words and numbers are decided here, templates only print.

use actix_web::HttpResponse;
use arena_core::ranking::{Row, Status};
use askama::Template;
use serde::Deserialize;

use crate::battle::sets::handlers::SetLine;
use crate::battle::sets::queries::Listed;
use crate::config::{Answering, Site};
use crate::kit::http::{HttpError, page};
use crate::kit::wording;
use crate::pool::Model;
use crate::ranking::Published;

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
    /// Number format of the weights.
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
    /// Online Elo.
    pub elo: String,
    /// Status word.
    pub status: &'static str,
    /// Status in a sentence.
    pub reason: &'static str,
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
pub fn lines(published: &Published) -> Vec<Line> {
    let rated = published.board.rows.iter().filter_map(|row| row.rating);
    let low = rated.clone().map(|rating| rating.low).fold(f64::INFINITY, f64::min);
    let high = rated.map(|rating| rating.high).fold(f64::NEG_INFINITY, f64::max);
    let line = |(model, row): (&Model, &Row)| Line {
        name: model.name.clone(),
        maker: model.maker.clone(),
        country: wording::country(&model.country),
        licence: model.licence.clone(),
        size: wording::parameters(model.parameter_count),
        quantization: model.quantization.clone(),
        rank: row.rank.map_or("–".to_owned(), |rank| rank.rank.to_string()),
        spread: row.rank.map_or("–".to_owned(), |rank| format!("{}–{}", rank.best, rank.worst)),
        rating: row.rating.map_or("–".to_owned(), |rating| format!("{:.0}", rating.rating)),
        interval: row.rating.map_or_else(
            || reason(row.status).to_owned(),
            |rating| format!("{:.0} to {:.0}", rating.low, rating.high),
        ),
        bar: row.rating.map(|rating| bar(rating.low, rating.rating, rating.high, (low, high))),
        votes: wording::count(i64::try_from(row.votes).unwrap_or(i64::MAX)),
        record: format!("{} / {} / {} / {}", row.wins, row.losses, row.ties, row.both_bad),
        elo: format!("{:.0}", published.elo(model.id)),
        status: row.status.as_str(),
        reason: reason(row.status),
        retired: !model.is_active(),
    };
    published.in_order().into_iter().map(line).collect()
}

fn bar(low: f64, at: f64, high: f64, (start, end): (f64, f64)) -> Bar {
    let scale = (end - start).max(f64::EPSILON);
    let permille = |value: f64| ((value - start) / scale * 1000.0).round() as i64;
    Bar { low: permille(low), width: permille(high) - permille(low), at: permille(at) }
}

/// Where the numbers of a page come from, in one line.
fn source_line(published: &Published) -> String {
    let votes = wording::counted(i64::try_from(published.board.votes).unwrap_or(0), "vote");
    let period = published.period.map_or_else(
        || "no votes yet".to_owned(),
        |(first, last)| {
            format!("{votes} from {} to {}", wording::minute(first), wording::minute(last))
        },
    );
    format!(
        "Source: this arena's own blind votes; {period}. Bradley-Terry; ties, both good and both bad \
         as half wins; 95 % sandwich intervals; mean 1000; computed {}.",
        wording::minute(published.computed_at)
    )
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
    let mut top = lines(published);
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
        source: source_line(published),
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
    source: String,
}

/// The whole table.
pub fn leaderboard(
    site: &Site,
    published: &Published,
    filter: &Filter,
) -> Result<HttpResponse, HttpError> {
    let mut lines = lines(published);
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
    let source = source_line(published);
    page(&LeaderboardPage { site, lines, total, filter, statuses, source })
}

#[derive(Template)]
#[template(path = "leaderboard/method.html")]
struct MethodPage<'a> {
    site: &'a Site,
    system_prompt: &'a str,
    sampling: String,
    weights: Vec<(String, u32)>,
    source: String,
}

/// How battles and ratings come about.
pub fn method(
    site: &Site,
    answering: &Answering,
    published: &Published,
) -> Result<HttpResponse, HttpError> {
    let active = published.models.iter().filter(|model| model.is_active());
    page(&MethodPage {
        site,
        system_prompt: &answering.system_prompt,
        sampling: answering.sampling.to_string(),
        weights: active.map(|model| (model.name.clone(), model.weight)).collect(),
        source: source_line(published),
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
