//! Every row and file that is refused, with its place.

use super::*;

#[test]
fn rows_that_fit_no_rule_are_refused_with_their_line() {
    let head = "model_a,model_b,winner\nA,B,model_a\n";
    let counts = "model_a,model_b,a_wins,b_wins\n";
    let hot = "model_a,model_b,winner_model_a,winner_model_b,winner_tie\nA,B,0,1,0\n";
    let chosen = "model_a_name,model_b_name,chosen_model_name,both_equal\n";
    let marks =
        "model_a_name,model_b_name,conversation_pair_id,msg_rank,model_pos,liked,disliked\n";
    let cases = [
        (format!("{head}A,B,skip\n"), "line 3: `skip` is no winner"),
        (format!("{head}A,B,\n"), "line 3: `` is no winner"),
        (format!("{head}\n\nA,B,Tie\n"), "line 5: `Tie` is no winner"),
        (format!("{head}A,A,tie\n"), "line 3: A is compared with itself"),
        (format!("{head},,tie\n"), "line 3: `` and `` are no names"),
        (format!("{head},A,model_b\n"), "line 3: `` and `A` are no names"),
        (format!("{head} A,B,model_b\n"), "line 3: ` A` and `B` are no names"),
        (format!("{head},A,B\n"), "line 3: `` and `A` are no names"),
        (format!("{head}A,tie,B\n"), "line 3: `B` is no winner"),
        (format!("{head}A,B\n"), "line 3: 2 fields, but the header has 3"),
        (format!("{head}A,B,tie,tie\n"), "line 3: 4 fields, but the header has 3"),
        (format!("{head}\"A\",\"B\",\"skip\"\n"), "line 3: `skip` is no winner"),
        (format!("{head}\"A\nA\",B,tie\nA,B,skip\n"), "line 3: `A\nA` and `B` are no names"),
        (format!("{counts}A,B,1498Preliminary,2\n"), "line 2: a_wins is `1498Preliminary`"),
        (format!("{counts}A,B,\"3,768\",2\n"), "line 2: a_wins is `3,768`"),
        (format!("{counts}A,B,-1,2\n"), "line 2: a_wins is `-1`"),
        (format!("{counts}A,B,+1,2\n"), "line 2: a_wins is `+1`"),
        (format!("{counts}A,B,,2\n"), "line 2: a_wins is ``"),
        (format!("{counts}A,B,1,4294967296\n"), "line 2: b_wins is `4294967296`"),
        (format!("{hot}A,B,0,1,1\n"), "line 3: exactly one of"),
        (format!("{hot}A,B,0,0,0\n"), "line 3: exactly one of"),
        (format!("{hot}A,B,0,yes,0\n"), "line 3: `yes` is neither true nor false"),
        (format!("{chosen}A,B,A,true\n"), "line 2: `A` is chosen, and both are equal"),
        (format!("{chosen}A,B,,false\n"), "line 2: no model is chosen"),
        (format!("{chosen}A,B,C,\n"), "line 2: `C` is chosen, which is neither"),
        (format!("{marks}A,B,c,0,a,0,0\n"), "line 2: the marks on this question"),
        (format!("{marks}A,B,c,0,x,1,0\n"), "line 2: model_pos is `x`"),
        (format!("{marks}A,B,c,0,a,1,0\nA,C,c,0,b,0,1\n"), "line 3: the same question has other"),
        ("{\"model_a\":1}\n".to_owned(), "no known layout has these columns: model_a;"),
        (
            "{\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"tie\"}\n{\"model_a\":\"A\"}\n"
                .to_owned(),
            "line 2: `A` and `` are no names",
        ),
    ];

    for (text, expected) in cases {
        let said = refusal(text.as_bytes());

        assert!(said.starts_with(expected), "{said} for {text}");
    }
}

#[test]
fn files_that_cannot_be_read_safely_are_refused_as_a_whole() {
    let cases: [(&[u8], &str); 12] = [
        (b"a,b,c\n1,2,3\n", "no known layout has these columns: a,b,c;"),
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"model_a,model_b,winner,winner\n", "the column `winner` occurs twice"),
        (b"model_a,model_b,winner,a_wins,b_wins\n", "the columns say in two ways who won"),
        (b"\x1f\x8b\x08", "the file is compressed"),
        (b"\xff\xfem\0o\0", "the file is UTF-16 text"),
        (b"{\"model_a\":\"A\",\"model_a\":\"B\"}", "line 1: the field `model_a` occurs twice"),
        (b"{\"model_a\":\n", "line 1: EOF while parsing"),
        (b"[{\"model_a\":\"A\"},\n\n{]", "line 3: "),
        (b"PAR1...", "the Parquet file is damaged or cut off: "),
        (b"model_a,model_b,winner\nA,B,tie\nA,\xe9,tie\n", "line 3: this is no UTF-8 text"),
    ];

    for (bytes, expected) in cases {
        let said = refusal(bytes);

        assert!(said.starts_with(expected), "{said} for {}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn an_unreadable_time_is_refused_where_times_are_kept() {
    let said = refusal(b"model_a,model_b,winner,timestamp\nA,B,tie,soon\n");

    assert_eq!(said, "line 2: `soon` is no time");
}

#[test]
fn a_vote_on_named_models_is_refused() {
    let said = refusal(b"model_a,model_b,winner,anony\nA,B,tie,True\nA,B,tie,False\n");

    assert!(said.starts_with("line 3: the models were named"), "{said}");
}

#[test]
fn style_that_is_not_there_or_no_number_is_refused() {
    let options = Options { keep: Keep { style: true, ..ALL }, ..Options::default() };
    let counts = "model_a,model_b,winner,tokens_a,tokens_b,headers_a,headers_b,lists_a,lists_b,\
                  bold_a,bold_b\n";

    let none = read("model_a,model_b,winner\nA,B,tie\n", &options).unwrap_err();
    let gap = read(format!("{counts}A,B,tie,1,2,,0,0,0,0,0\n"), &options).unwrap_err();

    assert!(none.to_string().contains("so that style cannot be controlled"), "{none}");
    assert_eq!(gap.to_string(), "line 2: the number of headers is ``, no whole number");
}

#[test]
fn a_parquet_file_cut_anywhere_is_refused_and_names_no_row_it_has_not() {
    let whole = include_bytes!("../samples/votes_zstd.parquet").as_slice();

    for length in (4..whole.len()).step_by(97) {
        let said = refusal(&whole[..length]);

        assert!(said.contains("damaged or cut off"), "{said} at {length}");
    }
}

#[test]
fn a_parquet_file_with_changed_bytes_never_ends_the_program() {
    let whole = include_bytes!("../samples/votes_zstd.parquet").as_slice();

    let mut refused = 0;
    for at in (4..whole.len()).step_by(61) {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 0x55;
        refused += usize::from(read(bytes, &Options::default()).is_err());
    }

    assert!(refused > 0);
}

#[test]
fn bad_rows_are_listed_in_order_when_the_caller_wants_to_skip_them() {
    let text = "model_a,model_b,winner\nA,B,model_a\nA,C,skip\nA,B,tie\nD,D,tie\nA,B\n";

    let file = read(text, &Options { skip_bad_rows: true, ..Options::default() }).unwrap();

    let said: Vec<String> = file.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(file.counts.votes(), 2);
    assert_eq!(file.models, ["A", "B"]);
    assert!(said[0].starts_with("line 3: `skip`"), "{said:?}");
    assert!(said[1].starts_with("line 5: D is compared with itself"), "{said:?}");
    assert!(said[2].starts_with("line 6: 2 fields"), "{said:?}");
}

#[test]
fn a_column_of_texts_is_not_taken_for_models() {
    let row = |number: usize| format!("model {number},B,tie\n");
    let text: String = (0..5000).map(row).collect();

    let said = refusal(format!("model_a,model_b,winner\n{text}").as_bytes());

    assert!(said.contains("more than 4000 different models"), "{said}");
}
