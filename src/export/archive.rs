//! The whole record as one file for whoever asks: the folder that [`super::record`] writes, as a tar archive that is made while
//! it is sent. Nothing of it is in memory for longer than it takes to send it.

use arena_core::journal::verify::Wanted;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use time::OffsetDateTime;

use super::log::README;
use crate::journal::{Journal, lines, queries};
use crate::pool::rules;
use crate::snapshot;

/// The folder in the archive.
const FOLDER: &str = "record";
/// A block of the format.
const BLOCK: usize = 512;

/// Begins an archive of all leaves under the last checkpoint, with policies and snapshots; none while there is no
/// checkpoint.
///
/// **Cost** two passes over the leaves.
pub async fn archive(
    db: PgPool,
    journal: &Journal,
) -> sqlx::Result<Option<impl Stream<Item = sqlx::Result<Bytes>> + use<>>> {
    let mut connection = db.acquire().await?;
    let Some((size, note, signed_at)) = queries::find_checkpoint(&mut connection).await? else {
        return Ok(None);
    };
    let bytes = queries::count_bytes(&mut connection, size).await?;
    let bytes = usize::try_from(bytes).unwrap_or(0);
    let policies = rules::queries::list_digests(&mut connection).await?;
    let boards = snapshot::queries::list_digests(&mut connection).await?;
    drop(connection);
    let mut first = Vec::new();
    let vkey = format!("{}\n", journal.verifier());
    for (name, text) in [("README.txt", README), ("checkpoint", &note), ("vkey", &vkey)] {
        first.extend(entry(name, text.as_bytes(), signed_at));
    }
    first.extend(header("log.jsonl", bytes, signed_at));
    let start = stream::iter([Ok(Bytes::from(first))]);
    let log = lines::lines(db.clone(), size);
    let rest = stream::iter([Ok(Bytes::from(padding(bytes)))]);
    let (of_policies, of_boards) = (db.clone(), db);
    let policies = stream::iter(policies).then(move |sha256| {
        let db = of_policies.clone();
        async move { policy(&db, &sha256, signed_at).await }
    });
    let boards = stream::iter(boards).then(move |sha256| {
        let db = of_boards.clone();
        async move { board(&db, &sha256, signed_at).await }
    });
    let end = stream::iter([Ok(Bytes::from(vec![0; 2 * BLOCK]))]);
    let all = start.chain(log).chain(rest).chain(policies).chain(boards).chain(end);
    Ok(Some(all.try_filter(|piece| std::future::ready(!piece.is_empty()))))
}

async fn policy(db: &PgPool, sha256: &str, at: OffsetDateTime) -> sqlx::Result<Bytes> {
    let body = rules::queries::find_policy(&mut *db.acquire().await?, sha256).await?;
    let file = |body: String| {
        let place = Wanted::Policy(Sha256::digest(&body).into()).path();
        entry(&place, body.as_bytes(), at)
    };
    Ok(Bytes::from(body.map(file).unwrap_or_default()))
}

async fn board(db: &PgPool, sha256: &str, at: OffsetDateTime) -> sqlx::Result<Bytes> {
    let stored = snapshot::queries::find(&mut *db.acquire().await?, sha256).await?;
    let files = |stored: snapshot::queries::Stored| {
        let digest = Sha256::digest(&stored.body).into();
        let board = entry(&Wanted::Board(digest).path(), stored.body.as_bytes(), at);
        [board, entry(&Wanted::Settings(digest).path(), stored.settings.as_bytes(), at)].concat()
    };
    Ok(Bytes::from(stored.map(files).unwrap_or_default()))
}

/// A file of the archive.
fn entry(name: &str, bytes: &[u8], at: OffsetDateTime) -> Vec<u8> {
    [&header(name, bytes.len(), at), bytes, &padding(bytes.len())].concat()
}

fn header(name: &str, bytes: usize, at: OffsetDateTime) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    // Names are ours and short; one that did not fit would be left out by every reader.
    let _ = header.set_path(format!("{FOLDER}/{name}"));
    header.set_size(bytes as u64);
    header.set_mode(0o644);
    header.set_mtime(u64::try_from(at.unix_timestamp()).unwrap_or(0));
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// What fills the last block of so many bytes.
fn padding(bytes: usize) -> Vec<u8> {
    vec![0; bytes.next_multiple_of(BLOCK) - bytes]
}
