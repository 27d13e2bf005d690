//! Rows read by one thread from pieces of a file, and the pieces of all threads put together.

use std::ops::Range;

use arena_core::ranking::{Counts, Outcome, StyleCounts, Tally};

use super::error::{FileError, Place};
use super::layout::{Layout, Row, no_names};
use super::names::Names;
use super::reactions::Questions;
use super::verdict::Said;
use super::{Attribution, FileVotes, NOBODY, UNKNOWN_TIME, Votes};

/// More models than this are a column of something else: the table of pairs alone would take 256 MB.
const MAX_MODELS: usize = 4_000;
/// A longer name is a text.
const LONGEST_NAME: usize = 200;

/// The rows that one thread read, piece after piece, with numbers for names that only this batch knows.
pub(super) struct Batch<'l> {
    layout: &'l Layout,
    skip_bad_rows: bool,
    models: Names,
    pairs: Vec<[u16; 2]>,
    outcomes: Vec<Outcome>,
    tallies: Vec<Tally>,
    voters: Numbered,
    prompts: Numbered,
    times: Vec<i64>,
    style: Vec<[StyleCounts; 2]>,
    questions: Questions,
    problems: Vec<(u64, String)>,
    pieces: Vec<Piece>,
    scratch: String,
}

/// A piece of the file, and where its rows end in the batch; they begin where those of the piece before end.
#[derive(Clone, Copy, Default)]
struct Piece {
    /// Which piece of the file.
    number: usize,
    lines: u64,
    rows_end: usize,
    problems_end: usize,
}

/// Names of one kind, and the number of each row's name.
#[derive(Default)]
struct Numbered {
    names: Names,
    of: Vec<u32>,
}

impl Numbered {
    fn push(&mut self, name: Option<&str>) {
        let number = name.map_or(NOBODY, |name| self.names.number(name));
        self.of.push(number);
    }
}

impl<'l> Batch<'l> {
    pub(super) fn new(layout: &'l Layout, skip_bad_rows: bool) -> Batch<'l> {
        Batch {
            layout,
            skip_bad_rows,
            models: Names::default(),
            pairs: Vec::new(),
            outcomes: Vec::new(),
            tallies: Vec::new(),
            voters: Numbered::default(),
            prompts: Numbered::default(),
            times: Vec::new(),
            style: Vec::new(),
            questions: Questions::default(),
            problems: Vec::new(),
            pieces: Vec::new(),
            scratch: String::new(),
        }
    }

    /// Takes a row; returns whether to go on.
    pub(super) fn add<T: AsRef<str>>(&mut self, place: u64, cells: &[T]) -> bool {
        let outcome = match &self.layout.reactions {
            _ if cells.len() != self.layout.width => {
                Err(format!("{} fields, but the header has {}", cells.len(), self.layout.width))
            }
            Some(columns) => self.questions.add(self.layout, columns, place, cells),
            None => self.add_vote(cells),
        };
        match outcome {
            Ok(()) => true,
            Err(reason) => self.refuse(place, reason),
        }
    }

    /// Notes a row that cannot be read; returns whether to go on.
    pub(super) fn refuse(&mut self, place: u64, reason: String) -> bool {
        self.problems.push((place, reason));
        self.skip_bad_rows
    }

    /// Ends a piece of so many lines; places in it were counted from its start.
    pub(super) fn end_piece(&mut self, number: usize, lines: u64) {
        let (rows_end, problems_end) = (self.pairs.len(), self.problems.len());
        self.pieces.push(Piece { number, lines, rows_end, problems_end });
    }

    fn add_vote<T: AsRef<str>>(&mut self, cells: &[T]) -> Result<(), String> {
        let row = self.layout.read(cells)?;
        let style = self.layout.style().map(|columns| columns.read(cells)).transpose()?;
        self.add_row(&row)?;
        if self.layout.has_voters() {
            self.voters.push(self.layout.voter(cells));
        }
        if self.layout.has_prompts() {
            self.prompts.push(self.layout.prompt(cells, &mut self.scratch));
        }
        self.style.extend(style);
        Ok(())
    }

    fn add_row(&mut self, row: &Row<'_>) -> Result<(), String> {
        let pair = match (self.models.get(row.left), self.models.get(row.right)) {
            (Some(left), Some(right)) => [left as u16, right as u16],
            _ => self.new_pair(row.left, row.right)?,
        };
        self.pairs.push(pair);
        match row.said {
            Said::Vote(outcome) => self.outcomes.push(outcome),
            Said::Counts(tally) => self.tallies.push(tally),
        }
        if self.layout.has_times() {
            self.times.push(row.time.unwrap_or(UNKNOWN_TIME));
        }
        Ok(())
    }

    /// Both are looked at before either is taken in, so that a refused row leaves no name behind.
    fn new_pair(&mut self, left: &str, right: &str) -> Result<[u16; 2], String> {
        let plausible = |name: &str| {
            name.trim() == name && name.len() <= LONGEST_NAME && !name.contains(char::is_control)
        };
        if !(plausible(left) && plausible(right)) {
            return Err(no_names(left, right));
        }
        if self.models.len() + 2 > MAX_MODELS {
            return Err(FileError::TooManyModels(MAX_MODELS).to_string());
        }
        Ok([left, right].map(|name| self.models.number(name) as u16))
    }

    /// Turns reactions into votes; the whole file is one piece then.
    fn settle(&mut self) {
        for question in std::mem::take(&mut self.questions).into_list() {
            let [left, right] = &question.models;
            let added = question.outcome().and_then(|outcome| {
                let said = Said::Vote(outcome);
                self.add_row(&Row { left, right, said, time: question.time })
            });
            if let Err(reason) = added {
                self.problems.push((question.place, reason));
                continue;
            }
            if self.layout.has_voters() {
                self.voters.push(question.voter.as_deref());
            }
            if self.layout.has_prompts() {
                self.prompts.push(question.prompt.as_deref());
            }
        }
        self.problems.sort_by_key(|problem| problem.0);
    }
}

/// Where the rows of one piece lie: in which batch, and from where to where; the same for its problems.
struct Span {
    piece: Piece,
    batch: usize,
    rows: Range<usize>,
    problems: Range<usize>,
}

/// The pieces of all batches in the order of the file.
fn spans(batches: &[Batch<'_>]) -> Vec<Span> {
    let mut spans = Vec::new();
    for (batch, from) in batches.iter().enumerate() {
        let (mut rows, mut problems) = (0, 0);
        for &piece in &from.pieces {
            let (rows_from, problems_from) = (rows, problems);
            (rows, problems) = (piece.rows_end, piece.problems_end);
            let (rows, problems) = (rows_from..rows, problems_from..problems);
            spans.push(Span { piece, batch, rows, problems });
        }
    }
    spans.sort_unstable_by_key(|span| span.piece.number);
    spans
}

/// Reads a file from its start to its end in one batch.
pub(super) fn single<'l>(
    mut batch: Batch<'l>,
    layout: &Layout,
    skip_bad_rows: bool,
    place: fn(u64) -> Place,
) -> Result<FileVotes, FileError> {
    batch.settle();
    batch.end_piece(0, 0);
    join(vec![batch], layout, skip_bad_rows, 0, place)
}

/// Puts all pieces of a file together; the result depends neither on where it was cut nor on who read what.
///
/// `before` is the place of the first row.
pub(super) fn join(
    batches: Vec<Batch<'_>>,
    layout: &Layout,
    skip_bad_rows: bool,
    mut before: u64,
    place: fn(u64) -> Place,
) -> Result<FileVotes, FileError> {
    let spans = spans(&batches);
    let mut skipped = Vec::new();
    for span in &spans {
        for (at, reason) in &batches[span.batch].problems[span.problems.clone()] {
            skipped.push(FileError::Row { place: place(before + at), reason: reason.clone() });
        }
        before += span.piece.lines;
    }
    if !skip_bad_rows && !skipped.is_empty() {
        return Err(skipped.swap_remove(0));
    }
    let (models, maps) = common_models(&batches)?;
    let counts = count(&batches, &maps, models.len())?;
    let votes = (!layout.holds_counts()).then(|| votes(batches, &spans, &maps, layout));
    Ok(FileVotes { models, counts, votes, skipped })
}

/// All names in alphabetical order, and for each batch what its numbers become.
fn common_models(batches: &[Batch<'_>]) -> Result<(Vec<String>, Vec<Vec<u16>>), FileError> {
    let lists: Vec<Vec<&str>> = batches.iter().map(|batch| batch.models.list()).collect();
    let mut models: Vec<&str> = lists.concat();
    models.sort_unstable();
    models.dedup();
    if models.len() > MAX_MODELS {
        return Err(FileError::TooManyModels(MAX_MODELS));
    }
    let place = |name: &str| models.binary_search(&name).unwrap_or(0) as u16;
    let map = |list: &Vec<&str>| list.iter().map(|name| place(name)).collect();
    let maps = lists.iter().map(map).collect();
    Ok((models.into_iter().map(str::to_owned).collect(), maps))
}

fn count(batches: &[Batch<'_>], maps: &[Vec<u16>], models: usize) -> Result<Counts, FileError> {
    let mut counts = Counts::new(models);
    let mut tallies = vec![Tally::default(); models * models];
    for (batch, map) in batches.iter().zip(maps) {
        let mapped = |pair: &[u16; 2]| pair.map(|model| usize::from(map[usize::from(model)]));
        for (pair, outcome) in batch.pairs.iter().zip(&batch.outcomes) {
            let [left, right] = mapped(pair);
            let tally = &mut tallies[left * models + right];
            match outcome {
                Outcome::Left => tally.left_wins += 1,
                Outcome::Right => tally.right_wins += 1,
                Outcome::Tie => tally.ties += 1,
                Outcome::BothBad => tally.both_bad += 1,
            }
        }
        for (pair, tally) in batch.pairs.iter().zip(&batch.tallies) {
            let [left, right] = mapped(pair);
            counts.add_tally(left, right, *tally)?;
        }
    }
    for (at, tally) in tallies.into_iter().enumerate().filter(|(_, tally)| tally.votes() > 0) {
        counts.add_tally(at / models, at % models, tally)?;
    }
    Ok(counts)
}

fn votes(batches: Vec<Batch<'_>>, spans: &[Span], maps: &[Vec<u16>], layout: &Layout) -> Votes {
    let rows = spans.iter().map(|span| span.rows.len()).sum();
    let (mut pairs, mut outcomes) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let (mut times, mut style) = (Vec::new(), Vec::new());
    for span in spans {
        let (batch, map, rows) = (&batches[span.batch], &maps[span.batch], span.rows.clone());
        let mapped = |pair: &[u16; 2]| pair.map(|model| map[usize::from(model)]);
        pairs.extend(batch.pairs[rows.clone()].iter().map(mapped));
        outcomes.extend_from_slice(&batch.outcomes[rows.clone()]);
        if layout.has_times() {
            times.extend_from_slice(&batch.times[rows.clone()]);
        }
        if layout.style().is_some() {
            style.extend_from_slice(&batch.style[rows]);
        }
    }
    let (voters, prompts): (Vec<Numbered>, Vec<Numbered>) =
        batches.into_iter().map(|batch| (batch.voters, batch.prompts)).unzip();
    Votes {
        pairs,
        outcomes,
        voters: layout.has_voters().then(|| common(voters, spans)),
        prompts: layout.has_prompts().then(|| common(prompts, spans)),
        times: layout.has_times().then_some(times),
        style: layout.style().map(|_| style),
    }
}

/// Gives names the same numbers in all batches, in the order in which the file first has them.
fn common(batches: Vec<Numbered>, spans: &[Span]) -> Attribution {
    let (mut names, mut of) = (Names::default(), Vec::new());
    let (lists, rows): (Vec<Vec<Box<str>>>, Vec<Vec<u32>>) =
        batches.into_iter().map(|batch| (batch.names.into_list(), batch.of)).unzip();
    let mut maps: Vec<Vec<u32>> = lists.iter().map(|list| vec![NOBODY; list.len()]).collect();
    for span in spans {
        let (list, map) = (&lists[span.batch], &mut maps[span.batch]);
        for &number in &rows[span.batch][span.rows.clone()] {
            let Some(known) = map.get_mut(number as usize) else {
                of.push(NOBODY);
                continue;
            };
            if *known == NOBODY {
                *known = names.number(&list[number as usize]);
            }
            of.push(*known);
        }
    }
    Attribution { names: names.into_list(), of }
}
