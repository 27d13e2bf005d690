//! Boards of the site's own votes: slices, weights, checks, single votes between whole computations.
#![cfg(test)]

use arena_core::ids::ModelId;
use doubleblind::pool::{Model, Policy};
use doubleblind::ranking;

use crate::arena::{Scripted, TestArena, eventually, model};

async fn joins(arena: &TestArena, model: Model) -> ModelId {
    let text = format!("**{}** says\n\n# Title\n\n- one\n- two", model.name);
    arena.join(model, &Scripted::saying(&text)).await
}

/// Three models whose order is clear: Aster above Birch above Cedar.
async fn three(arena: &TestArena) -> [ModelId; 3] {
    let mut ids = Vec::new();
    for (name, country) in [("Aster", "CN"), ("Birch", "US"), ("Cedar", "US")] {
        ids.push(joins(arena, Model { country: country.to_owned(), ..model(name) }).await);
    }
    let [aster, birch, cedar] = ids.try_into().unwrap();
    for (pair, wins, losses) in
        [((aster, birch), 60, 30), ((birch, cedar), 60, 30), ((cedar, aster), 20, 60)]
    {
        arena.has_had(pair, "left", wins).await;
        arena.has_had(pair, "right", losses).await;
    }
    arena.whole_board(260).await;
    [aster, birch, cedar]
}

#[tokio::test]
async fn a_vote_is_followed_at_once_and_the_whole_computation_agrees() {
    let arena = TestArena::open().await;
    let [aster, birch, _] = three(&arena).await;

    arena.has_had((aster, birch), "left", 3).await;
    let followed = arena.board_when(|board| board.board.votes == 263).await;

    let whole = ranking::refresh(&arena.db()).await.unwrap();
    assert_eq!(whole.board.votes, 263);
    for (one, other) in followed.board.rows.iter().zip(&whole.board.rows) {
        let (one, other) = (one.rating.unwrap(), other.rating.unwrap());
        assert!((one.rating - other.rating).abs() < 0.2, "{one:?} {other:?}");
        assert!((one.low - other.low).abs() < 2.0, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn models_are_ordered_by_name_whenever_they_joined() {
    let arena = TestArena::open().await;
    joins(&arena, model("Cedar")).await;
    let birch = joins(&arena, model("Birch")).await;
    arena.board_when(|board| board.models.len() == 2).await;
    let aster = joins(&arena, model("Aster")).await;
    arena.has_had((birch, aster), "left", 40).await;
    arena.has_had((birch, aster), "right", 20).await;

    let board = arena.board_when(|board| board.board.votes == 60).await;

    let names: Vec<_> = board.models.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names, ["Aster", "Birch", "Cedar"]);
    assert_eq!(board.row(birch).unwrap().wins, 40);
    let fresh = ranking::refresh(&arena.db()).await.unwrap();
    eventually("the board in force is that of a fresh start", async || {
        (arena.board().board == fresh.board).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_slice_has_its_own_board_on_the_scale_of_the_whole() {
    let arena = TestArena::open().await;
    let [aster, birch, cedar] = three(&arena).await;
    sqlx::raw_sql(
        "update battles set language = 'fr'
         where battle_id in (select battle_id from votes where vote_index % 2 = 0)",
    )
    .execute(&arena.db())
    .await
    .unwrap();
    let mut arena = arena;
    arena.restart().await;
    let board = arena.board_when(|board| board.board.votes == 260).await;
    let voter = arena.voter();

    let page = voter.sees("/leaderboard?slice=language:fr").await;
    let json = voter.sees("/leaderboard.json?slice=language:fr").await;

    assert!(page.contains("Leaderboard: French"), "{page}");
    assert!(page.contains("on the scale of the whole board through 3 models"), "{page}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["votes"], 130);
    assert_eq!(json["slice"], "language:fr");
    let whole: f64 =
        [aster, birch, cedar].map(|id| board.row(id).unwrap().rating.unwrap().rating).iter().sum();
    let ratings = json["models"].as_array().unwrap().iter();
    let slice: f64 = ratings.map(|line| line["rating"].as_f64().unwrap()).sum();
    assert!((slice - whole).abs() < 0.05, "{slice} {whole}");
}

#[tokio::test]
async fn slices_of_countries_sets_and_periods_are_offered_with_their_votes() {
    let arena = TestArena::open().await;
    three(&arena).await;
    let voter = arena.voter();

    let page = voter.sees("/leaderboard").await;
    let countries = voter.sees("/leaderboard.csv?slice=countries%3ACN%2BUS").await;

    assert!(page.contains("China against USA (170 votes)"), "{page}");
    assert!(page.contains("USA among themselves (90 votes)"), "{page}");
    assert!(page.contains("voters&#39; own questions (260 votes)"), "{page}");
    assert!(page.contains("last 30 days (260 votes)"), "{page}");
    let votes: u64 = countries
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(7).unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(votes, 2 * 170);
}

#[tokio::test]
async fn a_slice_that_is_none_is_refused_with_a_sentence() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();

    let nonsense = voter.gets("/leaderboard?slice=shoe").await;
    let empty = voter.gets("/leaderboard?slice=language:fr").await;

    assert_eq!(nonsense.status, 400);
    assert!(nonsense.body.contains("is no slice of the votes"), "{}", nonsense.body);
    assert_eq!(empty.status, 404);
}

#[tokio::test]
async fn checks_and_matrix_say_what_they_find_or_why_they_cannot() {
    let arena = TestArena::open().await;
    let voter = arena.voter();
    let before = voter.sees("/leaderboard/checks").await;
    assert!(before.contains("Not computed: no two models can be compared yet."), "{before}");

    three(&arena).await;
    eventually("the checks are those of the votes", async || {
        let page = voter.sees("/leaderboard/checks").await;
        page.contains("Between equal models answer A scores").then_some(())
    })
    .await;

    let page = voter.sees("/leaderboard/checks").await;
    assert!(page.contains("Davidson 1970"), "{page}");
    assert!(page.contains("Weighing each vote by one over the probability"), "{page}");
    let matrix = voter.sees("/leaderboard/matrix").await;
    assert!(matrix.contains("<b>67</b>"), "60 of 90: {matrix}");
    let csv = voter.sees("/leaderboard/matrix.csv").await;
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.contains("Aster,Birch,90,60,30,0,0,0.6667,0.6667,"), "{csv}");
    let better: f64 = csv.lines().nth(1).unwrap().rsplit(',').next().unwrap().parse().unwrap();
    assert!(better > 0.99 && better <= 1.0, "{csv}");
}

#[tokio::test]
async fn a_voter_beyond_the_cap_moves_the_board_less_and_the_page_says_so() {
    let arena = TestArena::open().await;
    let pair = (joins(&arena, model("Aster")).await, joins(&arena, model("Birch")).await);
    // 40 voters with 2 votes each, then one with 200.
    arena.has_had_by(20, pair, "left", 40).await;
    arena.has_had_by(20, pair, "right", 40).await;
    let even = arena.whole_board(80).await;

    arena.has_had_by(1, pair, "left", 200).await;
    let board = arena.board_when(|board| board.board.votes == 280).await;
    let board = if board.basis.capped_voters == 1 {
        board
    } else {
        arena.board_when(|board| board.basis.capped_voters == 1).await
    };

    let gap = |board: &ranking::Published| {
        let rating = |id| board.row(id).unwrap().rating.unwrap().rating;
        rating(pair.0) - rating(pair.1)
    };
    assert!(gap(&even).abs() < 1e-6);
    // 40 + 20 against 40 instead of 240 against 40: the share of one voter in full, the rest as it is.
    let expected = 400.0 * (60.0_f64 / 40.0).log10();
    assert!((gap(&board) - expected).abs() < 1e-6, "{} {expected}", gap(&board));
    let page = arena.voter().sees("/leaderboard").await;
    assert!(page.contains("Votes of 1 voter who voted more than 20 times"), "{page}");
    let checks = arena.voter().sees("/leaderboard/checks").await;
    let line = checks.split("<td class=\"number\">200</td>").nth(1).unwrap();
    let (name, rest) = line.split_once("</th>").unwrap();
    let shift = rest.split(['>', '<']).find(|text| text.starts_with(['+', '-'])).unwrap();
    // The 200 votes were for Aster: without them it falls, and Birch rises.
    assert_eq!(name.ends_with("Aster"), shift.starts_with('-'), "{line}");
}

#[tokio::test]
async fn the_matrix_names_its_models_also_when_another_one_has_joined_since() {
    let arena = TestArena::open().await;
    three(&arena).await;
    let voter = arena.voter();
    let before = voter.sees("/leaderboard/matrix.csv").await;

    joins(&arena, model("Aardvark")).await;
    arena.board_when(|board| board.models.len() == 4).await;
    let after = voter.sees("/leaderboard/matrix.csv").await;

    assert!(after.contains("Aster,Birch,90,60,30,"), "{after}");
    assert_eq!(before.lines().nth(1), after.lines().find(|line| line.starts_with("Aster,Birch")));
}

#[tokio::test]
async fn the_votes_file_gives_the_board_again() {
    let arena = TestArena::open().await;
    let [aster, birch, _] = three(&arena).await;
    arena.has_had_by(1, (birch, aster), "left", 100).await;
    let board = arena.board_when(|board| board.basis.capped_voters == 1).await;
    let votes = arena.voter().sees("/votes.csv").await;
    let path = std::env::temp_dir().join(format!("doubleblind-votes-{}.csv", std::process::id()));
    std::fs::write(&path, votes).unwrap();

    let output = std::process::Command::new(env!("CARGO_BIN_EXE_doubleblind"))
        .arg("rank")
        .arg(&path)
        .args(["--cluster", "voter", "--voter-cap", "--format", "json"])
        .output()
        .unwrap();

    std::fs::remove_file(&path).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ranked: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (model, row) in board.in_order() {
        let lines = ranked["models"].as_array().unwrap();
        let line = lines.iter().find(|line| line["model"] == model.name.as_str()).unwrap();
        let rating = row.rating.unwrap();
        for (name, value) in
            [("rating", rating.rating), ("ci_low", rating.low), ("ci_high", rating.high)]
        {
            assert!((line[name].as_f64().unwrap() - value).abs() < 0.011, "{line} {rating:?}");
        }
    }
}

#[tokio::test]
async fn battles_keep_their_language_and_the_form_of_their_answers() {
    let arena = TestArena::open().await;
    joins(&arena, model("Aster")).await;
    joins(&arena, model("Birch")).await;
    let voter = arena.voter();

    let question = "Pourquoi le ciel est-il rouge le soir et bleu pendant la journée ?";
    let id = voter.asks(question).await;
    arena.when(&id, "complete").await;

    let row: (Option<String>, i64, i64, i64, i64) = sqlx::query_as(
        "select language, left_chars, left_headers, left_lists, right_bold from battles
         where battle_id = $1",
    )
    .bind(id.parse::<uuid::Uuid>().unwrap())
    .fetch_one(&arena.db())
    .await
    .unwrap();
    let chars = "**Aster** says\n\n# Title\n\n- one\n- two".len() as i64;
    assert_eq!(row, (Some("fr".to_owned()), chars, 1, 2, 1));
}

#[tokio::test]
async fn pairs_that_would_tell_more_are_drawn_more_often_and_none_dies_out() {
    let arena = TestArena::open().await;
    let [aster, birch, cedar] = three(&arena).await;
    // Aster is far ahead; Birch and Cedar are hard to tell apart.
    arena.has_had((aster, birch), "left", 300).await;
    arena.has_had((cedar, birch), "left", 25).await;
    let models: Vec<Model> = arena.board().models.to_vec();
    let policy: Policy = arena.policy();

    let contests = eventually("weights are in force", async || {
        let contests = policy.contests(&models);
        contests.iter().any(|one| one.weight != contests[0].weight).then_some(contests)
    })
    .await;

    let open = contests.iter().max_by_key(|one| one.weight).unwrap();
    assert!([birch, cedar].contains(&open.one) && [birch, cedar].contains(&open.other));
    let total: f64 = contests.iter().map(|one| one.weight as f64).sum();
    for one in &contests {
        assert!(one.weight as f64 / total >= 0.5 / 3.0 - 1e-6, "{one:?} of {total}");
    }
    let newcomer = joins(&arena, model("Dahlia")).await;
    let with: Vec<Model> = eventually("the newcomer is in the pool", async || {
        let models = arena.board().models.to_vec();
        (models.len() == 4).then_some(models)
    })
    .await;
    let shares = policy.shares(&with);
    let share = |id| shares[with.iter().position(|model| model.id == id).unwrap()];
    for known in [aster, birch, cedar] {
        assert!(share(newcomer) >= share(known) - 1e-9);
    }
}
