//! Pages of tracks.

use actix_web::HttpResponse;
use askama::Template;

use super::{Track, TrackBoard};
use crate::config::Site;
use crate::kit::http::{HttpError, page};
use crate::kit::wording;

struct Listed {
    slug: String,
    title: String,
    source: String,
    licence: String,
    models: usize,
    imported_at: String,
}

#[derive(Template)]
#[template(path = "tracks/tracks.html")]
struct TracksPage<'a> {
    site: &'a Site,
    tracks: Vec<Listed>,
}

/// All tracks.
pub(super) fn list(site: &Site, tracks: Vec<Track>) -> Result<HttpResponse, HttpError> {
    let listed = |track: Track| Listed {
        slug: track.slug,
        title: track.title,
        source: track.source,
        licence: track.licence,
        models: track.models.len(),
        imported_at: wording::minute(track.imported_at),
    };
    page(&TracksPage { site, tracks: tracks.into_iter().map(listed).collect() })
}

struct Line {
    rank: String,
    name: String,
    rating: String,
    interval: String,
    spread: String,
    votes: String,
    record: String,
    status: &'static str,
}

#[derive(Template)]
#[template(path = "tracks/track.html")]
struct TrackPage<'a> {
    site: &'a Site,
    track: &'a Track,
    lines: Vec<Line>,
    source: String,
    skipped: String,
}

/// The ranking of one track.
pub(super) fn show(site: &Site, found: &TrackBoard) -> Result<HttpResponse, HttpError> {
    let whole = |count: u64| wording::count(i64::try_from(count).unwrap_or(i64::MAX));
    let votes = wording::counted(i64::try_from(found.board.votes).unwrap_or(i64::MAX), "vote");
    let dependence = found.basis.as_ref().map_or_else(
        || "that treat votes as independent: the file has no voters".to_owned(),
        |basis| basis.dependence.in_words().to_owned(),
    );
    page(&TrackPage {
        site,
        track: &found.track,
        lines: found
            .in_order()
            .into_iter()
            .map(|(name, row)| Line {
                rank: row.rank.map_or("–".to_owned(), |rank| rank.rank.to_string()),
                name: name.clone(),
                rating: row.rating.map_or("–".to_owned(), |it| format!("{:.0}", it.rating)),
                interval: row
                    .rating
                    .map_or("–".to_owned(), |it| format!("{:.0} to {:.0}", it.low, it.high)),
                spread: row
                    .rank
                    .map_or("–".to_owned(), |rank| format!("{}–{}", rank.best, rank.worst)),
                votes: whole(row.votes),
                record: format!("{} / {} / {} / {}", row.wins, row.losses, row.ties, row.both_bad),
                status: row.status.as_str(),
            })
            .collect(),
        source: format!(
            "{votes} of another arena, each counted in full. Bradley-Terry; ties and both bad as half wins; \
             95 % sandwich intervals {dependence}; mean 1000."
        ),
        skipped: wording::counted(found.track.skipped_rows, "row"),
    })
}
