//! The operator's side: models, policies, days, rulings, boards.

use std::collections::BTreeMap;

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::board::{Ledger, Settings};
use super::super::commitment::{Domain, commit};
use super::super::leaf::{
    self, Epoch, EpochReveal, Genesis, Leaf, ModelState, Part, Redact, Ruling, Snapshot,
};
use super::super::merkle::{Frontier, leaf_hash};
use super::super::note::Signer;
use super::super::policy::{Policy, Rules};
use super::battles::{Open, Voter};
use super::{Export, Size};
use crate::ids::ModelId;
use crate::journal::checkpoint::Head;
use crate::pairing::Contest;

/// 2026-11-30, the first day.
const BEGIN: u64 = 1_795_996_800;
pub(super) const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// Seed and draws of boards; few draws, so that small logs are quick to verify.
const SEED: u64 = 7;
const DRAWS: usize = 120;

/// One model.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) leaf: leaf::Model,
    /// Strength in natural units.
    pub(super) strength: f64,
}

/// One day's key.
pub(super) struct Day {
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) key: [u8; 32],
    pub(super) next: u64,
    is_revealed: bool,
}

pub(super) struct Arena {
    pub(super) rng: Xoshiro256PlusPlus,
    pub(super) size: Size,
    pub(super) now: u64,
    last_time: u64,
    tree: Frontier,
    ledger: Ledger,
    pub(super) export: Export,
    pub(super) models: Vec<Model>,
    pub(super) policy: Policy,
    pub(super) days: Vec<Day>,
    pub(super) open: Vec<Open>,
    pub(super) voters: Vec<Voter>,
    /// Indices of votes that count, and of those that are excluded.
    pub(super) counted: Vec<u64>,
    excluded: Vec<u64>,
    /// Votes with their battles' assign leaves.
    pub(super) voted: Vec<u64>,
}

#[expect(clippy::expect_used, reason = "constants and leaves of its own making")]
impl Arena {
    pub(super) fn new(seed: u64, size: Size) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let signer = Signer::from_seed("arena.example/sample/log/1", &bytes(&mut rng));
        let signer = signer.expect("a name without spaces");
        let vkey = signer.verifier().to_string();
        let export = Export {
            signer,
            leaves: Vec::new(),
            checkpoint: String::new(),
            vkey: vkey.clone(),
            files: BTreeMap::new(),
            texts: Vec::new(),
            erased: Vec::new(),
            replies: Vec::new(),
            earlier: Vec::new(),
        };
        let voters = (0..size.voters.max(1)).map(|_| Voter::new(&mut rng)).collect();
        let mut arena = Self {
            rng,
            size,
            now: BEGIN,
            last_time: 0,
            tree: Frontier::default(),
            ledger: Ledger::default(),
            export,
            models: Vec::new(),
            policy: Policy::of(Rules::default(), &[], &[]),
            days: Vec::new(),
            open: Vec::new(),
            voters,
            counted: Vec::new(),
            excluded: Vec::new(),
            voted: Vec::new(),
        };
        let origin = arena.export.signer.verifier().name().to_owned();
        arena.append(Leaf::Genesis(Genesis { v: 1, origin, vkey, t: 0, prev: None }));
        arena.enter_models();
        arena.renew_policy();
        arena
    }

    /// Appends a leaf with the time of now; gives its index.
    pub(super) fn append(&mut self, mut leaf: Leaf) -> u64 {
        leaf.stamp(self.now, self.last_time);
        self.last_time = leaf.time();
        let bytes = leaf.to_bytes().expect("a leaf within bounds");
        let (index, _) = self.tree.push(leaf_hash(&bytes), 0);
        self.ledger.take(&bytes).expect("a leaf");
        self.export.leaves.push(bytes);
        index
    }

    fn enter_models(&mut self) {
        let samp = hex::encode(Sha256::digest("sampling"));
        for number in 0..self.size.models.max(4) {
            let id = ModelId(Uuid::from_bytes(bytes(&mut self.rng)));
            let gguf = match number {
                1 => String::new(),
                _ => hex::encode(bytes::<32>(&mut self.rng)),
            };
            // The second name has what a reader of JSON can stumble over.
            let name = match number {
                2 => "Modell „Zwei\" \\ \u{1}\u{7f}\t/é 漢".to_owned(),
                _ => format!("model {number}"),
            };
            let state = if number == 3 { ModelState::Private } else { ModelState::Public };
            let (lab, tmpl) = (format!("lab {}", number % 3), String::new());
            let samp = samp.clone();
            let leaf = leaf::Model { id, name, lab, gguf, tmpl, samp, state, t: 0 };
            self.append(Leaf::Model(leaf.clone()));
            self.models.push(Model { leaf, strength: 0.4 * number as f64 });
        }
    }

    /// Puts new weights in force for the models that are public.
    fn renew_policy(&mut self) {
        let public = |model: &&Model| model.leaf.state == ModelState::Public;
        let ids: Vec<ModelId> = self.models.iter().filter(public).map(|m| m.leaf.id).collect();
        let mut contests = Vec::new();
        for (at, one) in ids.iter().enumerate() {
            for other in &ids[..at] {
                let weight = self.rng.random_range(1..1000);
                contests.push(Contest { one: *one, other: *other, weight });
            }
        }
        self.policy = Policy::of(Rules::default(), &ids, &contests);
        let text = self.policy.to_text();
        let sha256 = hex::encode(Policy::sha256(&text));
        self.export.files.insert(format!("policies/{sha256}.json"), text.into_bytes());
        self.append(Leaf::Policy(leaf::Policy { sha256, t: 0 }));
    }

    fn set_state(&mut self, model: usize, state: ModelState) {
        self.models[model].leaf.state = state;
        let leaf = self.models[model].leaf.clone();
        self.append(Leaf::Model(leaf));
        self.renew_policy();
    }

    /// The day of now, with its epoch leaf.
    pub(super) fn today(&mut self) -> usize {
        let number = self.now / DAY;
        if let Some(last) = self.days.last().filter(|day| day.number == number) {
            debug_assert!(!last.is_revealed);
            return self.days.len() - 1;
        }
        let date = date(number);
        let key = bytes(&mut self.rng);
        let c = hex::encode(commit(Domain::Epoch, &key, date.as_bytes()));
        self.append(Leaf::Epoch(Epoch { e: date.clone(), c, t: 0 }));
        self.days.push(Day { name: date, number, key, next: 0, is_revealed: false });
        self.days.len() - 1
    }

    /// Shows the keys of days that ended 25 hours ago and have no open battle.
    fn reveal_days(&mut self) {
        for at in 0..self.days.len() {
            let day = &self.days[at];
            let over = self.now >= (day.number + 1) * DAY + 25 * HOUR;
            if !over || day.is_revealed || self.open.iter().any(|open| open.day == at) {
                continue;
            }
            let (e, key) = (day.name.clone(), hex::encode(day.key));
            self.append(Leaf::EpochReveal(EpochReveal { e, key, t: 0 }));
            self.days[at].is_revealed = true;
        }
    }

    fn exclude(&mut self) {
        if self.counted.is_empty() {
            return;
        }
        let i = self.counted.swap_remove(self.rng.random_range(0..self.counted.len()));
        let rule = ["by hand", "too fast \"twice\""][self.rng.random_range(0..2)].to_owned();
        self.append(Leaf::Exclude(Ruling { i, rule, t: 0 }));
        self.excluded.push(i);
    }

    fn include(&mut self) {
        if let Some(i) = self.excluded.pop() {
            self.append(Leaf::Include(Ruling { i, rule: "appeal".to_owned(), t: 0 }));
            self.counted.push(i);
        }
    }

    fn redact(&mut self) {
        if self.voted.is_empty() {
            return;
        }
        let i = self.voted[self.rng.random_range(0..self.voted.len())];
        let what = if self.rng.random_bool(0.5) { vec![Part::P] } else { vec![Part::L, Part::R] };
        let erased = |part| what.contains(&Part::P) == ['q', 'p'].contains(&part);
        let (gone, kept) = std::mem::take(&mut self.export.texts)
            .into_iter()
            .partition(|text| text.assign == i && erased(text.part));
        self.export.texts = kept;
        self.export.erased.extend::<Vec<_>>(gone);
        self.append(Leaf::Redact(Redact { i, what, why: "asked for".to_owned(), t: 0 }));
    }

    fn publish(&mut self) {
        let settings = Settings {
            draws: DRAWS,
            ..Settings::of(&Rules::default(), SEED, "doubleblind sample")
        };
        let n = self.tree.size();
        let board = self.ledger.publish(n, &self.tree.root(), &settings);
        let text = board.expect("a board of leaves of its own making").to_text();
        let res = hex::encode(Sha256::digest(&text));
        let cfg = hex::encode(Settings::sha256(&settings.to_text()));
        self.export.files.insert(format!("snapshots/{res}.json"), text.into_bytes());
        let settings = settings.to_text().into_bytes();
        self.export.files.insert(format!("snapshots/{res}.cfg.json"), settings);
        self.append(Leaf::Snapshot(Snapshot { n, cfg, res, t: 0 }));
    }

    pub(super) fn play(mut self) -> Export {
        let battles = self.size.battles.max(8);
        let step = self.size.days.max(1) * DAY / battles as u64 + 1;
        let boards = battles / (self.size.snapshots + 1) + 1;
        for number in 0..battles {
            self.now += self.rng.random_range(0..=2 * step);
            self.close_old();
            self.reveal_days();
            self.begin_battle();
            self.end_some();
            match number {
                _ if number == battles / 3 => self.set_state(3, ModelState::Public),
                _ if number == battles * 2 / 3 => self.set_state(0, ModelState::Retired),
                _ if number % (battles / 6 + 1) == 5 => self.renew_policy(),
                _ => {}
            }
            match self.rng.random_range(0..(16 + battles / 100)) {
                0 => self.exclude(),
                1 if self.rng.random_bool(0.5) => self.include(),
                2 => self.redact(),
                3 => self.export.earlier.push(self.sign()),
                _ => {}
            }
            if number > 0 && number % boards == 0 {
                self.publish();
            }
        }
        self.export.checkpoint = self.sign();
        self.export
    }

    fn sign(&self) -> String {
        let head = Head { size: self.tree.size(), root: self.tree.root() };
        head.sign(&self.export.signer).expect("a text of lines")
    }
}

/// Random bytes.
pub(super) fn bytes<const N: usize>(rng: &mut Xoshiro256PlusPlus) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// The date of a day within two months from the first.
fn date(number: u64) -> String {
    let since = number - BEGIN / DAY;
    match since {
        0 => "2026-11-30".to_owned(),
        1..=31 => format!("2026-12-{since:02}"),
        _ => format!("2027-01-{:02}", since - 31),
    }
}
