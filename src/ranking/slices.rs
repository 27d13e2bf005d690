//! Parts of the votes with a board of their own, all on the scale of the whole board.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use arena_core::ranking::{AttributedVote, Frame, RankingError, Settings};
use time::{Duration, OffsetDateTime};

use super::SEED;
use super::ledger::{Ledger, Trait};
use super::standing::{Standing, stand};
use crate::kit::{language, wording};
use crate::pool::Model;

/// Days of the slice of recent votes.
pub const RECENT_DAYS: i64 = 30;

/// Upper ends of the size classes, in parameters, with their names.
const SIZES: [(i64, &str); 5] = [
    (1_000_000_000, "up-to-1b"),
    (4_000_000_000, "1-to-4b"),
    (10_000_000_000, "4-to-10b"),
    (40_000_000_000, "10-to-40b"),
    (i64::MAX, "above-40b"),
];

/// A part of the votes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slice {
    /// Questions in one language, by ISO 639 code.
    Language(String),
    /// One evaluation set, all its versions.
    Set(String),
    /// One category of the evaluation sets.
    Category(String),
    /// Questions that voters wrote themselves.
    Own,
    /// The last thirty days.
    Recent,
    /// One month, as 2026-11, in UTC.
    Month(String),
    /// Battles between models of two countries, or of one, by ISO 3166 codes in alphabetical order.
    Countries(String, String),
    /// Battles between models of one size class.
    Size(String),
}

/// A word that names no slice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no slice of the votes; the leaderboard's form lists those there are")]
pub struct UnknownSlice(String);

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Language(code) => write!(f, "language:{code}"),
            Self::Set(set) => write!(f, "set:{set}"),
            Self::Category(category) => write!(f, "category:{category}"),
            Self::Own => f.write_str("own"),
            Self::Recent => f.write_str("recent"),
            Self::Month(month) => write!(f, "month:{month}"),
            Self::Countries(one, other) => write!(f, "countries:{one}+{other}"),
            Self::Size(class) => write!(f, "size:{class}"),
        }
    }
}

impl FromStr for Slice {
    type Err = UnknownSlice;

    fn from_str(word: &str) -> Result<Self, UnknownSlice> {
        let unknown = || UnknownSlice(word.chars().take(80).collect());
        let Some((kind, value)) = word.split_once(':') else {
            return match word {
                "own" => Ok(Self::Own),
                "recent" => Ok(Self::Recent),
                _ => Err(unknown()),
            };
        };
        let value = value.to_owned();
        Ok(match kind {
            "language" => Self::Language(value),
            "set" => Self::Set(value),
            "category" => Self::Category(value),
            "month" => Self::Month(value),
            "countries" => {
                let (one, other) = value.split_once('+').ok_or_else(unknown)?;
                Self::Countries(one.to_owned(), other.to_owned())
            }
            "size" => Self::Size(value),
            _ => return Err(unknown()),
        })
    }
}

impl Slice {
    /// The heading under which the form lists it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Language(_) => "Language of the question",
            Self::Set(_) | Self::Own => "Where the question comes from",
            Self::Category(_) => "Category",
            Self::Recent | Self::Month(_) => "Period",
            Self::Countries(..) => "Countries",
            Self::Size(_) => "Size of both models",
        }
    }

    /// What it holds, in words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Language(code) => language::name(code),
            Self::Set(set) => format!("set {set}"),
            Self::Category(category) => category.clone(),
            Self::Own => "voters' own questions".to_owned(),
            Self::Recent => format!("last {RECENT_DAYS} days"),
            Self::Month(month) => month.clone(),
            Self::Countries(one, other) if one == other => {
                format!("{} among themselves", wording::country(one))
            }
            Self::Countries(one, other) => {
                format!("{} against {}", wording::country(one), wording::country(other))
            }
            Self::Size(class) => class.replace('-', " ").replace('b', " billion"),
        }
    }
}

/// A slice with its number of votes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sliced {
    /// Which votes.
    pub slice: Slice,
    /// How many.
    pub votes: u64,
}

/// Whether the ratings of a slice are on the scale of the whole board.
#[derive(Clone, Debug, PartialEq)]
pub enum Anchor {
    /// Through so many models that have a rating on both.
    Shared(usize),
    /// No model has a rating on both: its mean is 1000, and nothing can be compared with the whole.
    None,
}

/// The class of a model by its number of parameters.
pub fn size_class(parameters: i64) -> &'static str {
    SIZES.iter().find(|(end, _)| parameters <= *end).map_or("above-40b", |(_, name)| name)
}

/// The slices that one vote is in.
fn slices_of(
    ledger: &Ledger,
    vote: &AttributedVote,
    of: &Trait,
    now: OffsetDateTime,
) -> Vec<Slice> {
    let mut found = Vec::with_capacity(8);
    found.extend(ledger.language(of).map(|code| Slice::Language(code.to_owned())));
    match ledger.topic(of) {
        Some(topic) => {
            found.push(Slice::Set(topic.set.clone()));
            found.push(Slice::Category(topic.category.clone()));
        }
        None if of.question.is_none() => found.push(Slice::Own),
        None => {}
    }
    if now - of.cast_at <= Duration::days(RECENT_DAYS) {
        found.push(Slice::Recent);
    }
    found.push(Slice::Month(month(of.cast_at)));
    let (left, right) = (&ledger.models[vote.vote.left], &ledger.models[vote.vote.right]);
    found.extend(countries(left, right));
    let class = left.parameter_count().map(size_class);
    found.extend(
        class
            .filter(|_| class == right.parameter_count().map(size_class))
            .map(|class| Slice::Size(class.to_owned())),
    );
    found
}

fn month(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:04}-{:02}", at.year(), u8::from(at.month()))
}

/// A model of two countries is in the slices of both.
fn countries(left: &Model, right: &Model) -> Vec<Slice> {
    let mut found: Vec<Slice> = Vec::new();
    for one in left.country.split('/') {
        for other in right.country.split('/') {
            let (first, second) = if one <= other { (one, other) } else { (other, one) };
            let slice = Slice::Countries(first.to_owned(), second.to_owned());
            if !found.contains(&slice) {
                found.push(slice);
            }
        }
    }
    found
}

/// Counts the votes of every slice that has any; in the order of kinds and names.
pub(super) struct Tallies {
    by_slice: BTreeMap<Slice, u64>,
    taken: usize,
    since: OffsetDateTime,
}

impl Tallies {
    pub(super) fn new(now: OffsetDateTime) -> Self {
        Self { by_slice: BTreeMap::new(), taken: 0, since: now }
    }

    /// Counts the votes that have come since, and all anew once a day, because `recent` moves.
    pub(super) fn catch_up(&mut self, ledger: &Ledger, now: OffsetDateTime) {
        if now - self.since > Duration::days(1) {
            *self = Self::new(now);
        }
        for (vote, of) in ledger.votes.iter().zip(&ledger.traits).skip(self.taken) {
            for slice in slices_of(ledger, vote, of, now) {
                *self.by_slice.entry(slice).or_default() += 1;
            }
        }
        self.taken = ledger.votes.len();
    }

    pub(super) fn list(&self) -> Vec<Sliced> {
        let sliced =
            |(slice, votes): (&Slice, &u64)| Sliced { slice: slice.clone(), votes: *votes };
        self.by_slice.iter().map(sliced).collect()
    }
}

/// The votes of a slice.
fn votes_in(ledger: &Ledger, slice: &Slice, now: OffsetDateTime) -> Vec<AttributedVote> {
    let both = ledger.votes.iter().zip(&ledger.traits);
    let inside = both.filter(|(vote, of)| is_in(ledger, slice, vote, of, now));
    inside.map(|(vote, _)| *vote).collect()
}

/// As [`slices_of`], for one slice and without its names.
fn is_in(
    ledger: &Ledger,
    slice: &Slice,
    vote: &AttributedVote,
    of: &Trait,
    now: OffsetDateTime,
) -> bool {
    let models = || (&ledger.models[vote.vote.left], &ledger.models[vote.vote.right]);
    match slice {
        Slice::Language(code) => ledger.language(of) == Some(code),
        Slice::Set(set) => ledger.topic(of).is_some_and(|topic| topic.set == *set),
        Slice::Category(name) => ledger.topic(of).is_some_and(|topic| topic.category == *name),
        Slice::Own => of.question.is_none(),
        Slice::Recent => now - of.cast_at <= Duration::days(RECENT_DAYS),
        Slice::Month(name) => month(of.cast_at) == *name,
        Slice::Countries(one, other) => {
            let (left, right) = models();
            let has = |model: &Model, code: &str| model.country.split('/').any(|has| has == code);
            (has(left, one) && has(right, other)) || (has(left, other) && has(right, one))
        }
        Slice::Size(class) => {
            let (left, right) = models();
            let is =
                |model: &Model| model.parameter_count().map(size_class) == Some(class.as_str());
            is(left) && is(right)
        }
    }
}

/// Computes the board of a slice. The models with a rating on both boards have the same mean on both.
pub(super) fn board(
    ledger: &Ledger,
    slice: &Slice,
    whole: &arena_core::ranking::Board,
    now: OffsetDateTime,
) -> Result<(Standing, Anchor), RankingError> {
    let votes = votes_in(ledger, slice, now);
    let settings = Settings::new(SEED);
    let alone = stand(ledger.models.len(), &votes, &settings)?;
    let rating = |model: usize| whole.rows.get(model)?.rating.map(|rating| rating.rating);
    let shared: Vec<(usize, f64)> = alone
        .board
        .rows
        .iter()
        .filter(|row| row.rating.is_some())
        .filter_map(|row| Some((row.model, rating(row.model)?)))
        .collect();
    if shared.is_empty() {
        return Ok((alone, Anchor::None));
    }
    let mean = shared.iter().map(|(_, rating)| rating).sum::<f64>() / shared.len() as f64;
    let models = shared.iter().map(|(model, _)| *model).collect();
    let settings = Settings { frame: Frame::Reference { models, rating: mean }, ..settings };
    let anchored = stand(ledger.models.len(), &votes, &settings)?;
    Ok((anchored, Anchor::Shared(shared.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_slice_names_it_again() {
        let slices = [
            Slice::Language("fr".to_owned()),
            Slice::Set("mt-bench".to_owned()),
            Slice::Category("roleplay".to_owned()),
            Slice::Own,
            Slice::Recent,
            Slice::Month("2026-11".to_owned()),
            Slice::Countries("CN".to_owned(), "US".to_owned()),
            Slice::Size("1-to-4b".to_owned()),
        ];

        for slice in slices {
            assert_eq!(slice.to_string().parse(), Ok(slice));
        }
        assert!("shoe:42".parse::<Slice>().is_err());
        assert!("countries:CN".parse::<Slice>().is_err());
    }

    #[test]
    fn sizes_have_classes() {
        assert_eq!(size_class(135_000_000), "up-to-1b");
        assert_eq!(size_class(1_000_000_001), "1-to-4b");
        assert_eq!(size_class(405_000_000_000), "above-40b");
    }
}
