//! Checks 13 and 17 of snapshots, check 16, and the report.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::super::board::{Document, Settings};
use super::super::leaf::{Snapshot, TIME_STEP};
use super::super::merkle::Hash;
use super::report::{Check, Draws, Outcome, Report, Status, Sums, Totals};
use super::state::KINDS;
use super::tree::RECENT;
use super::{Verification, Wanted};
use crate::journal::parse_hex;

/// Boards that were recomputed.
#[derive(Default)]
pub(super) struct Boards {
    same: u64,
    near: u64,
    failed: u64,
}

impl Verification<'_> {
    pub(super) fn snapshot(&mut self, index: u64, snapshot: &Snapshot) {
        let Snapshot { n, .. } = *snapshot;
        if n == 0 || n > index || n + RECENT < index {
            self.problems.add(Check::Grammar, Some(index), || {
                format!("it is of {n} leaves, which are none, not all before it, or too long ago")
            });
            self.boards.failed += 1;
            return;
        }
        match self.recompute(snapshot) {
            Ok(true) => self.boards.same += 1,
            Ok(false) => self.boards.near += 1,
            Err(what) => {
                self.boards.failed += 1;
                self.problems.add(Check::Boards, Some(index), || what);
            }
        }
    }

    /// Recomputes a board. **Output** whether it has the same bytes.
    fn recompute(&mut self, snapshot: &Snapshot) -> Result<bool, String> {
        // The leaf was read, so that these are digests.
        let res = parse_hex(&snapshot.res).unwrap_or_default();
        let cfg = parse_hex(&snapshot.cfg).unwrap_or_default();
        let settings = self.text_of(Wanted::Settings(res), &cfg)?;
        let published = self.text_of(Wanted::Board(res), &res)?;
        let settings = Settings::parse(&settings).ok_or("its settings cannot be read")?;
        let root = self.tree.root_at(snapshot.n).ok_or("its root cannot be told any more")?;
        let board = self.ledger.publish(snapshot.n, &root, &settings).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            format!("{error}: {}", cause.unwrap_or_default())
        })?;
        if board.to_text() == published {
            return Ok(true);
        }
        let published = Document::parse(&published).ok_or("its file is no board")?;
        match board.differs_from(&published) {
            None => Ok(false),
            Some(field) => Err(format!("the board recomputed from the leaves differs: {field}")),
        }
    }

    fn text_of(&mut self, wanted: Wanted, digest: &Hash) -> Result<String, String> {
        let bytes = (self.find)(wanted).ok_or_else(|| format!("{} is missing", wanted.path()))?;
        if Sha256::digest(&bytes)[..] != digest[..] {
            return Err(format!("{} has another digest", wanted.path()));
        }
        String::from_utf8(bytes).map_err(|_| format!("{} is no text", wanted.path()))
    }

    /// What became of all battles, by leaves of each kind.
    fn sums(&mut self) -> Sums {
        let count = |kind: &str| {
            let place = KINDS.iter().position(|known| *known == kind);
            place.map_or(0, |place| self.state.counts[place])
        };
        let (assigned, votes, void) = (count("assign"), count("vote"), count("void"));
        let excluded = count("exclude").saturating_sub(count("include"));
        let counted = votes.saturating_sub(excluded);
        let open = self.state.open().count() as u64;
        let apart = self.ledger.apart();
        if assigned != counted + excluded + void + open || excluded > votes {
            self.problems.add(Check::Sums, None, || {
                format!(
                    "{assigned} assigned are not {counted} counted + {excluded} excluded + {void} void + {open} open"
                )
            });
        }
        Sums { assigned, counted, apart, excluded, void, open }
    }

    pub(super) fn report(mut self) -> Report {
        let sums = self.sums();
        let size = self.tree.size();
        let out = self.epochs.out_counts();
        let mut leaves = BTreeMap::new();
        for (kind, count) in KINDS.into_iter().zip(self.state.counts) {
            leaves.insert(kind, count);
        }
        let totals = Totals {
            leaves,
            battles: sums,
            pseudonyms: self.state.pseudonyms.len() as u64,
            pseudonyms_of_two_tiers: self.state.pseudonyms.iter().filter(|p| p.is_mixed).count()
                as u64,
            draws: self.epochs.shares.summary(&out),
        };
        let checks: Vec<Outcome> = Check::ALL
            .into_iter()
            .map(|check| {
                let detail = self.detail(check, &totals);
                self.problems.outcome(check, detail)
            })
            .collect();
        let failed = |outcome: &&Outcome| outcome.status == Status::Failed;
        let exit = checks.iter().find(failed).map_or(0, |outcome| outcome.code);
        let origin = self.heads.verifier.as_ref().map_or("", |verifier| verifier.name());
        Report {
            ok: exit == 0,
            exit,
            origin: origin.to_owned(),
            size,
            trusted_key: self.heads.is_trusted,
            checks,
            totals,
        }
    }

    /// What was counted by a check, or why it was skipped.
    fn detail(&self, check: Check, totals: &Totals) -> Result<String, &'static str> {
        let size = self.tree.size();
        let Sums { assigned, open, .. } = totals.battles;
        Ok(match check {
            Check::Checkpoint => match (&self.heads.verifier, self.heads.head) {
                (Some(verifier), Some(head)) => format!("{verifier}, {} leaves", head.size),
                _ => "no head that is signed".to_owned(),
            },
            Check::Root => format!("{size} leaves, {}", hex::encode(self.tree.root())),
            Check::Consistency => match self.heads.old {
                Some(old) => format!("an older checkpoint of {old} leaves"),
                None => return Err("no older checkpoint was given"),
            },
            Check::Grammar => {
                let minutes = self.state.last_time / TIME_STEP;
                format!("{size} leaves, the last of minute {minutes} of the Unix era")
            }
            Check::Openings => {
                let (all, mixed) = (totals.pseudonyms, totals.pseudonyms_of_two_tiers);
                format!(
                    "{assigned} battles, {open} of them open, {all} pseudonyms, {mixed} of them of two tiers"
                )
            }
            Check::Epochs => {
                let (days, revealed) = self.epochs.revealed();
                let Draws { repeated, stored, .. } = &totals.draws;
                format!(
                    "{revealed} of {days} days revealed, {repeated} draws repeated, {stored} stored answers among them"
                )
            }
            Check::Sums => format!("{assigned} battles"),
            Check::Boards => match &self.boards {
                Boards { same: 0, near: 0, failed: 0 } => return Err("there are no snapshots"),
                Boards { same, near, failed } => {
                    format!("{same} of the same bytes, {near} within 0.01 points, {failed} not")
                }
            },
            Check::Texts => match self.texts.len() {
                0 => return Err("no texts were published"),
                count => format!("{count} texts"),
            },
            Check::Receipts => match self.receipts.len() {
                0 => return Err("no receipts were given"),
                count => format!("{count} receipts"),
            },
        })
    }
}
