//! Every format once, every rule once, and every way of cutting.

use proptest::prelude::*;

use super::*;

fn parts(answer: &str) -> (String, String) {
    let end = split(answer, Start::Outside);
    (end.parts.reasoning, end.parts.visible)
}

#[track_caller]
fn assert_split(answer: &str, reasoning: &str, visible: &str) {
    assert_eq!(parts(answer), (reasoning.to_owned(), visible.to_owned()), "{answer:?}");
}

#[test]
fn every_pair_of_tags_is_split_off() {
    for pair in PAIRS.iter().filter(|pair| !pair.words) {
        assert_split(&format!("{}\nHm.\n{}\n\nYes.", pair.open, pair.close), "Hm.\n", "Yes.");
        assert_split(
            &format!("\n {}Hm.{}Yes.", pair.open.to_uppercase(), pair.close),
            "Hm.",
            "Yes.",
        );
    }
}

#[test]
fn harmony_shows_its_final_channel_only() {
    let answer = "<|channel|>analysis<|message|>Think <think>.<|end|><|start|>assistant<|channel|>commentary\
        <|message|>Call.<|end|><|start|>assistant<|channel|>final<|message|>Done.<|return|>";

    assert_split(answer, "Think <think>.\n\nCall.", "Done.");
    assert_split("analysisWe need this.assistantfinalHello!", "We need this.", "Hello!");
    assert_split("<|channel|>final<|message|>Hi", "", "Hi");
}

#[test]
fn words_that_open_reasoning_count_at_the_start_only() {
    let granite = "Here is my thought process:\nHm.\n\nHere is my response:\nYes.";

    assert_split(granite, "Hm.\n\n", "Yes.");
    assert_split(&format!("So.\n{granite}"), "", &format!("So.\n{granite}"));
    assert_split("analysis: we see", "", "analysis: we see");
    assert_split("Analysis of it", "", "Analysis of it");
}

#[test]
fn an_unclosed_tag_hides_the_rest_and_says_so() {
    let end = split("<think>on and on", Start::Outside);

    assert!(end.unclosed);
    assert_eq!(end.parts, Parts { reasoning: "on and on".into(), visible: String::new() });
    assert!(!split("no tag", Start::Outside).unclosed);
}

#[test]
fn a_template_may_have_opened_the_tag() {
    let inside = |answer| split(answer, Start::Inside).parts;
    let expected = Parts { reasoning: "Hm.".into(), visible: "Yes.".into() };

    assert_eq!(inside("Hm.</think>\n\nYes."), expected);
    assert_eq!(inside("\n<think>\nHm.</think>\n\nYes."), expected);
    assert_eq!(start_after("<|im_start|>assistant\n<think>\n"), Start::Inside);
    assert_eq!(start_after("<|im_start|>assistant\n<think>\n\n</think>\n\n"), Start::Outside);
    assert_eq!(guess_start("Hm.</think>\n\nYes."), Start::Inside);
    assert_eq!(guess_start("<think>Hm.</think>\n\nYes."), Start::Outside);
}

#[test]
fn tags_in_code_and_within_lines_are_text() {
    for answer in [
        "Use the <think> tag.",
        "`<think>` opens, `</think>` closes.",
        "```xml\n<think>a</think>\n```\nThat was it.",
        "~~~\n<think>\n```\n</think>\n~~~~",
        "    <think> in indented code",
        "> <think>\n> quoted",
    ] {
        assert_split(answer, "", answer);
    }
    assert_split("<think>the tag `</think>` ends</think>x", "the tag `</think>` ends", "x");
    assert_split(
        "<think>say \"</think>\" then '</think>'</think>x",
        "say \"</think>\" then '</think>'",
        "x",
    );
    assert_split("<think>he said \"no\"</think>x", "he said \"no\"", "x");
    assert_split("<think>```\nopen</think>x", "```\nopen", "x");
}

#[test]
fn tags_nest_at_line_starts_and_reasoning_may_come_twice() {
    assert_split("<think>a\n<think>b</think>c</think>d", "a\n<think>b</think>c", "d");
    assert_split("<think>the <think> tag</think>d", "the <think> tag", "d");
    assert_split("<think>a</think>b\n<think>c</think>d", "a\n\nc", "b\nd");
}

#[test]
fn a_closing_tag_without_an_opening_one_is_dropped_and_counted() {
    let end = split("Hm.\n</think>\nYes, `</think>`.", Start::Outside);

    assert_eq!(end.parts.visible, "Hm.\n\nYes, `</think>`.");
    assert_eq!(end.stray_ends, 1);
}

#[test]
fn marks_around_the_answer_are_dropped() {
    assert_split("<think>a</think>\n<answer>\nb</answer>", "a", "b");
    assert_split("<|START_RESPONSE|>b<|END_RESPONSE|>", "", "b");
    assert_split("b <answer>c</answer>", "", "b <answer>c</answer>");
}

fn snippets() -> impl Strategy<Value = String> {
    let listed = [
        "<think>",
        "</think>",
        "<thinking>",
        "</thinking>",
        "[THINK]",
        "[/THINK]",
        "<|channel|>",
        "analysis",
        "final",
        "<|message|>",
        "<|end|>",
        "<|start|>assistant",
        "assistantfinal",
        "`",
        "```",
        "\n",
        "    ",
        " ",
        "\"",
        "'",
        "a",
        "W",
        "<",
        "</",
        "<|",
        "é",
        "◁think▷",
        "◁/think▷",
        "<answer>",
        "</answer>",
        "> ",
        "~~~",
        "Here is my thought process:",
        "Here is my response:",
        "<|channel>thought",
        "<channel|>",
    ];
    proptest::collection::vec(proptest::sample::select(listed.to_vec()), 0..25)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_way_of_cutting_does_not_matter(
        answer in snippets(), inside in any::<bool>(), cuts in proptest::collection::vec(0usize..6, 1..6),
    ) {
        let start = if inside { Start::Inside } else { Start::Outside };
        let letters: Vec<char> = answer.chars().collect();
        let (mut splitter, mut joined, mut at) = (Splitter::new(start), Parts::default(), 0);
        let ends = cuts.iter().cycle().take(letters.len() * 2).copied().chain([letters.len()]);
        for cut in ends {
            let end = (at + cut).min(letters.len());
            let piece = splitter.push(&letters[at..end].iter().collect::<String>());
            joined.reasoning += &piece.reasoning;
            joined.visible += &piece.visible;
            at = end;
        }
        let end = splitter.finish();
        joined.reasoning += &end.parts.reasoning;
        joined.visible += &end.parts.visible;
        let whole = split(&answer, start);

        prop_assert_eq!(joined, whole.parts);
        prop_assert_eq!((end.unclosed, end.stray_ends), (whole.unclosed, whole.stray_ends));
    }

    #[test]
    fn text_without_marks_is_visible_as_it_is(answer in "[^<\\[◁Ha]{0,60}") {
        let end = split(&answer, Start::Outside);

        prop_assert_eq!(end.parts.visible, answer);
        prop_assert!(end.parts.reasoning.is_empty() && !end.unclosed);
    }

    #[test]
    fn thoughts_and_answer_come_apart(
        thoughts in "[A-Za-z0-9 .,!\\n]{1,60}", answer in "[A-Z][A-Za-z0-9 .,!\\n]{0,60}",
    ) {
        let end = split(&format!("<think>{thoughts}</think>\n\n{answer}"), Start::Outside);

        prop_assert_eq!(end.parts.reasoning, thoughts.trim_start());
        prop_assert_eq!(end.parts.visible, answer);
    }
}
