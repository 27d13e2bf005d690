//! From the votes before an index to the rows of a board.

use std::collections::{BTreeMap, HashSet};

use super::document::{Counts, Document, Row, hundredths};
use super::ledger::{Ballot, Ledger, Listing};
use super::settings::{Exclusions, Settings};
use super::{BoardError, MAX_MODELS};
use crate::journal::leaf::Why;
use crate::journal::merkle::Hash;
use crate::ranking::board::{MIN_VOTES, PROVISIONAL_BELOW};
use crate::ranking::standing::{Dependence, Standing, stand_capped};
use crate::ranking::{self, AttributedVote, Elo, Status, Vote};
use crate::verdict::Verdict;

const REASONS: [Why; 6] =
    [Why::Abandoned, Why::Error, Why::Timeout, Why::Leak, Why::Skipped, Why::Interrupted];

/// The board of the first `n` leaves.
pub(super) fn publish(
    ledger: &Ledger,
    n: u64,
    root: &Hash,
    settings: &Settings,
) -> Result<Document, BoardError> {
    if n > ledger.size() {
        return Err(BoardError::Short(n, ledger.size()));
    }
    let prefix = Prefix::new(ledger, n, settings);
    let models = Models::new(ledger, n)?;
    let votes = models.votes(ledger, &prefix.on_board())?;
    let rated = Rated::new(models.listed.len(), &votes, settings)?;
    let counts = prefix.counts()?;
    let policy = ledger.policies.iter().rev().find(|(at, _)| *at < n);
    let basis = rated.standing.as_ref().map(|standing| standing.basis);
    let voters = votes.iter().filter_map(|vote| vote.voter).collect::<HashSet<_>>().len();
    Ok(Document {
        v: 1,
        origin: ledger.origin.clone(),
        n,
        root: hex::encode(root),
        policy: policy.map(|(_, digest)| digest.clone()).unwrap_or_default(),
        settings: settings.clone(),
        counts,
        excluded_by: prefix.excluded_by(),
        void_by: prefix.void_by(),
        votes: votes.len() as u64,
        voters,
        cap: basis.and_then(|basis| basis.voter_cap).map(hundredths),
        capped_voters: basis.map_or(0, |basis| basis.capped_voters),
        dependence: basis.map_or(Dependence::Independent, |basis| basis.dependence),
        models: models.rows(ledger, &rated),
    })
}

/// The leaves before an index.
struct Prefix<'a> {
    ledger: &'a Ledger,
    settings: &'a Settings,
    n: u64,
    ballots: &'a [Ballot],
    /// Number of the rule that excludes a vote, by place.
    excluded: Vec<Option<u32>>,
}

impl<'a> Prefix<'a> {
    fn new(ledger: &'a Ledger, n: u64, settings: &'a Settings) -> Self {
        let end = ledger.ballots.partition_point(|ballot| ballot.at < n);
        let mut excluded = vec![None; end];
        for decision in ledger.decisions.iter().take_while(|decision| decision.at < n) {
            if let Some(entry) = excluded.get_mut(decision.vote) {
                *entry = decision.rule;
            }
        }
        Self { ledger, settings, n, ballots: &ledger.ballots[..end], excluded }
    }

    fn is_apart(&self, ballot: &Ballot) -> bool {
        self.ledger.flags(ballot).iter().any(|flag| self.settings.uncounted.contains(flag))
    }

    fn on_board(&self) -> Vec<Ballot> {
        let ignored = self.settings.exclusions == Exclusions::Ignored;
        let both = self.ballots.iter().zip(&self.excluded);
        let on_board = both.filter(|(ballot, rule)| {
            (ignored || rule.is_none())
                && self.settings.tiers.contains(&ballot.tier)
                && !self.is_apart(ballot)
        });
        on_board.map(|(ballot, _)| *ballot).collect()
    }

    fn counts(&self) -> Result<Counts, BoardError> {
        let assigned = self.ledger.assigned.partition_point(|at| *at < self.n) as u64;
        let void = self.ledger.voids.partition_point(|(at, _)| *at < self.n) as u64;
        let excluded = self.excluded.iter().flatten().count() as u64;
        let counted = self.ballots.len() as u64 - excluded;
        let both = self.ballots.iter().zip(&self.excluded);
        let apart = both.filter(|(ballot, rule)| rule.is_none() && self.is_apart(ballot)).count();
        let ended = counted + excluded + void;
        let open = assigned.checked_sub(ended).ok_or(BoardError::Counts)?;
        Ok(Counts { assigned, counted, apart: apart as u64, excluded, void, open })
    }

    fn excluded_by(&self) -> Vec<(String, u64)> {
        let rules = self.ledger.rules();
        let mut counts = BTreeMap::new();
        for rule in self.excluded.iter().flatten() {
            *counts.entry(rules[*rule as usize]).or_insert(0) += 1;
        }
        counts.into_iter().map(|(rule, count)| (rule.to_owned(), count)).collect()
    }

    fn void_by(&self) -> Vec<(Why, u64)> {
        let voids = self.ledger.voids.iter().take_while(|(at, _)| *at < self.n);
        let count = |why| voids.clone().filter(|(_, reason)| *reason == why).count() as u64;
        REASONS.into_iter().map(|why| (why, count(why))).filter(|(_, count)| *count > 0).collect()
    }
}

/// The models that leaves name, in the order of their ids.
struct Models<'a> {
    /// What was last said of each.
    listed: Vec<&'a Listing>,
    /// Places among them, by number.
    places: Vec<Option<usize>>,
}

impl<'a> Models<'a> {
    fn new(ledger: &'a Ledger, n: u64) -> Result<Self, BoardError> {
        let mut last = vec![None; ledger.ids.len()];
        for listing in ledger.listings.iter().take_while(|listing| listing.at < n) {
            last[listing.model as usize] = Some(listing);
        }
        let mut listed: Vec<&Listing> = last.into_iter().flatten().collect();
        if listed.len() > MAX_MODELS {
            return Err(BoardError::TooManyModels(listed.len()));
        }
        listed.sort_unstable_by_key(|listing| ledger.ids[listing.model as usize]);
        let mut places = vec![None; ledger.ids.len()];
        for (place, listing) in listed.iter().enumerate() {
            places[listing.model as usize] = Some(place);
        }
        Ok(Self { listed, places })
    }

    fn votes(
        &self,
        ledger: &Ledger,
        ballots: &[Ballot],
    ) -> Result<Vec<AttributedVote>, BoardError> {
        let place = |number: u32| {
            let unlisted = || BoardError::Unlisted(ledger.ids[number as usize]);
            self.places[number as usize].ok_or_else(unlisted)
        };
        let vote = |ballot: &Ballot| {
            let [left, right] = ballot.models;
            Ok(AttributedVote {
                vote: Vote {
                    left: place(left)?,
                    right: place(right)?,
                    outcome: Verdict::from(ballot.choice).outcome(),
                },
                voter: Some(ballot.voter as usize),
                prompt: ballot.question(),
                weight: 1.0,
            })
        };
        ballots.iter().map(vote).collect()
    }

    fn rows(&self, ledger: &Ledger, rated: &Rated) -> Vec<Row> {
        let mut rows: Vec<Row> = self
            .listed
            .iter()
            .enumerate()
            .map(|(at, listing)| {
                let Listing { model, name, lab, state, .. } = (*listing).clone();
                let row = rated.row(at);
                Row { id: ledger.ids[model as usize], name, lab, state, ..row }
            })
            .collect();
        rows.sort_by(|one, other| {
            let place = |row: &Row| row.rank.unwrap_or(usize::MAX);
            let rating = |row: &Row| std::cmp::Reverse(row.rating);
            let key = |row: &Row| (place(row), rating(row));
            key(one)
                .cmp(&key(other))
                .then_with(|| one.name.cmp(&other.name))
                .then_with(|| one.id.cmp(&other.id))
        });
        rows
    }
}

/// Ratings in the order of the models.
struct Rated {
    standing: Option<Standing>,
    elo: Elo,
    counts: ranking::Counts,
}

impl Rated {
    fn new(
        models: usize,
        votes: &[AttributedVote],
        settings: &Settings,
    ) -> Result<Self, BoardError> {
        let (mut elo, mut counts) = (Elo::new(models), ranking::Counts::new(models));
        for AttributedVote { vote, .. } in votes {
            elo.update(vote.left, vote.right, vote.outcome)?;
            counts.add(*vote)?;
        }
        let cap = |votes| settings.cap(votes);
        let standing = match settings.of_fit() {
            Some(fit) => Some(stand_capped(models, votes, &fit, cap)?),
            None => None,
        };
        Ok(Self { standing, elo, counts })
    }

    /// The row at a place, without id and names.
    fn row(&self, at: usize) -> Row {
        let elo = hundredths(self.elo.ratings()[at]);
        let record = self.counts.record(at).unwrap_or_default();
        let votes = record.votes();
        let mut row = Row {
            rank: None,
            best: None,
            worst: None,
            id: crate::ids::ModelId(uuid::Uuid::nil()),
            name: String::new(),
            lab: String::new(),
            state: crate::journal::leaf::ModelState::Public,
            rating: None,
            low: None,
            high: None,
            votes,
            used: votes,
            wins: record.wins,
            losses: record.losses,
            ties: record.ties,
            both_bad: record.both_bad,
            status: by_votes(votes),
            elo,
        };
        let Some(standing) = &self.standing else {
            row.rating = (votes >= MIN_VOTES).then_some(elo);
            return row;
        };
        let found = &standing.board.rows[at];
        (row.used, row.status) = (found.used_votes, found.status);
        row.rating = found.rating.map(|rating| hundredths(rating.rating));
        row.low = found.rating.map(|rating| hundredths(rating.low));
        row.high = found.rating.map(|rating| hundredths(rating.high));
        row.rank = found.rank.map(|rank| rank.rank);
        row.best = found.rank.map(|rank| rank.best);
        row.worst = found.rank.map(|rank| rank.worst);
        row
    }
}

/// The status of a model whose rating needs no rivals.
fn by_votes(votes: u64) -> Status {
    match votes {
        0 => Status::NoVotes,
        1..MIN_VOTES => Status::TooFewVotes,
        MIN_VOTES..PROVISIONAL_BELOW => Status::Provisional,
        _ => Status::Ok,
    }
}
