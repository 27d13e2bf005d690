//! Layouts that are read, and rows that are refused.

use super::*;

fn tally(left_wins: u32, right_wins: u32, ties: u32, both_bad: u32) -> Tally {
    Tally { left_wins, right_wins, ties, both_bad }
}

#[test]
fn every_layout_of_votes_gives_the_same_counts() {
    let layouts = [
        "model_a,model_b,winner\nA,B,model_a\nA,B,model_b\nA,B,tie\nA,B,both_bad\n",
        "model_a,model_b,winner\nA,B,model_a\nA,B,model_b\nA,B,tie\nA,B,tie (bothbad)\n",
        "left,right,winner,model_x\nA,B,left,1\nA,B,right,1\nA,B,tie,1\nA,B,both_bad,1\n",
        "model_a,model_b,a_wins,b_wins,ties,both_bad\nA,B,1,1,1,1\n",
        "{\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"model_a\"}\n\
         {\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"model_b\"}\n\n\
         {\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"tie\",\"turn\":1}\n\
         {\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"both_bad\"}",
        "[{\"model_a\":\"A\",\"model_b\":\"B\",\"a_wins\":1,\"b_wins\":1,\"ties\":1,\"both_bad\":1}]",
    ];

    for layout in layouts {
        let file = read(layout.as_bytes(), false).unwrap();

        assert_eq!(tally_of(&file, "A", "B"), Some(tally(1, 1, 1, 1)), "{layout}");
    }
}

#[test]
fn the_one_hot_layout_needs_exactly_one_winner() {
    let head = "model_a,model_b,winner_model_a,winner_model_b,winner_tie\n";

    let good = read(format!("{head}A,B,0,1,0\n").as_bytes(), false).unwrap();
    let bad = read(format!("{head}A,B,0,1,1\n").as_bytes(), false).unwrap_err();

    assert_eq!(tally_of(&good, "A", "B"), Some(tally(0, 1, 0, 0)));
    assert!(bad.to_string().starts_with("line 2: exactly one"), "{bad}");
}

#[test]
fn rows_that_fit_no_rule_are_refused_with_their_line() {
    let head = "model_a,model_b,winner\nA,B,model_a\n";
    let counts = "model_a,model_b,a_wins,b_wins\n";
    let cases = [
        (format!("{head}A,B,skip\n"), "line 3: `skip` is no winner"),
        (format!("{head}A,B,tie (inconsistent)\n"), "line 3: `tie (inconsistent)` is no winner"),
        (format!("{head}A,A,tie\n"), "line 3: A is compared with itself"),
        (format!("{head},A,B\n"), "line 3: `` and `A` are no names"),
        (format!("{head}A,B\n"), "line 3: "),
        (format!("{counts}A,B,1498Preliminary,2\n"), "line 2: a_wins is `1498Preliminary`"),
        (format!("{counts}A,B,\"3,768\",2\n"), "line 2: a_wins is `3,768`"),
        (format!("{counts}A,B,-1,2\n"), "line 2: a_wins is `-1`"),
        ("a,b,c\n1,2,3\n".to_owned(), "no known layout has these columns: a,b,c"),
        (String::new(), "the file is empty"),
        ("PAR1...".to_owned(), "Parquet"),
        ("{\"model_a\":1}\n".to_owned(), "line 1: the row names no two models"),
    ];

    for (text, expected) in cases {
        let said = read(text.as_bytes(), false).unwrap_err().to_string();

        assert!(said.starts_with(expected), "{said} for {text}");
    }
}

#[test]
fn bad_rows_are_listed_when_the_caller_wants_to_skip_them() {
    let text = "model_a,model_b,winner\nA,B,model_a\nA,B,skip\nA,B,tie\n";

    let file = read(text.as_bytes(), true).unwrap();

    assert_eq!(file.counts.votes(), 2);
    assert_eq!(file.skipped.len(), 1);
    assert!(file.skipped[0].to_string().starts_with("line 3: `skip`"));
}

#[test]
fn counts_have_no_order_of_votes() {
    let text = "model_a,model_b,a_wins,b_wins\nA,B,3,2\n";

    assert!(read(text.as_bytes(), false).unwrap().votes.is_none());
}
