//! A board of single votes: what each weighs, how their dependence is allowed for, and how that is called.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    self as ranking, AttributedVote, Board, Clusters, Counts, Covariance, Fit, RankingError,
    Settings, SmallSample,
};

/// From so many on, clusters show how much votes of one voter, or on one question, are alike.
///
/// With fewer voters a board speaks of these voters only: it treats their votes as independent, and
/// all of them count in full.
pub const MIN_CLUSTERS: usize = 30;

/// What the intervals of a board allow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dependence {
    /// Nothing: too few voters to see how much they differ.
    Independent,
    /// Nothing: the clusters give no covariance that can be used.
    Undetermined,
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
            Self::Undetermined => {
                "that treat votes as independent: how alike those of one voter or on one question \
                 are cannot be told from these votes"
            }
            Self::Voter => "clustered by voter",
            Self::Prompt => "clustered by question; they speak of these voters only",
            Self::VoterAndPrompt => "clustered by voter and by question",
        }
    }

    /// What makes a cluster.
    pub fn clusters(self) -> Option<Clusters> {
        match self {
            Self::Independent | Self::Undetermined => None,
            Self::Voter => Some(Clusters::Voter),
            Self::Prompt => Some(Clusters::Prompt),
            Self::VoterAndPrompt => Some(Clusters::Both),
        }
    }

    /// What the votes among some models can show.
    fn of(votes: &[AttributedVote], members: &[usize]) -> Self {
        let members: HashSet<usize> = members.iter().copied().collect();
        let is_among = |vote: &&AttributedVote| {
            members.contains(&vote.vote.left) && members.contains(&vote.vote.right)
        };
        let among: Vec<&AttributedVote> = votes.iter().filter(is_among).collect();
        let distinct = |key: &dyn Fn(&AttributedVote) -> Option<usize>| {
            among.iter().filter_map(|vote| key(vote)).collect::<HashSet<_>>().len()
        };
        let (voters, shared) = (distinct(&|vote| vote.voter), distinct(&|vote| vote.prompt));
        // A vote without a prompt is one on a question of its own.
        let own = among.iter().filter(|vote| vote.prompt.is_none()).count();
        let by_prompt = shared > 0 && own + shared >= MIN_CLUSTERS;
        match (voters >= MIN_CLUSTERS, by_prompt) {
            (true, true) => Self::VoterAndPrompt,
            (true, false) => Self::Voter,
            (false, true) => Self::Prompt,
            (false, false) => Self::Independent,
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

impl Basis {
    /// What one vote of a voter weighs who has cast so many.
    pub fn weight(&self, cast: u64) -> f64 {
        self.voter_cap.map_or(1.0, |cap| (cap / cast as f64).min(1.0))
    }
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
        let members = self.fit.members();
        let is_rated = |&at: &usize| board.rows[members[at]].rating.is_some();
        let at: Vec<usize> = (0..members.len()).filter(is_rated).collect();
        let strengths: Vec<f64> = at.iter().map(|&at| self.fit.strengths()[at]).collect();
        let found = ranking::tie_groups(&strengths, &self.covariance.among(&at), critical_value)?;
        for (at, group) in at.into_iter().zip(found) {
            groups[members[at]] = Some(group);
        }
        Ok(groups)
    }
}

/// Computes the board of the site's votes, all of weight 1.
///
/// From [`MIN_CLUSTERS`] voters on, the votes of one voter weigh no more together than
/// [`ranking::voter_cap`]; statuses go by weight, counts by votes.
pub fn stand(
    models: usize,
    votes: &[AttributedVote],
    settings: &Settings,
) -> Result<Standing, RankingError> {
    stand_capped(models, votes, settings, ranking::voter_cap)
}

/// As [`stand`], with another cap: what all votes of one voter may weigh, by the number of votes on the board.
pub fn stand_capped(
    models: usize,
    votes: &[AttributedVote],
    settings: &Settings,
    cap: impl FnOnce(u64) -> f64,
) -> Result<Standing, RankingError> {
    let mut cast = HashMap::new();
    for voter in votes.iter().filter_map(|vote| vote.voter) {
        *cast.entry(voter).or_insert(0_u64) += 1;
    }
    if cast.len() < MIN_CLUSTERS {
        return stand_as_given(models, votes, settings);
    }
    let cap = cap(votes.len() as u64);
    let capped_voters = cast.values().filter(|&&cast| cast as f64 > cap).count();
    let mut standing = if capped_voters == 0 {
        stand_as_given(models, votes, settings)?
    } else {
        let mut weighed = votes.to_vec();
        ranking::cap_voters(&mut weighed, cap)?;
        stand_as_given(models, &weighed, settings)?
    };
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
    let voters = votes.iter().filter_map(|vote| vote.voter).collect::<HashSet<_>>().len();
    let mut basis =
        Basis { dependence: Dependence::Independent, voters, voter_cap: None, capped_voters: 0 };
    let mut rated = None;
    let board = ranking::compute_with(&counts, settings, |members| {
        let fit = ranking::fit_votes(votes, members, settings.method, settings.coding)?;
        let (dependence, covariance) = covariance(&fit, votes, members)?;
        basis.dependence = dependence;
        rated = Some(Rated { fit: fit.clone(), covariance: covariance.clone() });
        Ok((fit, covariance))
    })?;
    Ok(Standing { board, basis, rated, counts })
}

/// The covariance that allows for as much as the votes can show.
fn covariance(
    fit: &Fit,
    votes: &[AttributedVote],
    members: &[usize],
) -> Result<(Dependence, Covariance), RankingError> {
    let dependence = Dependence::of(votes, members);
    let small = SmallSample::default();
    let Some(clusters) = dependence.clusters() else {
        return Ok((dependence, fit.covariance(small)?));
    };
    match fit.clustered_covariance(votes, clusters, small) {
        Ok(covariance) => Ok((dependence, covariance)),
        Err(RankingError::Singular { .. } | RankingError::TooFewClusters { .. }) => {
            Ok((Dependence::Undetermined, fit.covariance(small)?))
        }
        Err(error) => Err(error),
    }
}
