//! The same votes in every format, delimiter and number of threads.

use super::*;

const CSV: &str = include_str!("../samples/votes.csv");

/// Everything that is read, style included.
fn everything(bytes: impl Into<Bytes>, threads: usize) -> (Vec<String>, Counts, Votes) {
    let keep = Keep { style: true, ..ALL };
    let file = read(bytes, &Options { keep, threads, skip_bad_rows: false }).unwrap();
    (file.models, file.counts, file.votes.unwrap())
}

#[test]
fn the_same_votes_are_the_same_in_every_format() {
    let others: [&'static [u8]; 6] = [
        include_bytes!("../samples/votes.json"),
        include_bytes!("../samples/votes.jsonl"),
        include_bytes!("../samples/votes_none.parquet"),
        include_bytes!("../samples/votes_snappy.parquet"),
        include_bytes!("../samples/votes_gzip.parquet"),
        include_bytes!("../samples/votes_zstd.parquet"),
    ];

    let expected = everything(CSV, 1);

    assert_eq!(expected.2.len(), 300);
    for other in others {
        assert_eq!(everything(other, 1), expected);
    }
}

#[test]
fn dialects_of_csv_are_the_same() {
    let quoted = CSV.replace("charlie 2 (chat)", "\"charlie 2 (chat)\"");
    let dialects = [
        format!("\u{FEFF}{CSV}"),
        CSV.replace('\n', "\r\n"),
        CSV.replace(',', ";"),
        CSV.replace(',', "\t"),
        CSV.trim_end().to_owned(),
        CSV.replace('\n', "\n\n"),
        quoted.clone(),
        quoted.replace('\n', "\r\n"),
        quoted.replace(',', ";"),
    ];

    let expected = everything(CSV, 1);

    for dialect in dialects {
        assert_eq!(everything(dialect.clone(), 1), expected, "{}", &dialect[..100]);
    }
}

/// Many pieces, of rows as long as those of real files.
fn long_file(bad_line: Option<usize>) -> String {
    let mut text = "model_a,model_b,winner,voter,prompt\n".to_owned();
    for number in 2..120_000 {
        let (a, b) = (number % 7, 7 + number % 5);
        let winner = ["model_a", "model_b", "tie"][number % 3];
        let winner = if bad_line == Some(number) { "skip" } else { winner };
        let (voter, prompt) = (number * 7919 % 5003, number * 104_729 % 997);
        text.push_str(&format!("model {a},model {b},{winner},voter {voter},prompt {prompt}\n"));
    }
    text
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let text = long_file(None);
    assert!(text.len() > 4 << 20);
    let with = |threads| {
        let file = read(text.clone(), &Options { keep: ALL, threads, ..Options::default() });
        let file = file.unwrap();
        (file.models, file.counts, file.votes)
    };

    let expected = with(1);

    for threads in [0, 2, 4, 7] {
        assert!(with(threads) == expected, "{threads} threads");
    }
}

#[test]
fn a_bad_line_far_down_is_named_by_its_number_on_any_number_of_threads() {
    let text = long_file(Some(100_001));
    for threads in [1, 4] {
        let options = Options { threads, ..Options::default() };
        let skipping = Options { skip_bad_rows: true, ..options };

        let said = read(text.clone(), &options).unwrap_err().to_string();
        let file = read(text.clone(), &skipping).unwrap();

        assert!(said.starts_with("line 100001: `skip`"), "{said}");
        assert_eq!(file.skipped.len(), 1);
        assert_eq!(file.counts.votes(), 119_997);
    }
}

#[test]
fn quotes_far_down_are_read_as_quotes() {
    let text = long_file(None) + "\"model, with comma\",model 7,tie,v,p\n";

    let file = read(text, &Options { threads: 2, ..Options::default() }).unwrap();

    assert!(file.models.contains(&"model, with comma".to_owned()));
    assert_eq!(file.counts.votes(), 119_999);
}

#[test]
fn a_list_of_objects_knows_the_line_of_each() {
    let text = "[\n {\"model_a\": \"A\",\n  \"model_b\": \"B\", \"winner\": \"tie\"},\n\n \
                {\"model_a\": \"A\", \"model_b\": \"B\", \"winner\": \"skip\"}\n]\n";

    let said = refusal(text.as_bytes());

    assert!(said.starts_with("line 5: `skip`"), "{said}");
}

#[test]
fn a_large_file_is_opened_whole() {
    let rows = long_file(None).split_once('\n').unwrap().1.repeat(2);
    let text = format!("model_a,model_b,winner,voter,prompt\n{rows}");
    assert!(text.len() > 8 << 20);
    let path = std::env::temp_dir().join(format!("doubleblind-votes-{}.csv", std::process::id()));
    std::fs::write(&path, &text).unwrap();

    let opened = open(&path, &Options { threads: 3, ..Options::default() });
    std::fs::remove_file(&path).unwrap();

    assert_eq!(opened.unwrap().counts, read(text, &Options::default()).unwrap().counts);
}
