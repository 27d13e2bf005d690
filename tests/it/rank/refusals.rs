//! What is refused, in one sentence with the file and the line.

use super::{CORE, SAMPLES, Written, json, ranked, votes};

/// The message of a call that must fail, without the name of the program.
fn refusal(file: &str, flags: &[&str]) -> String {
    let output = ranked(file, flags);
    assert!(!output.status.success(), "{file} {flags:?} was not refused");
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().strip_prefix("doubleblind: ").unwrap().to_owned()
}

#[test]
fn a_bad_row_is_named_by_file_and_line() {
    let file = Written::new("bad.csv", "model_a,model_b,winner\nA,B,tie\nA,B,skip\n");

    let said = refusal(file.path(), &[]);

    assert!(said.starts_with(&format!("{}: line 3: `skip` is no winner", file.path())), "{said}");
}

#[test]
fn skipped_rows_are_listed_and_counted() {
    let text = "model_a,model_b,winner\nA,B,tie\nA,B,skip\nA,A,tie\n";
    let file = Written::new("skip.csv", text);

    let output = ranked(file.path(), &["--skip-bad-rows"]);
    let document = json(file.path(), &["--skip-bad-rows"]);

    let listed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(listed.lines().count(), 2);
    assert!(listed.contains("line 3: `skip`") && listed.contains("line 4: A is"), "{listed}");
    assert_eq!(document["skipped_rows"], 2);
    assert_eq!(document["votes"], 1);
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let votes = votes();
    let cases: [(&[&str], &str); 12] = [
        (&["--method", "elo", "--cluster", "voter"], "--method elo has no interval"),
        (&["--method", "elo", "--anchor", "echo=1"], "--method elo has no interval"),
        (&["--method", "elo", "--ci", "bootstrap"], "--method elo has no interval"),
        (&["--elo-orders", "10"], "--elo-orders is for --method elo"),
        (&["--style", "--method", "davidson"], "--style needs --method bt"),
        (&["--style", "--voter-cap"], "--style counts every vote once"),
        (&["--style", "--ci", "bootstrap"], "--style has sandwich intervals only"),
        (&["--ci", "bootstrap", "--cluster", "both"], "--ci bootstrap draws voters or prompts"),
        (&["--ci", "bootstrap", "--reweight", "pairs"], "--ci bootstrap cannot draw single votes"),
        (&["--anchor", "nobody=1"], "--anchor: no votes on nobody"),
        (&["--anchor", "echo=high"], "--anchor: high is no number"),
        (&["--draws", "5"], "5 random draws are too few"),
    ];

    for (flags, expected) in cases {
        let said = refusal(&votes, flags);

        assert!(said.starts_with(expected), "{flags:?}: {said}");
    }
}

#[test]
fn what_the_file_does_not_have_is_not_made_up() {
    let bare = Written::new("bare.csv", "model_a,model_b,winner,voter\nA,B,tie,\n");
    let counts = format!("{CORE}/chatbot-arena-2024-08-14/pairs_20240814.csv");
    let cases: [(&str, &[&str], &str); 6] = [
        (bare.path(), &["--cluster", "voter"], "the file does not say who voted"),
        (bare.path(), &["--voter-cap"], "the file does not say who voted"),
        (bare.path(), &["--cluster", "prompt"], "the file does not say on which prompt"),
        (bare.path(), &["--style"], "has neither answers"),
        (&counts, &["--method", "elo"], "this file holds counts of pairs"),
        (&counts, &["--cluster", "both"], "the file does not say who voted"),
    ];

    for (file, flags, expected) in cases {
        let said = refusal(file, flags);

        assert!(said.contains(expected), "{flags:?}: {said}");
    }
}

#[test]
fn a_cut_off_parquet_file_and_a_missing_one_are_refused() {
    let whole = std::fs::read(format!("{SAMPLES}/votes_zstd.parquet")).unwrap();
    let cut = Written::new("cut.parquet", "");
    std::fs::write(&cut.0, &whole[..whole.len() / 2]).unwrap();

    assert!(refusal(cut.path(), &[]).contains("the Parquet file is damaged or cut off"));
    assert!(refusal("no-such-file.csv", &[]).contains("could not be read"));
}
