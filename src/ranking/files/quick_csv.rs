//! CSV without quotes, cut into pieces that threads read side by side.
//!
//! Whatever does not look that simple (quotes, bytes that are no UTF-8, lone carriage returns) is left to `csv_rows`,
//! which reads everything and finds every fault in its line.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use memchr::{memchr, memchr_iter, memchr2_iter, memrchr};

use super::batch::Batch;

/// About so many bytes are one piece: few enough that all threads end together, and that a piece stays in the cache.
const PIECE: usize = 1 << 20;

/// Reads all rows; `None` if the text is not simple enough.
pub(super) fn read<'l>(
    text: &[u8],
    delimiter: u8,
    threads: usize,
    batch: impl Fn() -> Batch<'l> + Sync,
) -> Option<Vec<Batch<'l>>> {
    let pieces = cut(text);
    let (next, simple) = (AtomicUsize::new(0), AtomicBool::new(true));
    let work = || {
        let mut batch = batch();
        while simple.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(number) else { break };
            match read_piece(piece, delimiter, &mut batch) {
                Some(lines) => batch.end_piece(number, lines),
                None => simple.store(false, Ordering::Relaxed),
            }
        }
        batch
    };
    let batches = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(pieces.len())).map(|_| scope.spawn(work)).collect();
        let mut batches = vec![work()];
        for other in others {
            batches.push(other.join().ok()?);
        }
        Some(batches)
    });
    batches.filter(|_| simple.into_inner())
}

/// Cuts behind line ends.
fn cut(text: &[u8]) -> Vec<&[u8]> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while rest.len() > PIECE {
        let end = memrchr(b'\n', &rest[..PIECE])
            .or_else(|| memchr(b'\n', rest))
            .map_or(rest.len(), |at| at + 1);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Reads the rows of one piece, and counts its lines.
fn read_piece(piece: &[u8], delimiter: u8, batch: &mut Batch<'_>) -> Option<u64> {
    if memchr(b'"', piece).is_some() {
        return None;
    }
    let text = std::str::from_utf8(piece).ok()?;
    let returns = has_returns(piece)?;
    let (mut cells, mut start, mut lines): (Vec<&str>, usize, u64) = (Vec::new(), 0, 0);
    for at in memchr2_iter(delimiter, b'\n', piece) {
        cells.push(&text[start..at]);
        start = at + 1;
        if piece[at] == b'\n' {
            let go_on = end_row(batch, lines, &mut cells, returns);
            lines += 1;
            if !go_on {
                return Some(lines);
            }
        }
    }
    if start < text.len() || !cells.is_empty() {
        cells.push(&text[start..]);
        end_row(batch, lines, &mut cells, returns);
        lines += 1;
    }
    Some(lines)
}

/// Hands a row over and empties it; returns whether to go on. A blank line is no row.
fn end_row(batch: &mut Batch<'_>, line: u64, cells: &mut Vec<&str>, returns: bool) -> bool {
    if let Some(last) = cells.last_mut().filter(|_| returns) {
        *last = last.strip_suffix('\r').unwrap_or(last);
    }
    let go_on = cells[..] == [""] || batch.add(line, cells);
    cells.clear();
    go_on
}

/// Whether there are carriage returns; `None` if one stands elsewhere than before a line end.
fn has_returns(piece: &[u8]) -> Option<bool> {
    let mut any = false;
    for at in memchr_iter(b'\r', piece) {
        any = true;
        if piece.get(at + 1).is_some_and(|&byte| byte != b'\n') {
            return None;
        }
    }
    Some(any)
}
