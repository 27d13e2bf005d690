//! What a worker remembers between turns, how it shares its steps out, and how an answer is repeated.

use std::time::{Duration, Instant};

use arena_core::protocol::{AnswerKey, Event, Finish, Record, Request, Usage};
use arena_core::steps::Steps;

use crate::harness::{Worker, request};

const STORY: &str = "Tell me a short story about a lighthouse.";

/// One answer from beginning to end.
fn answer(worker: &mut Worker, request: &Request) -> (String, Record, Usage) {
    worker.send(request);
    let answer = worker.collect(1).into_values().next().unwrap();
    (answer.text, answer.record.unwrap(), answer.end.unwrap().1)
}

fn of_conversation(number: u64, request: Request) -> Request {
    match request {
        Request::Generate { key, messages, sampling, seed, steps, .. } => {
            Request::Generate { key, messages, sampling, seed, conversation: Some(number), steps }
        }
        other => other,
    }
}

fn with_steps(taken: &Steps, request: Request) -> Request {
    match request {
        Request::Generate { key, messages, sampling, seed, conversation, .. } => {
            let steps = Some(taken.clone());
            Request::Generate { key, messages, sampling, seed, conversation, steps }
        }
        other => other,
    }
}

#[test]
fn a_further_turn_evaluates_new_tokens_only() {
    let mut worker = Worker::ready(&[]);
    let first = of_conversation(7, request(1, &[STORY], 1, 60));
    let (text, _, before) = answer(&mut worker, &first);

    let said = [STORY, &text, "Go on."];
    let next = of_conversation(7, request(2, &said, 1, 10));
    let (_, record, usage) = answer(&mut worker, &next);

    // All of the first question, and of the answer what is cut into the same tokens again.
    assert!(usage.reused_tokens >= before.prompt_tokens, "{before:?} {usage:?}");
    assert!(usage.reused_tokens < usage.prompt_tokens);
    assert_eq!(
        record.steps.tokens(),
        u64::from(usage.prompt_tokens + usage.answer_tokens) - u64::from(ends_unevaluated(usage))
    );
}

/// The last token of an answer that its limit ended is never evaluated.
fn ends_unevaluated(usage: Usage) -> u32 {
    u32::from(usage.answer_tokens == 10)
}

#[test]
fn what_a_conversation_has_evaluated_helps_no_other_one() {
    let mut worker = Worker::ready(&[]);
    answer(&mut worker, &of_conversation(7, request(1, &[STORY], 1, 20)));

    let (_, _, other) = answer(&mut worker, &of_conversation(8, request(2, &[STORY], 1, 20)));
    let (_, _, none) = answer(&mut worker, &request(3, &[STORY], 1, 20));

    assert_eq!((other.reused_tokens, none.reused_tokens), (0, 0));
}

#[test]
fn the_answer_after_reused_tokens_is_the_answer_without_them() {
    let mut worker = Worker::ready(&[]);
    let (text, _, _) = answer(&mut worker, &of_conversation(7, request(1, &[STORY], 1, 40)));
    let said = [STORY, &text, "What is the keeper's name?"];

    let next = of_conversation(7, request(2, &said, 5, 40));
    let (with, record, usage) = answer(&mut worker, &next);
    let again = with_steps(&record.steps, request(3, &said, 5, 40));
    let (without, _, fresh) = answer(&mut worker, &again);

    assert!(usage.reused_tokens > 0 && fresh.reused_tokens == 0);
    assert_eq!(with, without);
}

#[test]
fn the_conversation_that_was_quiet_for_longest_loses_its_tokens_first() {
    let mut worker = Worker::ready(&["--sequences", "2"]);
    for number in [1, 2, 3] {
        answer(&mut worker, &of_conversation(number, request(number, &[STORY], 1, 5)));
    }

    let mut reused = |number| {
        let again = of_conversation(number, request(10 + number, &[STORY], 1, 5));
        answer(&mut worker, &again).2.reused_tokens > 0
    };

    assert!(reused(3));
    assert!(reused(2));
    assert!(!reused(1));
}

#[test]
fn a_long_question_stops_an_answer_in_progress_for_less_than_a_tenth_of_a_second() {
    let mut worker = Worker::ready(&["--context", "6000"]);
    let long = "Some of these words matter and most of them do not. ".repeat(330);
    answer(&mut worker, &request(1, &["Hello."], 1, 5));
    worker.ask(2, "Write a very long essay about rivers.", 3, 2000);
    let (alone, _) = gaps(&worker, 20);

    worker.ask(3, &long, 1, 1);
    let (beside, read) = gaps(&worker, 150);

    println!("alone {alone:?}, beside a long question {beside:?}");
    assert!(read.is_none_or(|tokens| tokens > 3900), "{read:?}");
    // Other work stretches every step: what counts is how much longer than without the question.
    assert!(beside < alone + Duration::from_millis(100), "{alone:?} and {beside:?}");
}

/// The middle of the pauses between tokens of answer 2, and the tokens of question 3 if it is read
/// to its end before that: on a busy machine that may take minutes, and the rule shows earlier.
fn gaps(worker: &Worker, count: usize) -> (Duration, Option<u32>) {
    let (mut last, mut gaps, mut read) = (None, Vec::new(), None);
    while read.is_none() && gaps.len() < count {
        match worker.next() {
            Event::Token { key: AnswerKey(2), .. } => {
                gaps.extend(last.replace(Instant::now()).map(|last: Instant| last.elapsed()));
            }
            Event::Done { key: AnswerKey(3), usage, .. } => read = Some(usage.prompt_tokens),
            Event::Done { key: AnswerKey(2), .. } => break,
            _ => {}
        }
    }
    assert!(gaps.len() >= 10, "{gaps:?}");
    gaps.sort();
    (gaps[gaps.len() / 2], read)
}

#[test]
fn threads_change_in_the_middle_of_an_answer_and_are_written_down() {
    let mut worker = Worker::ready(&["--threads", "1"]);
    worker.ask(1, STORY, 1, 60);
    let Event::Token { .. } = worker.next() else { panic!("no token") };

    worker.send(&Request::Threads { count: 2 });
    let record = worker.collect(1).remove(&1).unwrap().record.unwrap();

    let threads: Vec<_> = record.steps.iter().map(|step| step.threads).collect();
    assert_eq!((threads[0], *threads.last().unwrap()), (1, 2), "{}", record.steps);
    assert!(record.repeatable && threads.is_sorted());
}

#[test]
fn an_answer_is_the_same_again_when_its_steps_are_taken_again() {
    let mut worker = Worker::ready(&["--threads", "2"]);
    worker.send(&request(1, &[STORY], 9, 120));
    let Event::Token { text: first, .. } = worker.next() else { panic!("no token") };
    worker.send(&Request::Threads { count: 1 });
    let mut once = worker.collect(1).remove(&1).unwrap();
    once.text = first + &once.text;
    let record = once.record.unwrap();

    let mut alone = Worker::ready(&["--threads", "1"]);
    let again = with_steps(&record.steps, request(1, &[STORY], 9, 120));
    let (text, repeated, _) = answer(&mut alone, &again);

    assert_eq!(text, once.text);
    assert_eq!(repeated, record);
}

#[test]
fn an_answer_that_shared_its_steps_says_so() {
    let mut worker = Worker::ready(&[]);

    worker.ask(1, STORY, 1, 40);
    worker.ask(2, STORY, 2, 40);
    let answers = worker.collect(2);

    for answer in answers.values() {
        let record = answer.record.as_ref().unwrap();
        assert!(record.steps.is_shared() && !record.repeatable, "{}", record.steps);
    }
}

#[test]
fn a_record_names_build_template_and_prompt() {
    let mut worker = Worker::ready(&["--context", "1024", "--sequences", "2"]);

    let (_, record, _) = answer(&mut worker, &request(1, &[STORY], 1, 5));
    let (_, other, _) = answer(&mut worker, &request(2, &["Why?"], 1, 5));

    assert!(record.features.contains("CPU"), "{}", record.features);
    assert_eq!((record.context_tokens, record.sequences), (1024, 2));
    assert_eq!(record.template_sha256.as_ref().map(String::len), Some(64));
    assert_eq!(record.template_sha256, other.template_sha256);
    assert_ne!(record.prompt_sha256, other.prompt_sha256);
}

#[test]
fn a_cancelled_answer_leaves_its_place_to_the_next_one() {
    let mut worker = Worker::ready(&["--sequences", "1"]);
    worker.send(&of_conversation(1, request(1, &[STORY], 1, 400)));
    let Event::Token { .. } = worker.next() else { panic!("no token") };

    worker.send(&Request::Cancel { key: AnswerKey(1) });
    worker.send(&of_conversation(2, request(2, &["Why?"], 1, 20)));
    let answers = worker.collect(1);

    let (finish, usage) = answers[&2].end.unwrap();
    assert!(finish == Finish::Stop || usage.answer_tokens == 20);
    assert_eq!(usage.reused_tokens, 0);
}
