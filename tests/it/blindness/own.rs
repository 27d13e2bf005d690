//! One's own data tells no model before the vote either, nor does a refusal of what was done too often.

use std::collections::BTreeSet;

use doubleblind::config::{Allowances, ByTier};

use super::recorder::Recorder;
use super::{Logs, Play, differences, leaks, personas};

impl Play<'_> {
    /// Looks at page and file of one's own data, in the first battle of a browser: of later ones the vote on
    /// the first has revealed something.
    pub(super) async fn look_at_own_data(&self, first: bool) {
        if first {
            self.browser.get("own page", Some(&self.id), "/me").await;
            self.browser.get("own data", Some(&self.id), "/me/data.json").await;
        }
    }
}

#[tokio::test]
async fn refusals_of_what_was_done_too_often_tell_no_model() {
    let personas = personas::all();
    let (checker, logs) = (personas::checker(&personas), Logs::default());
    // So little that nothing comes back while the test runs.
    let may = Allowances {
        battles_a_minute: ByTier::all(1),
        votes_a_minute: ByTier::all(1),
        network_factor: 1_000,
        ..Allowances::ample()
    };
    let arena = personas::arena_allowing(&personas, may).await;

    for _ in 0..8 {
        let browser = Recorder::new(arena.address(), &logs.before);
        let battle = Play::open(&arena, &browser, &browser, true, "a question").await;
        battle.to_end("turn=0&attempt=0&from=0").await;
        battle.post("turn too many", "/turns", &[("prompt", "and then")], 429).await;
        let another = browser.post("battle too many", None, "/battles", &[("prompt", "x")]).await;
        assert_eq!(another.parsed().status, 429);
        battle.look_at_own_data(true).await;
    }

    assert_eq!(leaks(&checker, &logs.before()), BTreeSet::new());
    let differ = differences(&logs.before());
    let only_the_wait = |line: &String| line.contains("too many") && line.contains("retry-after");
    assert!(differ.iter().all(only_the_wait), "{differ:?}");
}
