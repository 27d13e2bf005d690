//! SQL of tracks.

use std::ops::Range;

use arena_core::ranking::{AttributedVote, Counts, Outcome, Tally, Vote};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Label, Track};
use crate::ranking::files::{FileVotes, Votes};

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Left => "left",
        Outcome::Right => "right",
        Outcome::Tie => "tie",
        Outcome::BothBad => "both_bad",
    }
}

fn outcome(word: &str) -> sqlx::Result<Outcome> {
    Ok(match word {
        "left" => Outcome::Left,
        "right" => Outcome::Right,
        "tie" => Outcome::Tie,
        "both_bad" => Outcome::BothBad,
        other => return Err(sqlx::Error::Decode(format!("{other} is no outcome").into())),
    })
}

/// A number of a row as an index; the database keeps negative ones out.
fn index(number: i32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(super) async fn insert(
    db: &mut PgConnection,
    label: &Label,
    file_name: &str,
    file_sha256: &str,
    file: &FileVotes,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into tracks (slug, title, source, licence, file_name, file_sha256, skipped_rows,
             models)
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning track_id",
        label.slug,
        label.title,
        label.source,
        label.licence,
        file_name,
        file_sha256,
        number(file.skipped.len()),
        &file.models,
    )
    .fetch_one(db)
    .await
}

pub(super) async fn insert_votes(
    db: &mut PgConnection,
    track: i64,
    votes: &Votes,
    rows: Range<usize>,
) -> sqlx::Result<()> {
    let small = |index: usize| i32::try_from(index).ok();
    let place = |row: usize| votes.pairs[row].map(i32::from);
    let at = |row: usize| {
        let micros = i128::from(votes.time(row)?);
        OffsetDateTime::from_unix_timestamp_nanos(micros * 1000).ok()
    };
    let indices: Vec<i64> = rows.clone().map(number).collect();
    let left: Vec<i32> = rows.clone().map(|row| place(row)[0]).collect();
    let right: Vec<i32> = rows.clone().map(|row| place(row)[1]).collect();
    let outcomes: Vec<String> =
        rows.clone().map(|row| word(votes.outcomes[row]).to_owned()).collect();
    let of = |list: &Option<crate::ranking::files::Attribution>, row: usize| {
        list.as_ref().and_then(|list| list.of(row)).and_then(small)
    };
    let voters: Vec<Option<i32>> = rows.clone().map(|row| of(&votes.voters, row)).collect();
    let prompts: Vec<Option<i32>> = rows.clone().map(|row| of(&votes.prompts, row)).collect();
    let times: Vec<Option<OffsetDateTime>> = rows.map(at).collect();
    sqlx::query!(
        "insert into track_votes (track_id, vote_index, left_model, right_model, outcome, voter,
             prompt, cast_at)
         select $1, * from unnest($2::bigint[], $3::int[], $4::int[], $5::text[], $6::int[],
             $7::int[], $8::timestamptz[])",
        track,
        &indices,
        &left,
        &right,
        &outcomes,
        &voters as &[Option<i32>],
        &prompts as &[Option<i32>],
        &times as &[Option<OffsetDateTime>],
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn insert_counts(
    db: &mut PgConnection,
    track: i64,
    counts: &Counts,
) -> sqlx::Result<()> {
    let models = counts.models();
    for left in 0..models {
        for right in 0..models {
            let tally = counts.tally(left, right).unwrap_or_default();
            if tally.votes() == 0 {
                continue;
            }
            let place = |model: usize| i32::try_from(model).unwrap_or(i32::MAX);
            sqlx::query!(
                "insert into track_counts (track_id, left_model, right_model, left_wins, right_wins,
                     ties, both_bad)
                 values ($1, $2, $3, $4, $5, $6, $7)",
                track,
                place(left),
                place(right),
                i64::from(tally.left_wins),
                i64::from(tally.right_wins),
                i64::from(tally.ties),
                i64::from(tally.both_bad),
            )
            .execute(&mut *db)
            .await?;
        }
    }
    Ok(())
}

/// All tracks, by title.
pub async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<Track>> {
    sqlx::query_as!(
        Track,
        "select track_id as id, slug, title, source, licence, file_name, file_sha256, skipped_rows,
             models, imported_at
         from tracks order by title"
    )
    .fetch_all(db)
    .await
}

/// The track of an address.
pub async fn find(db: &mut PgConnection, slug: &str) -> sqlx::Result<Option<Track>> {
    sqlx::query_as!(
        Track,
        "select track_id as id, slug, title, source, licence, file_name, file_sha256, skipped_rows,
             models, imported_at
         from tracks where slug = $1",
        slug
    )
    .fetch_optional(db)
    .await
}

/// The address of the track with this very file.
pub(super) async fn find_by_sha256(
    db: &mut PgConnection,
    sha256: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select slug from tracks where file_sha256 = $1", sha256)
        .fetch_optional(db)
        .await
}

/// Votes of a track in the order of its file; empty where the file has counts.
pub(super) async fn list_votes(
    db: &mut PgConnection,
    track: i64,
) -> sqlx::Result<Vec<AttributedVote>> {
    let rows = sqlx::query!(
        "select left_model, right_model, outcome, voter, prompt from track_votes
         where track_id = $1 order by vote_index",
        track
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let (left, right) = (index(row.left_model), index(row.right_model));
            Ok(AttributedVote {
                vote: Vote { left, right, outcome: outcome(&row.outcome)? },
                voter: row.voter.map(index),
                prompt: row.prompt.map(index),
                weight: 1.0,
            })
        })
        .collect()
}

/// Counts of a track; empty where the file has single votes.
pub(super) async fn list_counts(db: &mut PgConnection, track: &Track) -> sqlx::Result<Counts> {
    let rows = sqlx::query!(
        "select left_model, right_model, left_wins, right_wins, ties, both_bad from track_counts
         where track_id = $1",
        track.id
    )
    .fetch_all(db)
    .await?;
    let mut counts = Counts::new(track.models.len());
    for row in rows {
        let votes = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        let tally = Tally {
            left_wins: votes(row.left_wins),
            right_wins: votes(row.right_wins),
            ties: votes(row.ties),
            both_bad: votes(row.both_bad),
        };
        let added = counts.add_tally(index(row.left_model), index(row.right_model), tally);
        added.map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    }
    Ok(counts)
}

pub(super) async fn remove(db: &mut PgConnection, slug: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from tracks where slug = $1", slug).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
