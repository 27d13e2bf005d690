//! Server-sent events of one battle: frames of both sides together, padded to equal steps.

use std::time::Duration;

use arena_core::pace::Frame;
use bytes::Bytes;
use futures_util::stream::{self, Stream};

use super::live::Watcher;
use super::queue::Place;

/// Sizes of events are multiples of this many bytes, so that lengths tell next to nothing.
pub(super) const PADDING_BYTES: usize = 512;
/// A sign of life at least this often; it is also how a closed tab is noticed.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// What the page says once a battle that waited has begun.
pub(super) const BEGUN: &str =
    "Both models are writing. You can vote once both answers are complete.";
/// The event that ends every stream; the page then asks for what is true now.
const END: &str = "event: end\ndata: {}\n\n";
/// How long a browser waits before it reconnects, in milliseconds.
const RETRY_MS: u32 = 500;

struct Reader {
    watcher: Watcher,
    next: usize,
    ended: bool,
    /// Where in line it was said to be.
    place: Option<Place>,
}

/// Streams all frames from `from` on and then the end.
pub(super) fn events(
    watcher: Watcher,
    from: usize,
) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    let reader = Reader { watcher, next: from, ended: false, place: None };
    stream::unfold(reader, |mut reader| async move {
        let event = reader.event().await?;
        Some((Ok(event), reader))
    })
}

/// The stream of what is over: the end alone, framed and padded like every other event.
pub(super) fn over() -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    stream::once(std::future::ready(Ok(pad(END))))
}

impl Reader {
    async fn event(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        loop {
            let progress = *self.watcher.progress.borrow_and_update();
            if progress.place != self.place && !progress.ended {
                self.place = progress.place;
                return Some(pad(&format_place(progress.place)));
            }
            if let Some(frame) = self.watcher.live.frame(self.next) {
                let text = format_frame(self.watcher.live.round, self.next, &frame);
                self.next += 1;
                return Some(Bytes::from(text));
            }
            if progress.ended {
                self.ended = true;
                return Some(pad(END));
            }
            let change = self.watcher.progress.changed();
            match tokio::time::timeout(HEARTBEAT, change).await {
                Err(_) => return Some(Bytes::from_static(b": wait\n\n")),
                Ok(Err(_)) => {
                    self.ended = true;
                    return Some(pad(END));
                }
                Ok(Ok(())) => {}
            }
        }
    }
}

fn format_frame((turn, attempt): (i16, i16), index: usize, frame: &Frame) -> String {
    let data = serde_json::json!({ "a": frame.left, "b": frame.right });
    let event = format!("retry: {RETRY_MS}\nid: {turn}-{attempt}-{}\ndata: {data}\n\n", index + 1);
    padded(&event)
}

/// Where the battle is in line, or that it has begun.
fn format_place(place: Option<Place>) -> String {
    let words = place.map_or_else(|| BEGUN.to_owned(), Place::in_words);
    let data = serde_json::json!({ "words": words });
    format!("retry: {RETRY_MS}\nevent: place\ndata: {data}\n\n")
}

fn pad(event: &str) -> Bytes {
    Bytes::from(padded(event))
}

/// Puts a comment line of spaces in front, up to the next multiple of [`PADDING_BYTES`].
fn padded(event: &str) -> String {
    let frame = ":\n".len();
    let total = (event.len() + frame).next_multiple_of(PADDING_BYTES);
    format!(":{}\n{event}", " ".repeat(total - event.len() - frame))
}

/// Reads `turn-attempt-next` as a browser sends it back after a lost connection.
pub(super) fn parse_last_id(text: &str) -> Option<((i16, i16), usize)> {
    let mut parts = text.trim().splitn(3, '-');
    let turn = parts.next()?.parse().ok()?;
    let attempt = parts.next()?.parse().ok()?;
    let next = parts.next()?.parse().ok()?;
    Some(((turn, attempt), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_short_and_long_steps_have_the_same_size() {
        let short = Frame { left: "a".into(), right: "b".into() };
        let long = Frame { left: "x".repeat(24), right: "é".repeat(24) };

        assert_eq!(format_frame((0, 0), 1, &short).len(), PADDING_BYTES);
        assert_eq!(format_frame((0, 0), 999, &long).len(), PADDING_BYTES);
        assert_eq!(padded(END).len(), PADDING_BYTES);
        for place in [None, Some(Place { number: 12_345, seconds: Some(3_600) })] {
            assert_eq!(padded(&format_place(place)).len(), PADDING_BYTES);
        }
    }

    #[test]
    fn the_last_event_id_is_read_back() {
        assert_eq!(parse_last_id("1-0-17"), Some(((1, 0), 17)));
        assert_eq!(parse_last_id("17"), None);
        assert_eq!(parse_last_id(""), None);
    }
}
