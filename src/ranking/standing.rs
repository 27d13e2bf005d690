//! A board of single votes: what each weighs, how their dependence is allowed for, and how that is called.

use std::collections::HashSet;

use arena_core::ranking::{
    self, AttributedVote, Board, Clusters, Counts, Covariance, Fit, RankingError, Settings,
    SmallSample,
};
use serde::Serialize;

/// From so many on, clusters show how much votes of one voter, or on one question, are alike.
pub const MIN_CLUSTERS: usize = 30;

/// What the intervals of a board allow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dependence {
    /// Nothing: too few voters to see how much they differ.
    Independent,
    /// Votes of one voter are alike.
    Voter,
    /// Votes on one question are alike.
    Prompt,
    /// Both.
    VoterAndPrompt,
}

impl Dependence {
    /// The end of the sentence "95 % sandwich intervals ...".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Independent => {
                "that treat votes as independent: fewer than 30 voters have voted, so they speak of \
                 these voters only"
            }
            Self::Voter => "clustered by voter",
            Self::Prompt => "clustered by question; they speak of these voters only",
            Self::VoterAndPrompt => "clustered by voter and by question",
        }
    }

    fn clusters(self) -> Option<Clusters> {
        match self {
            Self::Independent => None,
            Self::Voter => Some(Clusters::Voter),
            Self::Prompt => Some(Clusters::Prompt),
            Self::VoterAndPrompt => Some(Clusters::Both),
        }
    }
}

/// What a board rests on besides its settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Basis {
    /// What the intervals allow for.
    pub dependence: Dependence,
    /// How many voters voted.
    pub voters: usize,
    /// How many votes of one voter count in full; none if all do.
    pub voter_cap: Option<f64>,
    /// How many voters voted more often, so that their votes weigh less.
    pub capped_voters: usize,
}

/// Strengths and covariance behind a board.
#[derive(Clone, Debug)]
pub struct Rated {
    /// The fit, weights included.
    pub fit: Fit,
    /// The covariance of its strengths.
    pub covariance: Covariance,
}

/// A board with what it rests on.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Ratings, intervals, ranks and statuses.
    pub board: Board,
    /// Voters, weights and clusters.
    pub basis: Basis,
    /// What further questions are answered from; none if no two models can be compared.
    pub rated: Option<Rated>,
    /// The votes as counts, unweighted.
    pub counts: Counts,
}

impl Rated {
    /// For each model the group of models that the votes cannot order, 1 being the best; none for a
    /// model without a rating. See [`ranking::tie_groups`].
    pub fn tie_groups(&self, board: &Board) -> Result<Vec<Option<usize>>, RankingError> {
        let mut groups = vec![None; board.rows.len()];
        let Some(critical_value) = board.critical_value else { return Ok(groups) };
        let is_rated = |model: &usize| board.rows[*model].rating.is_some();
        let at: Vec<usize> =
            (0..self.fit.members().len()).filter(|&at| is_rated(&self.fit.members()[at])).collect();
        let strengths: Vec<f64> = at.iter().map(|&at| self.fit.strengths()[at]).collect();
        let found = ranking::tie_groups(&strengths, &self.covariance.among(&at), critical_value)?;
        for (at, group) in at.into_iter().zip(found) {
            groups[self.fit.members()[at]] = Some(group);
        }
        Ok(groups)
    }
}

/// Computes the board of the site's votes, all of weight 1.
///
/// Votes of voters beyond the cap share its weight; all weights are then scaled so that they add up
/// to the number of votes. Statuses go by weight, counts by votes.
pub fn stand(
    models: usize,
    votes: &[AttributedVote],
    settings: &Settings,
) -> Result<Standing, RankingError> {
    let (cap, weighed, capped_voters) = capped(votes)?;
    let mut standing = stand_as_given(models, weighed.as_deref().unwrap_or(votes), settings)?;
    standing.basis.voter_cap = Some(cap);
    standing.basis.capped_voters = capped_voters;
    Ok(standing)
}

/// Computes the board of votes with the weights they have; nobody is capped.
pub fn stand_as_given(
    models: usize,
    votes: &[AttributedVote],
    settings: &Settings,
) -> Result<Standing, RankingError> {
    let mut counts = Counts::new(models);
    for vote in votes {
        counts.add(vote.vote)?;
    }
    let mut basis = Basis {
        dependence: Dependence::Independent,
        voters: distinct(votes, |vote| vote.voter),
        voter_cap: None,
        capped_voters: 0,
    };
    basis.dependence = dependence(votes, basis.voters);
    let mut rated = None;
    let board = ranking::compute_with(&counts, settings, |members| {
        let fit = ranking::fit_votes(votes, members, settings.method, settings.coding)?;
        let covariance = match basis.dependence.clusters() {
            Some(clusters) => fit.clustered_covariance(votes, clusters, SmallSample::default())?,
            None => fit.covariance(SmallSample::default())?,
        };
        rated = Some(Rated { fit: fit.clone(), covariance: covariance.clone() });
        Ok((fit, covariance))
    })?;
    Ok(Standing { board, basis, rated, counts })
}

/// The cap, the votes with their weights if it binds anybody, and how many it binds.
type Capped = (f64, Option<Vec<AttributedVote>>, usize);

fn capped(votes: &[AttributedVote]) -> Result<Capped, RankingError> {
    let cap = ranking::voter_cap(votes.len() as u64);
    let mut cast = std::collections::HashMap::new();
    for voter in votes.iter().filter_map(|vote| vote.voter) {
        *cast.entry(voter).or_insert(0_u64) += 1;
    }
    let bound = cast.values().filter(|&&cast| cast as f64 > cap).count();
    if bound == 0 {
        return Ok((cap, None, 0));
    }
    let mut weighed = votes.to_vec();
    ranking::cap_voters(&mut weighed, cap)?;
    let sum: f64 = weighed.iter().map(|vote| vote.weight).sum();
    let scale = weighed.len() as f64 / sum;
    weighed.iter_mut().for_each(|vote| vote.weight *= scale);
    Ok((cap, Some(weighed), bound))
}

fn distinct(votes: &[AttributedVote], key: impl Fn(&AttributedVote) -> Option<usize>) -> usize {
    votes.iter().filter_map(key).collect::<HashSet<_>>().len()
}

fn dependence(votes: &[AttributedVote], voters: usize) -> Dependence {
    // A vote without a prompt is one on a question of its own.
    let own = votes.iter().filter(|vote| vote.prompt.is_none()).count();
    let shared = distinct(votes, |vote| vote.prompt);
    let by_prompt = shared > 0 && own + shared >= MIN_CLUSTERS;
    match (voters >= MIN_CLUSTERS, by_prompt) {
        (true, true) => Dependence::VoterAndPrompt,
        (true, false) => Dependence::Voter,
        (false, true) => Dependence::Prompt,
        (false, false) => Dependence::Independent,
    }
}
