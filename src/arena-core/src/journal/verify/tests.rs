//! Honest logs pass; single changes are found by the check that is for them.

use super::super::sample::{self, Size};

const SMALL: Size = Size { battles: 60, models: 5, days: 4, voters: 12, texts: true, snapshots: 2 };

#[test]
fn honest_logs_pass_all_ten_checks() {
    for seed in 0..20 {
        let export = sample::play(seed, SMALL);
        let replies: Vec<String> = export.replies.iter().map(|(_, text)| text.clone()).collect();
        let old = export.earlier.first().map(String::as_str);

        let report = export.verify(Some(&export.vkey.clone()), old, &replies);

        assert!(report.ok, "{seed}\n{}", report.to_text());
        if seed == 0 {
            println!("{}\n{}", report.to_text(), report.to_json());
        }
    }
}
