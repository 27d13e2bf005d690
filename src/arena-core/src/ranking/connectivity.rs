//! Who can be compared at all: strong connectivity of the graph "beat or tied", and what the rest is called.
//!
//! Ford (1957): the Bradley-Terry maximum is finite and unique exactly if this graph is strongly connected.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::coding::{Cell, Coding};
use super::counts::Counts;

/// Says whether a model has a rating, and if not, why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Rated.
    Ok,
    /// Rated on fewer than [`super::board::PROVISIONAL_BELOW`] votes.
    Provisional,
    /// Connected to the rated models by wins only: any rating would be infinite.
    Undefeated,
    /// Connected to the rated models by losses only: any rating would be minus infinite.
    Winless,
    /// Has votes, but no chain of them that compares it with the rated models.
    Island,
    /// Comparable, but on fewer than [`super::board::MIN_VOTES`] votes: neither rating nor interval is published.
    TooFewVotes,
    /// No vote counts for it.
    NoVotes,
}

impl Status {
    /// Returns the word used in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Provisional => "provisional",
            Status::Undefeated => "undefeated",
            Status::Winless => "winless",
            Status::Island => "island",
            Status::TooFewVotes => "too_few_votes",
            Status::NoVotes => "no_votes",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Splits the models into groups whose members can be compared with each other.
///
/// Input: counts and the rule that says which votes count.
/// Output: the strongly connected components of "beat or tied", members ascending, groups by their first member.
/// Cost: O(M^2) time, no recursion.
/// Source: Tarjan 1972, "Depth-first search and linear graph algorithms".
pub fn components(counts: &Counts, coding: Coding) -> Vec<Vec<usize>> {
    let graph = Graph::new(counts, coding);
    let mut groups = strong_components(&graph.beats);
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_unstable();
    groups
}

/// Counts the groups of comparable models among `models` positions; 1 means that all can be compared.
pub(super) fn groups(cells: &[Cell], models: usize) -> usize {
    let mut beats = vec![Vec::new(); models];
    for cell in cells {
        for (won, winner, loser) in [(cell.wins, cell.i, cell.j), (cell.losses, cell.j, cell.i)] {
            if won + cell.ties > 0.0 {
                beats[winner].push(loser);
            }
        }
    }
    strong_components(&beats).len()
}

/// Picks the group to rate: the one with most models, then most counted votes inside, then the lowest index.
///
/// Returns an empty list if no two models can be compared.
pub(super) fn rated_component(counts: &Counts, coding: Coding) -> Vec<usize> {
    let mut best: (usize, u64, Vec<usize>) = (1, 0, Vec::new());
    for group in components(counts, coding) {
        let votes = votes_inside(counts, coding, &group);
        if group.len() > 1 && (group.len(), votes) > (best.0, best.1) {
            best = (group.len(), votes, group);
        }
    }
    best.2
}

fn votes_inside(counts: &Counts, coding: Coding, group: &[usize]) -> u64 {
    let mut votes = 0;
    for (j, &rival) in group.iter().enumerate() {
        for &model in group.iter().take(j) {
            votes += coding.counted(&counts.against(model, rival));
        }
    }
    votes
}

/// Says for each model why it is outside the group `rated`; `None` for its members.
pub(super) fn outside(counts: &Counts, coding: Coding, rated: &[usize]) -> Vec<Option<Status>> {
    let graph = Graph::new(counts, coding);
    let below = reachable(&graph.beats, rated);
    let above = reachable(&graph.beaten_by, rated);
    let met = reachable(&graph.met(), rated);
    (0..counts.models())
        .map(|model| {
            if graph.met_nobody(model) {
                return Some(Status::NoVotes);
            }
            match (above[model], below[model]) {
                (true, true) => None,
                (true, false) => Some(Status::Undefeated),
                (false, true) => Some(Status::Winless),
                (false, false) if rated.is_empty() || met[model] => Some(graph.extreme(model)),
                (false, false) => Some(Status::Island),
            }
        })
        .collect()
}

/// Who beat or tied whom, in both directions.
struct Graph {
    beats: Vec<Vec<usize>>,
    beaten_by: Vec<Vec<usize>>,
}

impl Graph {
    fn new(counts: &Counts, coding: Coding) -> Graph {
        let models = counts.models();
        let mut graph =
            Graph { beats: vec![Vec::new(); models], beaten_by: vec![Vec::new(); models] };
        for model in 0..models {
            for rival in 0..models {
                let record = counts.against(model, rival);
                if record.wins + coding.even(&record) > 0 {
                    graph.beats[model].push(rival);
                    graph.beaten_by[rival].push(model);
                }
            }
        }
        graph
    }

    fn met(&self) -> Vec<Vec<usize>> {
        let both = self.beats.iter().zip(&self.beaten_by);
        both.map(|(out, into)| [out.as_slice(), into.as_slice()].concat()).collect()
    }

    fn met_nobody(&self, model: usize) -> bool {
        self.beats[model].is_empty() && self.beaten_by[model].is_empty()
    }

    /// Names a model that no chain of votes places above or below the rated ones.
    fn extreme(&self, model: usize) -> Status {
        if self.beaten_by[model].is_empty() {
            return Status::Undefeated;
        }
        if self.beats[model].is_empty() {
            return Status::Winless;
        }
        Status::Island
    }
}

/// Marks everything that can be reached from `start`, itself included.
fn reachable(edges: &[Vec<usize>], start: &[usize]) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    let mut waiting = start.to_vec();
    while let Some(node) = waiting.pop() {
        if !seen[node] {
            seen[node] = true;
            waiting.extend(edges[node].iter().copied().filter(|&next| !seen[next]));
        }
    }
    seen
}

/// Tarjan's search with its call stack written out, so that a long chain cannot overflow the real one.
struct Search<'a> {
    edges: &'a [Vec<usize>],
    order: Vec<Option<usize>>,
    low: Vec<usize>,
    open: Vec<usize>,
    is_open: Vec<bool>,
    found: Vec<Vec<usize>>,
    visited: usize,
}

fn strong_components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let nodes = edges.len();
    let mut search = Search {
        edges,
        order: vec![None; nodes],
        low: vec![0; nodes],
        open: Vec::new(),
        is_open: vec![false; nodes],
        found: Vec::new(),
        visited: 0,
    };
    for root in 0..nodes {
        if search.order[root].is_none() {
            search.run(root);
        }
    }
    search.found
}

impl Search<'_> {
    fn run(&mut self, root: usize) {
        let mut path = vec![(root, 0)];
        self.enter(root);
        while let Some(top) = path.last_mut() {
            let node = top.0;
            let Some(&next) = self.edges[node].get(top.1) else {
                path.pop();
                self.leave(node, path.last().map(|parent| parent.0));
                continue;
            };
            top.1 += 1;
            match self.order[next] {
                None => {
                    self.enter(next);
                    path.push((next, 0));
                }
                Some(order) if self.is_open[next] => self.low[node] = self.low[node].min(order),
                Some(_) => {}
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.order[node] = Some(self.visited);
        self.low[node] = self.visited;
        self.visited += 1;
        self.open.push(node);
        self.is_open[node] = true;
    }

    fn leave(&mut self, node: usize, parent: Option<usize>) {
        if let Some(parent) = parent {
            self.low[parent] = self.low[parent].min(self.low[node]);
        }
        if self.order[node] != Some(self.low[node]) {
            return;
        }
        let mut group = Vec::new();
        while let Some(member) = self.open.pop() {
            self.is_open[member] = false;
            group.push(member);
            if member == node {
                break;
            }
        }
        self.found.push(group);
    }
}
