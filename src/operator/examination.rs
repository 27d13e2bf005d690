//! The tests of `arena_core::detection` and the e-process on the votes that count, as findings with their evidence.

use std::collections::BTreeMap;

use arena_core::detection::{
    Account, AccountTest, Cohort, CohortTest, Drift, DriftTest, accounts, cohorts, drifts,
    flag_accounts,
};
use arena_core::ranking::{
    Alternative, Coding, Method, RankingError, Suspicion, fit_votes, flag, screen,
};
use time::OffsetDateTime;

use super::groups::Votes;

/// Part of honest accounts among those that are flagged.
const FALSE_DISCOVERIES: f64 = 0.05;
/// Seed of simulated voters.
const SEED: u64 = 1;
/// Findings of a section that are shown although they are not flagged.
const UNREMARKABLE: usize = 5;

/// One account, cohort or stretch of time, with what speaks against it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Name of its votes in forms.
    pub group: String,
    /// Who or what it is.
    pub subject: String,
    /// Whether it exceeds the threshold.
    pub flagged: bool,
    /// Voters in it.
    pub voters: usize,
    /// Their votes.
    pub votes: usize,
    /// The model that the evidence is about; none where it is about none.
    pub model: Option<OnModel>,
    /// The statistic with its p or e.
    pub statistic: String,
    /// When it is flagged.
    pub threshold: String,
}

/// What a model got from the votes.
#[derive(Clone, Debug)]
pub struct OnModel {
    /// The model.
    pub name: String,
    /// Votes on it.
    pub votes: usize,
    /// What it was expected to get: a win is 1, a tie 1/2.
    pub expected: f64,
    /// What it got.
    pub observed: f64,
}

/// One kind of test.
#[derive(Clone, Debug)]
pub struct Section {
    /// What is tested.
    pub title: &'static str,
    /// What an entry means.
    pub note: &'static str,
    /// How many were tested.
    pub tested: usize,
    /// How many could not be tested, because the other votes do not compare all models.
    pub untested: usize,
    /// Flagged ones first, and a few others.
    pub findings: Vec<Finding>,
    /// Why it could not be made.
    pub problem: Option<String>,
}

/// Everything that was found at one moment.
#[derive(Clone, Debug)]
pub struct Examination {
    /// When it was made.
    pub made_at: OffsetDateTime,
    /// Votes that were examined.
    pub votes: usize,
    /// Who cast them.
    pub voters: usize,
    /// The tests.
    pub sections: Vec<Section>,
    groups: BTreeMap<String, Vec<u64>>,
}

impl Examination {
    /// Leaves of the votes of a group.
    pub fn leaves_of(&self, group: &str) -> Option<&[u64]> {
        self.groups.get(group).map(Vec::as_slice)
    }
}

/// Makes all tests. **Cost** seconds for ten thousand votes.
pub(super) fn examine(votes: &Votes) -> Examination {
    let mut bench = Bench { votes, groups: BTreeMap::new() };
    let sections = vec![bench.cohorts(), bench.accounts(), bench.rules(), bench.drifts()];
    Examination {
        made_at: votes.made_at,
        votes: votes.votes.len(),
        voters: votes.count_voters(),
        sections,
        groups: bench.groups,
    }
}

/// The votes on it, and the groups that were named so far.
struct Bench<'a> {
    votes: &'a Votes,
    groups: BTreeMap<String, Vec<u64>>,
}

/// Flagged ones, and a few more.
fn shown<T>(list: Vec<T>, flagged: impl Fn(&T) -> bool) -> Vec<T> {
    let mut others = 0;
    let mut keep = |one: &T| {
        others += usize::from(!flagged(one));
        flagged(one) || others <= UNREMARKABLE
    };
    list.into_iter().filter(|one| keep(one)).collect()
}

fn small(p: f64) -> String {
    if p < 0.000_1 { format!("{p:.1e}") } else { format!("{p:.4}") }
}

impl Bench<'_> {
    fn name(&mut self, group: String, is: impl Fn(usize) -> bool) -> String {
        let leaves = self.votes.leaves_where(is);
        self.groups.insert(group.clone(), leaves);
        group
    }

    fn model(&self, model: usize) -> String {
        self.votes.models.get(model).cloned().unwrap_or_default()
    }

    fn section(
        title: &'static str,
        note: &'static str,
        found: Result<(usize, Vec<Finding>), RankingError>,
    ) -> Section {
        let (tested, findings, problem) = match found {
            Ok((tested, findings)) => (tested, findings, None),
            Err(error) => (0, Vec::new(), Some(error.to_string())),
        };
        Section { title, note, tested, untested: 0, findings, problem }
    }

    fn cohorts(&mut self) -> Section {
        let note = "The votes of a group added up by model and held against the votes of all others: chance, taste \
                    and the error of the reference are allowed for. Groups: day of a voter's first vote, network (a \
                    hash that lasts a day), tier, question of an evaluation set.";
        let mut untested = 0;
        let found = self.find_cohorts(&mut untested);
        Section { untested, ..Self::section("Groups", note, found) }
    }

    fn find_cohorts(
        &mut self,
        untested: &mut usize,
    ) -> Result<(usize, Vec<Finding>), RankingError> {
        let Votes { votes, members, groupings, .. } = self.votes;
        let labels: Vec<_> = groupings.iter().map(|grouping| grouping.labels.clone()).collect();
        let test = CohortTest::default();
        let found = cohorts(votes, members, Coding::default(), &labels, &test)?;
        let tested = found.cohorts.len();
        *untested = found.without_reference;
        let threshold = format!(
            "|z| > {:.2}: 5 % for any false alarm among {} tests together",
            found.threshold_z, found.tests
        );
        let list = shown(found.cohorts, |one: &Cohort| one.flagged);
        let findings = list.into_iter().map(|one| self.cohort(&one, &threshold)).collect();
        Ok((tested, findings))
    }

    fn cohort(&mut self, one: &Cohort, threshold: &str) -> Finding {
        let grouping = &self.votes.groupings[one.grouping];
        let subject = grouping.names[one.cohort].clone();
        let group = format!("{}/{}", grouping.kind, one.cohort);
        let group = self.name(group, |at| grouping.labels[at] == Some(one.cohort));
        Finding {
            group,
            subject,
            flagged: one.flagged,
            voters: one.voters,
            votes: one.votes,
            model: Some(OnModel {
                name: self.model(one.model),
                votes: one.model_votes,
                expected: one.expected,
                observed: one.observed,
            }),
            statistic: format!("z = {:+.2}, p = {} for this test alone", one.z, small(one.p)),
            threshold: threshold.to_owned(),
        }
    }

    fn accounts(&mut self) -> Section {
        let note = "One voter at a time, under the names that the journal has: three statistics against simulated \
                    voters with tastes of their own who vote on the same pairs. Voters with fewer than 10 votes are \
                    not tested. A strong taste is no fraud.";
        Self::section("Accounts", note, self.find_accounts())
    }

    fn find_accounts(&mut self) -> Result<(usize, Vec<Finding>), RankingError> {
        let Votes { votes, members, .. } = self.votes;
        let test = AccountTest::new(SEED);
        let mut found = accounts(votes, members, Coding::default(), None, &test)?;
        let (tested, flagged) = (found.len(), flag_accounts(&found, FALSE_DISCOVERIES)?);
        found.sort_by(|a, b| a.p_account.total_cmp(&b.p_account));
        let is_flagged = |one: &Account| flagged.contains(&one.voter);
        let list = shown(found, is_flagged);
        let findings = list.iter().map(|one| self.account(one, is_flagged(one))).collect();
        Ok((tested, findings))
    }

    fn account(&mut self, one: &Account, flagged: bool) -> Finding {
        let [z, surprise, ties] = one.p.map(small);
        Finding {
            flagged,
            votes: one.votes,
            model: Some(OnModel {
                name: self.model(one.model),
                votes: one.model_votes,
                expected: one.expected,
                observed: one.observed,
            }),
            statistic: format!(
                "z = {:+.2} on the model; p = {} (by model {z}, by surprise {surprise}, by {} ties with {:.1} \
                 expected {ties})",
                one.z,
                small(one.p_account),
                one.ties,
                one.ties_expected
            ),
            threshold: "Benjamini-Hochberg: 5 % of the flagged accounts are expected to be honest"
                .to_owned(),
            ..self.of_voter(one.voter)
        }
    }

    /// A finding about one voter, its evidence left open.
    fn of_voter(&mut self, voter: usize) -> Finding {
        let votes = &self.votes.votes;
        Finding {
            group: self.name(format!("voter/{voter}"), |at| votes[at].voter == Some(voter)),
            subject: self.votes.voters.get(voter).cloned().unwrap_or_default(),
            flagged: false,
            voters: 1,
            votes: 0,
            model: None,
            statistic: String::new(),
            threshold: String::new(),
        }
    }

    fn rules(&mut self) -> Section {
        let note = "The e-process: by how much a simple rule (always left, a coin, for or against one model) explains \
                    a voter's votes better than everyone's taste does. It may be looked at after every vote.";
        Self::section("Rules instead of comparisons", note, self.find_rules())
    }

    fn find_rules(&mut self) -> Result<(usize, Vec<Finding>), RankingError> {
        let Votes { votes, members, .. } = self.votes;
        let fit = fit_votes(votes, members, Method::Davidson, Coding::default())?;
        let mut found = screen(&fit, votes)?;
        let (tested, flagged) = (found.len(), flag(&found, FALSE_DISCOVERIES)?);
        found.sort_by(|a, b| b.log_e.total_cmp(&a.log_e));
        let is_flagged = |one: &Suspicion| flagged.contains(&one.voter);
        let list = shown(found, is_flagged);
        let findings = list.iter().map(|one| self.rule(one, tested, is_flagged(one))).collect();
        Ok((tested, findings))
    }

    fn rule(&mut self, one: &Suspicion, tested: usize, flagged: bool) -> Finding {
        let rule = match one.rule {
            Alternative::Uniform => "by chance among all outcomes".to_owned(),
            Alternative::Coin => "by a coin".to_owned(),
            Alternative::Left => "always left".to_owned(),
            Alternative::Right => "always right".to_owned(),
            Alternative::Tie => "always a tie".to_owned(),
            Alternative::Contrarian => "the worse answer".to_owned(),
            Alternative::Favours(model) => format!("for {}", self.model(model)),
            Alternative::Opposes(model) => format!("against {}", self.model(model)),
        };
        let ten = std::f64::consts::LN_10;
        Finding {
            flagged,
            votes: one.votes,
            statistic: format!("e = 10^{:.1}; best explained: {rule}", one.log_e / ten),
            threshold: format!(
                "e-BH: the k largest e are flagged if all are above {tested} / (0.05 k); 5 % are expected to be honest"
            ),
            ..self.of_voter(one.voter)
        }
    }

    fn drifts(&mut self) -> Section {
        let note = "Over time: a model that for a while got more, or less, than before and after. It points to \
                    groups that no other test can name, or to a model whose file or endpoint has changed.";
        Self::section("Stretches of time", note, self.find_drifts())
    }

    fn find_drifts(&mut self) -> Result<(usize, Vec<Finding>), RankingError> {
        let Votes { votes, members, .. } = self.votes;
        let found = drifts(votes, members, Coding::default(), &DriftTest::new(SEED))?;
        let tested = found.drifts.len();
        let threshold = format!(
            "a sum above {:.1}: 5 % for any false alarm among all models and directions together",
            found.threshold
        );
        let list = shown(found.drifts, |one: &Drift| one.flagged);
        let findings = list.into_iter().map(|one| self.drift(&one, &threshold)).collect();
        Ok((tested, findings))
    }

    fn drift(&mut self, one: &Drift, threshold: &str) -> Finding {
        let votes = &self.votes.votes;
        let (range, model) = (one.first..=one.last, one.model);
        let is_on = |at: usize| votes[at].vote.left == model || votes[at].vote.right == model;
        let direction = if one.upwards { "up" } else { "down" };
        let group = format!("drift/{model}-{direction}");
        let group = self.name(group, |at| range.contains(&at) && is_on(at));
        let whose: std::collections::HashSet<_> =
            range.clone().filter(|at| is_on(*at)).filter_map(|at| votes[at].voter).collect();
        let name = self.model(model);
        Finding {
            group,
            subject: format!("{name} {direction} from vote {} to vote {}", one.first, one.last),
            flagged: one.flagged,
            voters: whose.len(),
            votes: one.model_votes,
            model: Some(OnModel {
                name,
                votes: one.model_votes,
                expected: one.expected,
                observed: one.observed,
            }),
            statistic: format!("largest cumulated sum {:.1}, p = {}", one.peak, small(one.p)),
            threshold: threshold.to_owned(),
        }
    }
}
