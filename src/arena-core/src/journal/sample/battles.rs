//! The voters' side: battles, votes, and battles that end without one.

use std::collections::HashSet;

use rand::RngExt as _;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::Text;
use super::arena::{Arena, HOUR, bytes};
use crate::ids::{ModelId, Sides};
use crate::journal::checkpoint::Promise;
use crate::journal::commitment::{Domain, Opening, Reveal, commit};
use crate::journal::draw::{Drawn, Ticket};
use crate::journal::leaf::{Assign, Choice, Contents, Flag, Leaf, Void, Vote, Why};
use crate::journal::merkle::leaf_hash;
use crate::tier::Tier;

/// A voter under one pseudonym.
pub(super) struct Voter {
    pseudonym: [u8; 16],
    tier: Tier,
}

impl Voter {
    pub(super) fn new(rng: &mut Xoshiro256PlusPlus) -> Self {
        Self { pseudonym: bytes(rng), tier: Tier::ALL[rng.random_range(0..3)] }
    }
}

/// A battle that has neither vote nor end.
pub(super) struct Open {
    pub(super) day: usize,
    assign: u64,
    begun: u64,
    opening: Opening,
    reveal: Reveal,
    question: (String, [u8; 32]),
    voter: usize,
    /// Nobody will vote on it.
    is_left: bool,
}

impl Arena {
    pub(super) fn begin_battle(&mut self) {
        let day = self.today();
        let nonce: Vec<u8> = if self.rng.random_bool(0.9) {
            bytes::<16>(&mut self.rng).to_vec()
        } else {
            Vec::new()
        };
        let (key, number) = (self.days[day].key, self.days[day].next);
        let mut out = HashSet::new();
        if self.rng.random_bool(0.15) {
            out.insert(self.policy.models[self.rng.random_range(0..self.policy.models.len())]);
        }
        let drawn = Ticket { key: &key, number, nonce: &nonce }.draw(&self.policy, &out);
        let Ok(drawn) = drawn else { return };
        self.days[day].next += 1;
        let (opening, salt) = (bytes(&mut self.rng), bytes(&mut self.rng));
        let question = format!("Question {number} of {}? \u{e4}\"\n", self.days[day].name);
        let pc = hex::encode(commit(Domain::Question, &salt, question.as_bytes()));
        let reveal = self.reveal(&drawn, out, &nonce, pc);
        let c = hex::encode(commit(Domain::Assign, &opening, reveal.to_text().as_bytes()));
        let e = self.days[day].name.clone();
        let assign = self.append(Leaf::Assign(Assign { b: drawn.battle, e, i: number, c, t: 0 }));
        let voter = self.rng.random_range(0..self.voters.len());
        let is_left = self.rng.random_bool(0.08);
        let (begun, question) = (self.now, (question, salt));
        self.open.push(Open { day, assign, begun, opening, reveal, question, voter, is_left });
    }

    fn reveal(&mut self, drawn: &Drawn, out: HashSet<ModelId>, nonce: &[u8], pc: String) -> Reveal {
        let Sides { left: seed_left, right: seed_right } = drawn.seeds;
        let st = [self.rng.random_bool(0.1), self.rng.random_bool(0.1)].map(u8::from);
        let file = |id: ModelId| {
            let model = self.models.iter().find(|model| model.leaf.id == id);
            model.map(|model| model.leaf.gguf.clone()).unwrap_or_default()
        };
        let (l, r) = (drawn.draw.left, drawn.draw.right);
        let (lg, rg) = (file(l), file(r));
        let samp = self.models[0].leaf.samp.clone();
        let seeds = [seed_left, seed_right];
        let seed = [0, 1].map(|at| if st[at] == 1 { self.rng.random() } else { seeds[at] });
        let mut out: Vec<ModelId> = out.into_iter().collect();
        out.sort_unstable();
        let cn = hex::encode(nonce);
        Reveal { v: 1, b: drawn.battle, l, r, lg, rg, samp, seed, st, out, cn, pc }
    }

    /// Ends battles that have been open for a day.
    pub(super) fn close_old(&mut self) {
        while let Some(at) = self.open.iter().position(|open| self.now >= open.begun + 24 * HOUR) {
            let open = self.open.swap_remove(at);
            self.void(open, Why::Abandoned);
        }
    }

    /// Ends some of the battles that somebody sits before.
    pub(super) fn end_some(&mut self) {
        while self.open.iter().filter(|open| !open.is_left).count() > self.rng.random_range(0..4) {
            let Some(at) = self.open.iter().position(|open| !open.is_left) else { return };
            let open = self.open.swap_remove(at);
            match self.rng.random_range(0..12) {
                0 => self.void(open, Why::Skipped),
                1 => self.void(open, Why::Error),
                _ => self.vote(open),
            }
        }
    }

    fn void(&mut self, open: Open, why: Why) {
        let (b, a) = (open.reveal.b, open.assign);
        let (n, rev) = (hex::encode(open.opening), open.reveal.to_text());
        self.append(Leaf::Void(Void { b, a, why, n, rev, t: 0 }));
    }

    fn vote(&mut self, open: Open) {
        let (assign, choice) = (open.assign, self.choice(&open.reveal));
        let texts = self.texts(&open);
        let committed = |part, domain| {
            let text = texts.iter().find(|text| text.part == part);
            text.map(|text| hex::encode(commit(domain, &text.salt, text.text.as_bytes())))
        };
        let (l, r) = (committed('l', Domain::Left), committed('r', Domain::Right));
        let contents = Contents {
            l: l.unwrap_or_default(),
            p: committed('p', Domain::Questions),
            r: r.unwrap_or_default(),
        };
        let f = match self.rng.random_range(0..20) {
            0 => vec![Flag::Leak],
            1 => vec![Flag::Dwell],
            2 => vec![Flag::Leak, Flag::Dwell],
            3 => vec![Flag::Repeat],
            4 => vec![Flag::Dwell, Flag::Repeat],
            _ => Vec::new(),
        };
        let q =
            self.rng.random_bool(0.3).then(|| format!("set/1/{}", self.rng.random_range(0..60)));
        let voter = &self.voters[open.voter];
        let leaf = Leaf::Vote(Box::new(Vote {
            b: open.reveal.b,
            a: assign,
            o: choice,
            n: hex::encode(open.opening),
            rev: open.reveal.to_text(),
            c: contents,
            f,
            g: voter.tier,
            w: hex::encode(voter.pseudonym),
            q,
            t: 0,
        }));
        let index = self.append(leaf);
        self.counted.push(index);
        self.voted.push(assign);
        if self.size.texts {
            self.keep(index, texts);
        }
    }

    /// What the voter keeps, and what may be published.
    fn keep(&mut self, index: u64, texts: Vec<Text>) {
        let Some(leaf) = self.export.leaves.last() else { return };
        let promise = Promise { index, leaf: leaf_hash(leaf) }.sign(&self.export.signer);
        let leaf = String::from_utf8_lossy(leaf);
        let reply = serde_json::json!({ "receipt": promise.unwrap_or_default(), "leaf": leaf });
        self.export.replies.push((index, reply.to_string()));
        if self.rng.random_bool(0.5) {
            self.export.texts.extend(texts);
        }
    }

    fn texts(&mut self, open: &Open) -> Vec<Text> {
        let (question, salt) = &open.question;
        let assign = open.assign;
        let mut texts = vec![Text { assign, part: 'q', text: question.clone(), salt: *salt }];
        let mut parts = vec!['l', 'r'];
        if self.rng.random_bool(0.2) {
            parts.push('p');
        }
        for part in parts {
            let text = format!("[\"answer {part} of {assign} \u{1f600}\"]");
            texts.push(Text { assign, part, text, salt: bytes(&mut self.rng) });
        }
        texts
    }

    /// What somebody says who prefers the stronger model more often.
    fn choice(&mut self, reveal: &Reveal) -> Choice {
        let strength = |id: ModelId| {
            let model = self.models.iter().find(|model| model.leaf.id == id);
            model.map_or(0.0, |model| model.strength)
        };
        let gap = strength(reveal.l) - strength(reveal.r);
        match self.rng.random_range(0..10) {
            0 => Choice::Tie,
            1 => Choice::Bad,
            2 => Choice::Good,
            _ if self.rng.random_bool(1.0 / (1.0 + (-gap).exp())) => Choice::L,
            _ => Choice::R,
        }
    }
}
