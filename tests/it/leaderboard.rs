//! The public pages: what the board says, how soon, and how it is filtered.
#![cfg(test)]

use std::time::{Duration, Instant};

use arena_core::ids::ModelId;
use doubleblind::leaderboard::pages::reason;
use doubleblind::pool::{self, Model};
use doubleblind::ranking::Published;

use crate::arena::{SYSTEM_PROMPT, Scripted, TestArena, eventually, model};

/// Longest time from a vote to the board that holds it.
const FRESH: Duration = Duration::from_secs(2);

async fn joins(arena: &TestArena, name: &str) -> ModelId {
    arena.join(model(name), &Scripted::saying(name)).await
}

/// Two models that have beaten each other so often.
async fn have_met(arena: &TestArena, pair: (ModelId, ModelId), wins: i32, losses: i32) {
    arena.has_had(pair, "left", wins).await;
    arena.has_had(pair, "right", losses).await;
}

/// The row of a model in the table of a page.
fn row<'a>(page: &'a str, name: &str) -> &'a str {
    let rows = page.split("<tr").skip(1).map(|rest| rest.split("</tr>").next().unwrap());
    let (whole, noted) = (format!(">{name}<"), format!(">{name} "));
    let mut rows = rows.filter(|row| row.contains(&whole) || row.contains(&noted));
    rows.next().unwrap_or_else(|| panic!("{name} is not in {page}"))
}

fn names_shown(page: &str) -> Vec<String> {
    let rows = page.split("<th scope=\"row\">").skip(1);
    rows.map(|rest| rest.split('<').next().unwrap().trim().to_owned()).collect()
}

fn interval(board: &Published, model: ModelId) -> String {
    let rating = board.row(model).unwrap().rating.unwrap();
    format!("{:.0} to {:.0}", rating.low, rating.high)
}

#[tokio::test]
async fn a_vote_is_on_the_leaderboard_within_two_seconds() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();

    for number in 1..=3 {
        let id = arena.complete_battle(&voter).await;
        voter.votes(&id, "left").await.location();
        let cast = Instant::now();
        let count = if number == 1 { "1 vote".to_owned() } else { format!("{number} votes") };
        eventually("the page counts the vote", async || {
            let page = arena.voter().sees("/leaderboard").await;
            page.contains(&format!("{count} from ")).then_some(())
        })
        .await;
        assert!(cast.elapsed() < FRESH, "{:?}", cast.elapsed());
    }
}

#[tokio::test]
async fn a_vote_in_the_first_moment_of_a_server_is_not_missed() {
    let mut arena = TestArena::open().await;
    let pair = (joins(&arena, "Aster").await, joins(&arena, "Birch").await);

    for number in 1..=5 {
        arena.restart().await;
        arena.has_had(pair, "tie", 1).await;
        let cast = Instant::now();
        arena.board_when(|board| board.board.votes == number).await;

        assert!(cast.elapsed() < FRESH, "{:?}", cast.elapsed());
    }
}

#[tokio::test]
async fn every_status_stands_on_the_leaderboard_with_its_sentence() {
    let arena = TestArena::open().await;
    let mut all = Vec::new();
    for name in ["Aster", "Birch", "Cedar", "Dahlia", "Elm", "Fir", "Ginkgo", "Hazel", "Iris"] {
        all.push(joins(&arena, name).await);
    }
    have_met(&arena, (all[0], all[1]), 90, 60).await;
    have_met(&arena, (all[0], all[2]), 15, 15).await;
    have_met(&arena, (all[1], all[3]), 5, 5).await;
    arena.has_had((all[4], all[0]), "left", 25).await;
    arena.has_had((all[5], all[0]), "right", 25).await;
    have_met(&arena, (all[6], all[7]), 25, 25).await;
    let board = arena.board_when(|board| board.board.votes == 290).await;

    let page = arena.voter().sees("/leaderboard").await;

    for (name, id, status) in [
        ("Aster", all[0], "ok"),
        ("Birch", all[1], "ok"),
        ("Cedar", all[2], "provisional"),
        ("Dahlia", all[3], "too_few_votes"),
        ("Elm", all[4], "undefeated"),
        ("Fir", all[5], "winless"),
        ("Ginkgo", all[6], "island"),
        ("Hazel", all[7], "island"),
        ("Iris", all[8], "no_votes"),
    ] {
        let found = board.row(id).unwrap();
        assert_eq!(found.status.as_str(), status, "{name}");
        assert!(row(&page, name).contains(reason(found.status)), "{}", row(&page, name));
        match found.rating {
            Some(_) => assert!(row(&page, name).contains(&interval(&board, id))),
            None => assert!(!row(&page, name).contains(" to "), "{}", row(&page, name)),
        }
    }
}

#[tokio::test]
async fn the_start_page_shows_votes_models_and_the_first_five_with_intervals() {
    let arena = TestArena::open().await;
    let mut all = Vec::new();
    for name in ["Aster", "Birch", "Cedar", "Dahlia", "Elm", "Fir", "Ginkgo"] {
        all.push(joins(&arena, name).await);
    }
    for (place, pair) in all[..6].windows(2).enumerate() {
        let extra = i32::try_from(place).unwrap();
        have_met(&arena, (pair[0], pair[1]), 30 + extra, 20).await;
    }
    let board = arena.board_when(|board| board.board.votes == 260).await;

    let page = arena.voter().sees("/").await;

    assert!(page.contains("260 votes on 7 models"), "{page}");
    assert_eq!(names_shown(&page), ["Aster", "Birch", "Cedar", "Dahlia", "Elm"]);
    for (name, id) in ["Aster", "Birch", "Cedar", "Dahlia", "Elm"].iter().zip(&all) {
        assert!(row(&page, name).contains(&interval(&board, *id)), "{}", row(&page, name));
    }
    assert!(page.contains("1 not rated yet"), "{page}");
}

#[tokio::test]
async fn an_empty_arena_says_that_it_is_empty() {
    let arena = TestArena::open().await;
    let voter = arena.voter();

    let start = voter.sees("/").await;
    let table = voter.sees("/leaderboard").await;

    assert!(start.contains("0 votes on 0 models"), "{start}");
    assert!(start.contains("Fewer than two models are ready"), "{start}");
    assert!(table.contains("No model is in the pool"), "{table}");
}

async fn arena_with_makers() -> TestArena {
    let arena = TestArena::open().await;
    let dahlia = Model { country: "DE".into(), licence: "MIT".into(), ..model("Dahlia") };
    let elm = Model { maker: "Elbe <b>&</b> \"Co\"".into(), ..model("Elm <i>") };
    arena.join(dahlia, &Scripted::saying("one")).await;
    arena.join(elm, &Scripted::saying("two")).await;
    let pair = (joins(&arena, "Fir").await, joins(&arena, "Ginkgo").await);
    arena.has_had(pair, "left", 20).await;
    arena.board_when(|board| board.models.len() == 4 && board.board.votes == 20).await;
    arena
}

#[tokio::test]
async fn the_table_is_filtered_by_words_and_by_status() {
    let arena = arena_with_makers().await;
    let voter = arena.voter();

    for (query, names) in [
        ("q=dAhL", vec!["Dahlia"]),
        ("q=Fir+Works", vec!["Fir"]),
        ("q=germany", vec!["Dahlia"]),
        ("q=mit", vec!["Dahlia"]),
        ("status=undefeated", vec!["Fir"]),
        ("status=winless", vec!["Ginkgo"]),
        ("q=ginkgo&status=undefeated", vec![]),
        ("q=&status=", vec!["Dahlia", "Elm &#60;i&#62;", "Fir", "Ginkgo"]),
        ("", vec!["Dahlia", "Elm &#60;i&#62;", "Fir", "Ginkgo"]),
    ] {
        let page = voter.sees(&format!("/leaderboard?{query}")).await;

        assert_eq!(names_shown(&page), names, "{query}");
    }
    let nothing = voter.sees("/leaderboard?q=nobody").await;
    assert!(nothing.contains("None of 4 models matches"), "{nothing}");
}

#[tokio::test]
async fn what_people_write_is_text_on_the_page_and_never_an_element() {
    let arena = arena_with_makers().await;
    let voter = arena.voter();

    let filtered = voter.sees("/leaderboard?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    let table = voter.sees("/leaderboard").await;

    assert!(!filtered.contains("<script>"), "{filtered}");
    assert!(filtered.contains("&#34;&#62;&#60;script&#62;alert(1)"), "{filtered}");
    assert!(!table.contains("<b>&</b>") && !table.contains("<i>"), "{table}");
    assert!(table.contains("Elbe &#60;b&#62;&#38;&#60;/b&#62; &#34;Co&#34;"), "{table}");
}

#[tokio::test]
async fn a_retired_model_keeps_its_place_and_is_drawn_no_more() {
    let arena = TestArena::open().await;
    let pair = (joins(&arena, "Aster").await, joins(&arena, "Birch").await);
    have_met(&arena, pair, 20, 10).await;
    let voter = arena.voter();

    pool::retire(&mut arena.db().acquire().await.unwrap(), "Aster").await.unwrap();
    let board = arena.board_when(|board| board.models.iter().any(|model| !model.is_active())).await;

    let page = voter.sees("/leaderboard").await;
    assert!(row(&page, "Aster").contains("retired"), "{}", row(&page, "Aster"));
    assert!(row(&page, "Aster").contains(&interval(&board, pair.0)));
    let reply = voter.posts("/battles", &[("prompt", "What is a comet?")]).await;
    assert_eq!(reply.status, 503);
}

#[tokio::test]
async fn the_method_page_states_instruction_sampling_and_weights() {
    let arena = TestArena::open().await;
    arena.join(Model { weight: 7, ..model("Aster") }, &Scripted::saying("one")).await;
    arena.board_when(|board| board.models.len() == 1).await;

    let page = arena.voter().sees("/method").await;

    assert!(page.contains(SYSTEM_PROMPT), "{page}");
    assert!(page.contains("temperature 0.7, top-p 0.95"), "{page}");
    assert!(row(&page, "Aster").contains(">7<"), "{page}");
}

#[tokio::test]
async fn the_health_check_answers_as_long_as_the_database_does() {
    let arena = TestArena::open().await;

    let health = arena.voter().sees("/health").await;

    assert_eq!(health, "ok\n");
}
