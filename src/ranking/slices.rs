//! Parts of the votes with a board of their own, all on the scale of the whole board.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use arena_core::ids::Sides;
use arena_core::ranking::{self, Frame, RankingError, Settings};
use arena_core::tier::Tier;
use time::{Duration, OffsetDateTime};

use super::ledger::{Entry, Snapshot};
use super::standing::{Standing, stand};
use super::{Published, SEED};
use crate::kit::{language, wording};
use crate::pool::Model;

/// Days of the slice of recent votes.
pub const RECENT_DAYS: i64 = 30;

/// Upper ends of the size classes, in parameters, with their names in addresses and in words.
const SIZES: [(i64, &str, &str); 5] = [
    (1_000_000_000, "up-to-1b", "up to 1 billion parameters"),
    (4_000_000_000, "1-to-4b", "1 to 4 billion parameters"),
    (10_000_000_000, "4-to-10b", "4 to 10 billion parameters"),
    (40_000_000_000, "10-to-40b", "10 to 40 billion parameters"),
    (i64::MAX, "above-40b", "above 40 billion parameters"),
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
    /// Votes of voters who were known so well.
    Tier(Tier),
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
            Self::Tier(tier) => write!(f, "tier:{tier}"),
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
            "tier" => Self::Tier(value.parse().map_err(|_| unknown())?),
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
            Self::Tier(_) => "Tier of the voter",
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
            Self::Size(class) => SIZES
                .iter()
                .find(|(_, name, _)| name == class)
                .map_or_else(|| class.clone(), |(_, _, words)| (*words).to_owned()),
            Self::Tier(tier) => format!("{tier} voters"),
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
    SIZES.iter().find(|(end, ..)| parameters <= *end).map_or("above-40b", |(_, name, _)| name)
}

/// The slices that one vote is in.
fn slices_of(snapshot: &Snapshot, of: &Entry, now: OffsetDateTime) -> Vec<Slice> {
    let mut found = Vec::with_capacity(9);
    found.extend(snapshot.language(of).map(|code| Slice::Language(code.to_owned())));
    match snapshot.topic(of) {
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
    let Sides { left, right } = snapshot.sides(of);
    found.extend(countries(left, right));
    let class = left.parameter_count().map(size_class);
    found.extend(
        class
            .filter(|_| class == right.parameter_count().map(size_class))
            .map(|class| Slice::Size(class.to_owned())),
    );
    found.push(Slice::Tier(of.tier));
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
    pub(super) fn catch_up(&mut self, snapshot: &Snapshot, now: OffsetDateTime) {
        if now - self.since > Duration::days(1) {
            *self = Self::new(now);
        }
        for entry in snapshot.entries().skip(self.taken) {
            for slice in slices_of(snapshot, entry, now) {
                *self.by_slice.entry(slice).or_default() += 1;
            }
        }
        self.taken = snapshot.len();
    }

    pub(super) fn list(&self) -> Vec<Sliced> {
        let sliced =
            |(slice, votes): (&Slice, &u64)| Sliced { slice: slice.clone(), votes: *votes };
        self.by_slice.iter().map(sliced).collect()
    }
}

/// As [`slices_of`], for one slice and without its names.
fn is_in(snapshot: &Snapshot, slice: &Slice, of: &Entry, now: OffsetDateTime) -> bool {
    match slice {
        Slice::Language(code) => snapshot.language(of) == Some(code),
        Slice::Set(set) => snapshot.topic(of).is_some_and(|topic| topic.set == *set),
        Slice::Category(name) => snapshot.topic(of).is_some_and(|topic| topic.category == *name),
        Slice::Own => of.question.is_none(),
        Slice::Recent => now - of.cast_at <= Duration::days(RECENT_DAYS),
        Slice::Month(name) => month(of.cast_at) == *name,
        Slice::Countries(one, other) => {
            let Sides { left, right } = snapshot.sides(of);
            let has = |model: &Model, code: &str| model.country.split('/').any(|has| has == code);
            (has(left, one) && has(right, other)) || (has(left, other) && has(right, one))
        }
        Slice::Size(class) => {
            let Sides { left, right } = snapshot.sides(of);
            let is =
                |model: &Model| model.parameter_count().map(size_class) == Some(class.as_str());
            is(left) && is(right)
        }
        Slice::Tier(tier) => of.tier == *tier,
    }
}

/// Computes the board of a slice. The models with a rating on both boards have the same mean on both.
pub(super) fn board(
    whole: &Published,
    slice: &Slice,
    now: OffsetDateTime,
) -> Result<(Standing, Anchor), RankingError> {
    let snapshot = &whole.snapshot;
    let inside = snapshot.entries().filter(|entry| is_in(snapshot, slice, entry, now));
    let votes: Vec<_> = inside.map(|entry| snapshot.vote(entry)).collect();
    let settings = Settings::new(SEED);
    let mut standing = stand(snapshot.models.len(), &votes, &settings)?;
    let rating = |model: usize| whole.board.rows.get(model)?.rating.map(|rating| rating.rating);
    let rows = standing.board.rows.iter().filter(|row| row.rating.is_some());
    let shared: Vec<(usize, f64)> =
        rows.filter_map(|row| Some((row.model, rating(row.model)?))).collect();
    let (Some(rated), false) = (&standing.rated, shared.is_empty()) else {
        return Ok((standing, Anchor::None));
    };
    let mean = shared.iter().map(|(_, rating)| rating).sum::<f64>() / shared.len() as f64;
    let models = shared.iter().map(|(model, _)| *model).collect();
    let settings = Settings { frame: Frame::Reference { models, rating: mean }, ..settings };
    standing.board = ranking::compute_with(&standing.counts, &settings, |_| {
        Ok((rated.fit.clone(), rated.covariance.clone()))
    })?;
    Ok((standing, Anchor::Shared(shared.len())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arena_core::verdict::Verdict;

    use super::super::ledger::{Ledger, Topic};
    use super::super::testing::{model, vote, voter};
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
            Slice::Tier(Tier::Invited),
        ];

        for slice in slices {
            assert_eq!(slice.to_string().parse(), Ok(slice));
        }
        assert!("shoe:42".parse::<Slice>().is_err());
        assert!("countries:CN".parse::<Slice>().is_err());
        assert!("tier:friends".parse::<Slice>().is_err());
    }

    #[test]
    fn a_vote_is_in_exactly_the_slices_that_list_it() {
        let models = [
            model("A", "CN/FR", 500_000_000),
            model("B", "US", 800_000_000),
            model("C", "FR", 7_000_000_000),
        ];
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_010);
        let mut ledger = Ledger::new();
        ledger.replace_pool(models.to_vec());
        let topic = Topic { set: "mt-bench".to_owned(), category: "writing".to_owned() };
        ledger.topics = Arc::new([(7, topic)].into());
        for (index, (left, right)) in [(0, 1), (1, 2), (2, 0), (0, 2)].into_iter().enumerate() {
            let mut vote = vote(index, &models[left], &models[right], Verdict::Left, voter());
            vote.question = [None, Some(7), Some(8), None][index];
            vote.language = [Some("fr"), None, Some("zh"), None][index].map(str::to_owned);
            vote.cast_at -= Duration::days([0, 19, 21, 400][index]);
            vote.tier = [Tier::Anonymous, Tier::Registered, Tier::Invited, Tier::Anonymous][index];
            ledger.take(&vote).unwrap();
        }
        let snapshot = ledger.snapshot().unwrap();
        let all: Vec<Slice> =
            snapshot.entries().flat_map(|entry| slices_of(&snapshot, entry, now)).collect();
        assert_eq!(all.len(), 24, "{all:?}");

        for entry in snapshot.entries() {
            let listed = slices_of(&snapshot, entry, now);
            for slice in &all {
                assert_eq!(is_in(&snapshot, slice, entry, now), listed.contains(slice), "{slice}");
            }
        }
    }

    #[test]
    fn sizes_have_classes() {
        assert_eq!(size_class(135_000_000), "up-to-1b");
        assert_eq!(size_class(1_000_000_001), "1-to-4b");
        assert_eq!(size_class(405_000_000_000), "above-40b");
        for (_, name, words) in SIZES {
            assert_eq!(Slice::Size(name.to_owned()).in_words(), words);
        }
    }
}
