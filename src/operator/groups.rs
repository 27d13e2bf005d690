//! Votes as the tests want them, and the groups that they are in: accounts, days of the first vote, networks, tiers, questions.

use std::collections::{BTreeMap, HashMap, HashSet};

use arena_core::ids::{ModelId, VoterId};
use arena_core::ranking::{AttributedVote, Settings, Vote};
use time::{Date, OffsetDateTime};

use super::queries::Place;
use crate::pool::Model;
use crate::ranking::standing::stand;
use crate::vote::queries;

/// Draws behind places, which nobody looks at here.
const FEW_DRAWS: usize = 100;
/// Digits of a hash that tell it from others on a page.
const SHORT: usize = 8;

/// What groups votes.
#[derive(Clone, Debug)]
pub(super) struct Grouping {
    /// In the name of a group, before the slash.
    pub(super) kind: &'static str,
    /// For each vote the number of its cohort.
    pub(super) labels: Vec<Option<usize>>,
    /// The cohorts in words.
    pub(super) names: Vec<String>,
}

/// The votes that count between models that can be compared, in the order of time.
#[derive(Clone, Debug)]
pub(super) struct Votes {
    pub(super) made_at: OffsetDateTime,
    pub(super) votes: Vec<AttributedVote>,
    /// Names of the models by index.
    pub(super) models: Vec<String>,
    /// Models that can be compared.
    pub(super) members: Vec<usize>,
    pub(super) leaves: Vec<Option<u64>>,
    /// Voters under the names that the journal has for them.
    pub(super) voters: Vec<String>,
    pub(super) groupings: Vec<Grouping>,
}

impl Votes {
    pub(super) fn of(
        models: &[Model],
        votes: Vec<queries::Vote>,
        places: Vec<Place>,
        pseudonyms: Vec<(VoterId, String)>,
        made_at: OffsetDateTime,
    ) -> Self {
        let index: HashMap<ModelId, usize> =
            models.iter().enumerate().map(|(at, model)| (model.id, at)).collect();
        let mut numbers = HashMap::new();
        let mut rows: Vec<(queries::Vote, AttributedVote)> = Vec::new();
        for vote in votes {
            let sides = index.get(&vote.models.left).zip(index.get(&vote.models.right));
            let Some((&left, &right)) = sides else { continue };
            let next = numbers.len();
            let voter = *numbers.entry(vote.voter).or_insert(next);
            let cast = Vote { left, right, outcome: vote.verdict.outcome() };
            rows.push((vote, AttributedVote { voter: Some(voter), ..cast.into() }));
        }
        let members = comparable(models.len(), &rows);
        let is_member = |model: usize| members.contains(&model);
        rows.retain(|(_, cast)| is_member(cast.vote.left) && is_member(cast.vote.right));
        let places: HashMap<i64, Place> =
            places.into_iter().map(|place| (place.vote_index, place)).collect();
        let leaf = |(vote, _): &(queries::Vote, AttributedVote)| {
            places.get(&vote.index)?.leaf.and_then(|leaf| u64::try_from(leaf).ok())
        };
        Self {
            made_at,
            votes: rows.iter().map(|(_, cast)| *cast).collect(),
            models: models.iter().map(|model| model.name.clone()).collect(),
            members,
            leaves: rows.iter().map(leaf).collect(),
            voters: names(&numbers, pseudonyms),
            groupings: groupings(&rows, &places),
        }
    }

    /// How many voters there are.
    pub(super) fn count_voters(&self) -> usize {
        self.votes.iter().filter_map(|vote| vote.voter).collect::<HashSet<_>>().len()
    }

    /// Leaves of the votes that something is true of.
    pub(super) fn leaves_where(&self, is: impl Fn(usize) -> bool) -> Vec<u64> {
        let all = self.leaves.iter().enumerate();
        all.filter(|(at, _)| is(*at)).filter_map(|(_, leaf)| *leaf).collect()
    }
}

/// Models that enough votes tie together; none where there are none.
fn comparable(models: usize, rows: &[(queries::Vote, AttributedVote)]) -> Vec<usize> {
    let votes: Vec<AttributedVote> = rows.iter().map(|(_, cast)| *cast).collect();
    let settings = Settings { draws: FEW_DRAWS, ..Settings::new(1) };
    let rated = stand(models, &votes, &settings).ok().and_then(|standing| standing.rated);
    rated.map(|rated| rated.fit.members().to_vec()).unwrap_or_default()
}

/// Voters in words: never a name, always what the public journal has.
fn names(numbers: &HashMap<VoterId, usize>, pseudonyms: Vec<(VoterId, String)>) -> Vec<String> {
    let mut names = vec![Vec::new(); numbers.len()];
    for (voter, pseudonym) in pseudonyms {
        if let Some(&number) = numbers.get(&voter) {
            names[number].push(pseudonym);
        }
    }
    let in_words = |(number, names): (usize, Vec<String>)| match names.as_slice() {
        [] => format!("voter {number}, who has no name in the journal"),
        [one] => format!("voter {one}"),
        more => format!("voter {}", more.join(" and ")),
    };
    names.into_iter().enumerate().map(in_words).collect()
}

fn groupings(
    rows: &[(queries::Vote, AttributedVote)],
    places: &HashMap<i64, Place>,
) -> Vec<Grouping> {
    let mut first: HashMap<VoterId, Date> = HashMap::new();
    for (vote, _) in rows {
        first.entry(vote.voter).or_insert_with(|| vote.cast_at.date());
    }
    let day = |vote: &queries::Vote| {
        first.get(&vote.voter).map(|day| format!("voters whose first vote is of {day}"))
    };
    let network = |vote: &queries::Vote| {
        let hash = hex::encode(places.get(&vote.index)?.network.as_ref()?);
        let day = vote.cast_at.date();
        Some(format!("network {} of {day}", &hash[..SHORT]))
    };
    let tier = |vote: &queries::Vote| Some(format!("{} voters", vote.tier.as_str()));
    let question = |vote: &queries::Vote| {
        places.get(&vote.index)?.question.as_ref().map(|question| format!("question {question}"))
    };
    vec![
        group("day", rows, day),
        group("network", rows, network),
        group("tier", rows, tier),
        group("question", rows, question),
    ]
}

fn group(
    kind: &'static str,
    rows: &[(queries::Vote, AttributedVote)],
    name: impl Fn(&queries::Vote) -> Option<String>,
) -> Grouping {
    let (mut known, mut names) = (BTreeMap::new(), Vec::new());
    let label = |(vote, _): &(queries::Vote, AttributedVote)| {
        let name = name(vote)?;
        Some(*known.entry(name.clone()).or_insert_with(|| {
            names.push(name);
            names.len() - 1
        }))
    };
    let labels = rows.iter().map(label).collect();
    Grouping { kind, labels, names }
}
