//! One small file for each layout.

use super::*;

const EACH_ONCE: Tally = Tally { left_wins: 1, right_wins: 1, ties: 1, both_bad: 1 };

#[test]
fn every_layout_of_votes_gives_the_same_counts() {
    let layouts = [
        "model_a,model_b,winner\nA,B,model_a\nA,B,model_b\nA,B,tie\nA,B,both_bad\n",
        "model_a,model_b,winner\nA,B,model_a\nA,B,model_b\nA,B,tie\nA,B,tie (bothbad)\n",
        "left,right,winner,model_x\nA,B,left,1\nA,B,right,1\nA,B,tie,1\nA,B,both_bad,1\n",
        "model_a,model_b,a_wins,b_wins,ties,both_bad\nA,B,1,1,1,1\n",
        "{\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"model_a\"}\n\
         {\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"model_b\"}\n\n\
         {\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"tie (inconsistent)\",\"turn\":1}\n\
         {\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"both_bad\"}",
        "[{\"model_a\":\"A\",\"model_b\":\"B\",\"a_wins\":1,\"b_wins\":1,\"ties\":1,\"both_bad\":1}]",
    ];

    for layout in layouts {
        assert_eq!(tally_of(&read_all(layout), "A", "B"), Some(EACH_ONCE), "{layout}");
    }
}

#[test]
fn lmsys_33k_names_judge_and_question() {
    let file = read_all(
        "{\"question_id\":\"q1\",\"model_a\":\"A\",\"model_b\":\"B\",\"winner\":\"tie (bothbad)\",\
         \"judge\":\"arena_user_973\",\"conversation_a\":[{\"content\":\"hi\",\"role\":\"user\"}],\
         \"turn\":1,\"anony\":true,\"language\":\"English\",\"tstamp\":1682351448.25}\n",
    );

    let votes = file.votes.as_ref().unwrap();
    assert_eq!(outcomes(&file), [Outcome::BothBad]);
    assert_eq!(votes.voters.as_ref().unwrap().name(0), Some("arena_user_973"));
    assert_eq!(votes.prompts.as_ref().unwrap().name(0), Some("q1/1"));
    assert_eq!(votes.time(0), Some(1_682_351_448_250_000));
}

#[test]
fn lmsys_55k_has_one_of_three_winners_and_both_answers() {
    let text = "id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie\n\
                1,A,B,\"[\"\"why\"\"]\",\"[\"\"# No\\n* x\"\"]\",\"[\"\"**Yes**\"\", null]\",0,1,0\n";
    let keep = Keep { style: true, ..ALL };

    let file = read(text, &Options { keep, ..Options::default() }).unwrap();

    let votes = file.votes.as_ref().unwrap();
    assert_eq!(outcomes(&file), [Outcome::Right]);
    assert_eq!(votes.prompts.as_ref().unwrap().name(0), Some("[\"why\"]"));
    let [left, right] = votes.style.as_ref().unwrap()[0];
    assert_eq!(left, StyleCounts { tokens: 8, headers: 1, lists: 1, bold: 0 });
    assert_eq!(right, StyleCounts { tokens: 7, headers: 0, lists: 0, bold: 1 });
}

#[test]
fn lmsys_140k_has_counts_of_formatting_in_its_metadata() {
    let bytes = include_bytes!("../samples/lmsys_140k.parquet").as_slice();
    let keep = Keep { style: true, ..ALL };

    let file = read(bytes, &Options { keep, ..Options::default() }).unwrap();

    let votes = file.votes.as_ref().unwrap();
    assert_eq!(tally_of(&file, "A", "B"), Some(EACH_ONCE));
    assert_eq!(votes.voters.as_ref().unwrap().name(3), Some("session-1"));
    assert_eq!(votes.time(0), Some(1_751_364_000_000_000));
    let [left, right] = votes.style.as_ref().unwrap()[2];
    assert_eq!(left, StyleCounts { tokens: 102, headers: 3, lists: 7, bold: 5 });
    assert_eq!(right.tokens, 50);
}

#[test]
fn votes_of_comparia_name_the_chosen_model_or_say_that_both_are_equal() {
    use Outcome::{Left, Right, Tie};
    let bytes = include_bytes!("../samples/comparia_votes.parquet").as_slice();

    let file = read(bytes, &Options { keep: ALL, ..Options::default() }).unwrap();

    let votes = file.votes.as_ref().unwrap();
    assert_eq!(outcomes(&file), [Right, Right, Left, Tie, Left, Left, Tie, Right, Tie, Left]);
    assert_eq!(file.models[usize::from(votes.pairs[0][0])], "hermes-3-llama-3.1-405b");
    assert_eq!(votes.time(0), Some(1_743_074_600_345_724));
    assert!(votes.voters.is_none());
    assert_eq!(votes.prompts.as_ref().unwrap().names.len(), 10);
}

#[test]
fn a_visitor_without_a_name_is_known_by_the_session() {
    let head = "model_a_name,model_b_name,chosen_model_name,both_equal,visitor_id,session_hash\n";

    let file = read_all(&format!("{head}A,B,A,false,,s1\nA,B,,true,v1,s1\nA,B,B,False,,\n"));

    let voters = file.votes.as_ref().unwrap().voters.clone().unwrap();
    assert_eq!([0, 1, 2].map(|vote| voters.name(vote)), [Some("s1"), Some("v1"), None]);
    assert_eq!(outcomes(&file), [Outcome::Left, Outcome::Tie, Outcome::Right]);
}

#[test]
fn a_liked_answer_of_comparia_wins_and_a_disliked_one_loses() {
    use Outcome::{Left, Right};
    let bytes = include_bytes!("../samples/comparia_reactions.parquet").as_slice();

    let file = read(bytes, &Options { keep: ALL, ..Options::default() }).unwrap();

    assert_eq!(outcomes(&file), [Left, Right, Right, Right, Left]);
}

#[test]
fn reactions_on_both_answers_of_a_question_are_one_vote() {
    let head =
        "model_a_name,model_b_name,conversation_pair_id,msg_rank,model_pos,liked,disliked,useful\n";
    let rows = "A,B,c1,0,a,1,0,0\nA,B,c2,0,a,0,1,0\nA,B,c1,0,b,1,0,0\nA,B,c1,1,b,0,0,1\nA,B,c2,0,b,0,1,0\n";

    let file = read_all(&format!("{head}{rows}"));

    assert_eq!(outcomes(&file), [Outcome::Tie, Outcome::BothBad, Outcome::Right]);
    let prompts = file.votes.as_ref().unwrap().prompts.clone().unwrap();
    assert_eq!(prompts.name(2), Some("c1/1"));
}

#[test]
fn mt_bench_has_a_judge_and_two_turns_of_a_question() {
    let row = |turn: u8| {
        format!(
            "{{\"judge\":\"expert_0\",\"model_a\":\"A\",\"model_b\":\"B\",\"question_id\":81,\
             \"turn\":{turn},\"winner\":\"model_b\"}}\n"
        )
    };

    let file = read_all(&(row(1) + &row(2) + &row(1)));

    let prompts = file.votes.as_ref().unwrap().prompts.clone().unwrap();
    assert_eq!([0, 1, 2].map(|vote| prompts.of(vote)), [Some(0), Some(1), Some(0)]);
    assert_eq!(&*prompts.names[1], "81/2");
}

#[test]
fn llmfao_has_workers_and_prompts_and_the_shown_sides() {
    let file = read_all(
        "id,prompt,model_x,model_y,worker,winner,left,right\n0,8,97,98,58,left,Weaver 12k,GPT 4\n",
    );

    let votes = file.votes.as_ref().unwrap();
    assert_eq!(file.models, ["GPT 4", "Weaver 12k"]);
    assert_eq!(votes.pairs, [[1, 0]]);
    assert_eq!(votes.voters.as_ref().unwrap().name(0), Some("58"));
    assert_eq!(votes.prompts.as_ref().unwrap().name(0), Some("8"));
}

#[test]
fn our_own_export_is_read_back() {
    let file = read_all(
        "model_a,model_b,winner,verdict,vote_index,cast_at\nA,B,tie,both_good,0,2026-11-22T10:00:00Z\n",
    );

    assert_eq!(outcomes(&file), [Outcome::Tie]);
    assert!(file.votes.unwrap().time(0).is_some());
}

#[test]
fn what_is_not_asked_for_is_not_kept() {
    let text = "model_a,model_b,winner,voter,timestamp\nA,B,tie,v,no time at all\n";

    let votes = read(text, &Options::default()).unwrap().votes.unwrap();

    assert!(votes.voters.is_none() && votes.time(0).is_none());
}

#[test]
fn counts_have_no_order_of_votes() {
    let text = "model_a,model_b,a_wins,b_wins\nA,B,3,2\n";

    assert!(read_all(text).votes.is_none());
}
