//! The attack suite: each attack against the code that runs in the arena, with a budget and a mark to pass.
//!
//! `boards` and `attackers` make votes; the other modules hold one attack, or a few of one kind, and say what came of them as
//! rows of `table`. Nothing here rates, weighs, filters or flags: that is what is put to the test. `tests/simulate/main.rs`
//! runs it in full, `tests/it/simulate.rs` in short.
#![expect(clippy::unwrap_used, reason = "a program of tests: what cannot go on ends here")]

mod adaptive;
mod attackers;
mod beacons;
mod boards;
mod burst;
mod clones;
mod identity;
mod insider;
mod noise;
mod operator;
mod prompts;
mod served;
mod single;
mod table;
mod timing;
mod together;
mod variants;
mod watermark;

pub(crate) use table::{Row, Verdict, print};

/// How long a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// A few seconds: small budgets, so that the code of the suite cannot rot. The marks are those of the full size where so
    /// few repetitions can tell.
    Short,
    /// As the table says.
    Full,
}

impl Size {
    /// One of two numbers.
    fn pick<T>(self, short: T, full: T) -> T {
        match self {
            Size::Short => short,
            Size::Full => full,
        }
    }
}

/// An attack: makes its rows.
pub(crate) type Attack = fn(Size) -> Vec<Row>;

/// The attacks that need nothing but the code of ratings, detection and text, with their ids.
pub(crate) const PURE: [(&str, Attack); 15] = [
    ("R1", single::boost),
    ("R2", together::boost),
    ("R3", together::masquerade),
    ("R5", noise::random),
    ("R6", noise::one_sided),
    ("R7", single::smear),
    ("R8", identity::identity),
    ("R9", watermark::watermark),
    ("R10", timing::timing),
    ("R11", prompts::prompts),
    ("R13", variants::variants),
    ("R14", clones::clones),
    ("R15", adaptive::adaptive),
    ("R16", insider::insider),
    ("R17", beacons::beacons),
];

/// The attacks on a served arena with scripted models.
pub(crate) const SERVED: [(&str, Attack); 7] = [
    ("R4", burst::burst),
    ("R8", served::identity),
    ("R11", prompts::asked_again),
    ("R12", served::doubles),
    ("R14", served::twins),
    ("R16", operator::insider),
    ("R18", operator::exclusions),
];
