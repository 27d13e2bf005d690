//! What the fields of a leaf may hold.

use super::super::commitment::Reveal;
use super::super::parse_hex;
use super::{Leaf, LeafError, MAX_INTEGER, TIME_STEP, Vote};

impl Leaf {
    pub(super) fn check(&self) -> Result<(), LeafError> {
        let when = self.time();
        let bounds = within(&[when]) && when.is_multiple_of(TIME_STEP);
        let known = if bounds { self.faulty_field() } else { Some("t") };
        known.map_or(Ok(()), |field| Err(LeafError::Field(field)))
    }

    /// The first field that is out of bounds.
    fn faulty_field(&self) -> Option<&'static str> {
        match self {
            Self::Genesis(genesis) => (genesis.v != 1).then_some("v"),
            Self::Policy(policy) => first_bad(&[("sha256", is_digest(&policy.sha256))]),
            Self::Model(model) => first_bad(&[
                ("gguf", model.gguf.is_empty() || is_digest(&model.gguf)),
                ("tmpl", model.tmpl.is_empty() || is_digest(&model.tmpl)),
                ("samp", is_digest(&model.samp)),
            ]),
            Self::Epoch(epoch) => first_bad(&[("e", is_day(&epoch.e)), ("c", is_digest(&epoch.c))]),
            Self::Assign(assign) => first_bad(&[
                ("e", is_day(&assign.e)),
                ("i", within(&[assign.i])),
                ("c", is_digest(&assign.c)),
            ]),
            Self::Vote(vote) => vote.faulty_field(),
            Self::Void(void) => first_bad(&[
                ("a", within(&[void.a])),
                ("n", is_digest(&void.n)),
                ("rev", Reveal::parse(&void.rev).is_some()),
            ]),
            Self::Exclude(ruling) | Self::Include(ruling) => first_bad(&[
                ("i", within(&[ruling.i])),
                ("rule", (1..=200).contains(&ruling.rule.len())),
            ]),
            Self::Redact(redact) => first_bad(&[
                ("i", within(&[redact.i])),
                ("what", !redact.what.is_empty() && redact.what.is_sorted_by(|a, b| a < b)),
                ("why", (1..=200).contains(&redact.why.len())),
            ]),
            Self::EpochReveal(reveal) => {
                first_bad(&[("e", is_day(&reveal.e)), ("key", is_digest(&reveal.key))])
            }
            Self::Snapshot(snapshot) => first_bad(&[
                ("n", within(&[snapshot.n])),
                ("cfg", is_digest(&snapshot.cfg)),
                ("res", is_digest(&snapshot.res)),
            ]),
        }
    }
}

impl Vote {
    fn faulty_field(&self) -> Option<&'static str> {
        let contents = &self.c;
        let questions = contents.p.as_deref().is_none_or(is_digest);
        first_bad(&[
            ("a", within(&[self.a])),
            ("n", is_digest(&self.n)),
            ("rev", Reveal::parse(&self.rev).is_some()),
            ("c", is_digest(&contents.l) && questions && is_digest(&contents.r)),
            ("f", self.f.is_sorted_by(|one, other| one < other)),
            ("w", parse_hex::<16>(&self.w).is_some()),
            ("q", self.q.as_deref().is_none_or(|q| q.matches('/').count() >= 2)),
        ])
    }
}

fn first_bad(fields: &[(&'static str, bool)]) -> Option<&'static str> {
    fields.iter().find(|(_, good)| !good).map(|(name, _)| *name)
}

fn within(numbers: &[u64]) -> bool {
    numbers.iter().all(|number| *number <= MAX_INTEGER)
}

fn is_digest(text: &str) -> bool {
    parse_hex::<32>(text).is_some()
}

/// YYYY-MM-DD; that there is such a day is not looked at.
fn is_day(text: &str) -> bool {
    let digits =
        |range: std::ops::Range<usize>| text.as_bytes()[range].iter().all(u8::is_ascii_digit);
    text.len() == 10
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && text.as_bytes()[4] == b'-'
        && text.as_bytes()[7] == b'-'
}
