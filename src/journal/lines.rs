//! The whole log as a stream of lines.

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use sqlx::PgPool;

use super::queries;

/// Leaves of one piece.
const PIECE: i64 = 2000;

/// All leaves below `size`, a line each, in pieces.
pub fn lines(db: PgPool, size: i64) -> impl Stream<Item = Result<Bytes, sqlx::Error>> {
    stream::try_unfold((db, 0), move |(db, from)| async move {
        if from >= size {
            return Ok(None);
        }
        let to = size.min(from + PIECE);
        let bodies = queries::list_bodies(&mut *db.acquire().await?, from, to).await?;
        let mut piece = Vec::new();
        for body in bodies {
            piece.extend_from_slice(&body);
            piece.push(b'\n');
        }
        Ok(Some((Bytes::from(piece), (db, to))))
    })
}
