//! I2 and I6: votes and their leaves. I8: what was assigned is counted, excluded, void or open.

use std::collections::{HashMap, HashSet};

use arena_core::ids::BattleId;
use arena_core::journal::leaf::{Flag, Leaf};
use arena_core::verdict::Verdict;

use super::super::ledger::Book;
use super::Wrongs;
use super::leaves::Log;
use super::rows::Rows;

/// I2: each vote has its leaf, with its verdict, in the same order, and each was sent by somebody. I6: no battle
/// has two.
pub(super) fn votes(rows: &Rows, log: &Log, book: &Book, wrongs: &mut Wrongs) {
    let closed: HashMap<_, _> =
        rows.commitments.iter().map(|row| (row.battle_id, row.closed_index)).collect();
    let (mut last, mut battles) = (-1, HashSet::new());
    for (vote, place) in rows.votes.iter().zip(0..) {
        let (id, index) = (BattleId(vote.battle_id), vote.vote_index);
        wrongs.unless(index == place, 3, || format!("vote {index} stands at place {place}"));
        wrongs.unless(battles.insert(id), 6, || format!("battle {id} has two votes"));
        let leaf = closed.get(&vote.battle_id).copied().flatten();
        let fits = match leaf.and_then(|leaf| log.get(leaf)) {
            Some(Leaf::Vote(leaf)) => {
                leaf.b == id && Verdict::from(leaf.o).as_str() == vote.verdict
            }
            _ => false,
        };
        wrongs.unless(fits, 2, || format!("the vote on {id} has no leaf that says the same"));
        let leaf = leaf.unwrap_or(-1);
        wrongs.unless(leaf > last, 2, || format!("the vote on {id} is out of order"));
        last = leaf;
        let sent = book.tried.get(&id).is_some_and(|sent| sent.contains(vote.verdict.as_str()));
        wrongs.unless(sent, 2, || format!("nobody sent the vote on {id}"));
    }
    let (mut leaves, mut closes) = (0, HashSet::new());
    for leaf in &log.leaves {
        match leaf {
            Leaf::Vote(vote) => {
                leaves += 1;
                wrongs.unless(closes.insert(vote.b), 6, || format!("{} is closed twice", vote.b));
            }
            Leaf::Void(void) => {
                wrongs.unless(closes.insert(void.b), 6, || format!("{} is closed twice", void.b));
            }
            _ => {}
        }
    }
    let votes = rows.votes.len();
    wrongs.unless(leaves == votes, 2, || format!("{votes} votes and {leaves} vote leaves"));
}

/// What became of what was assigned.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    assigned: i64,
    counted: i64,
    apart: i64,
    void: i64,
    open: i64,
}

impl Sums {
    fn of_leaves(log: &Log) -> Self {
        let (mut sums, mut open) = (Self::default(), HashSet::new());
        for leaf in &log.leaves {
            match leaf {
                Leaf::Assign(assign) => {
                    sums.assigned += 1;
                    open.insert(assign.b);
                }
                Leaf::Vote(vote) => {
                    open.remove(&vote.b);
                    let apart = [Flag::Leak, Flag::Repeat].iter().any(|flag| vote.f.contains(flag));
                    *(if apart { &mut sums.apart } else { &mut sums.counted }) += 1;
                }
                Leaf::Void(void) => {
                    open.remove(&void.b);
                    sums.void += 1;
                }
                _ => {}
            }
        }
        sums.open = i64::try_from(open.len()).unwrap_or(i64::MAX);
        sums
    }

    fn of_rows(rows: &Rows) -> Self {
        let count = |states: &[&str]| {
            let battles = rows.battles.values();
            let found = battles.filter(|battle| states.contains(&battle.state.as_str())).count();
            i64::try_from(found).unwrap_or(i64::MAX)
        };
        let (all, apart) = rows.total;
        Self {
            assigned: i64::try_from(rows.battles.len()).unwrap_or(i64::MAX),
            counted: all - apart,
            apart,
            void: count(&["skipped", "void"]),
            open: count(&["running", "complete", "failed"]),
        }
    }
}

/// I8: the sums of the leaves are those of the tables, and what was acknowledged is there.
pub(super) fn sums(rows: &Rows, log: &Log, book: &Book, wrongs: &mut Wrongs) {
    let (leaves, tables) = (Sums::of_leaves(log), Sums::of_rows(rows));
    wrongs.unless(leaves == tables, 8, || format!("leaves say {leaves:?}, tables {tables:?}"));
    let Sums { assigned, counted, apart, void, open } = leaves;
    wrongs.unless(assigned == counted + apart + void + open, 8, || format!("{tables:?}"));
    wrongs.unless(rows.counted == counted, 8, || {
        format!("{counted} votes count, and the table of counts has {}", rows.counted)
    });
    let state = |id: &BattleId| rows.battles.get(&id.0).map(|battle| battle.state.as_str());
    for id in &book.opened {
        wrongs.unless(state(id).is_some(), 8, || format!("battle {id} was opened and is lost"));
    }
    for id in &book.skipped {
        let found = state(id);
        wrongs.unless(found == Some("skipped"), 8, || {
            format!("battle {id} was skipped and is {found:?}")
        });
    }
    for id in book.acknowledged.keys() {
        let found = state(id);
        wrongs.unless(found == Some("voted"), 1, || {
            format!("the vote on battle {id} was acknowledged, and it is {found:?}")
        });
    }
}
