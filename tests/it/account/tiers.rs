//! Tiers: codes that raise them, votes that carry them, boards that are filtered by them.

use super::PASSWORD;
use crate::arena::{TestArena, eventually};

async fn code(arena: &TestArena, arguments: &[&str]) -> String {
    let (done, said) = arena.operator(&[&["invites", "new"], arguments].concat()).await;
    assert!(done, "{said}");
    said.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_makes_an_invited_voter_at_joining_or_later() {
    let arena = TestArena::of_two_instant().await;
    let code = code(&arena, &["--uses", "2"]).await;
    let (early, late) = (arena.voter(), arena.voter());

    early.joins_with("ada", PASSWORD, &code.to_lowercase()).await.location();
    late.joins("grace", PASSWORD).await.location();
    late.posts("/me/code", &[("code", &code)]).await.location();

    for voter in [&early, &late] {
        assert!(voter.sees("/me").await.contains("an invited voter since"));
    }
    let stored: Vec<u8> = sqlx::query_scalar("select code_sha256 from invite_codes")
        .fetch_one(&arena.db())
        .await
        .unwrap();
    assert_eq!(stored.len(), 32);
}

#[tokio::test]
async fn a_code_that_cannot_be_used_is_refused_in_one_wording_and_no_account_is_made() {
    let arena = TestArena::of_two_instant().await;
    let (used, revoked, late) =
        (code(&arena, &[]).await, code(&arena, &[]).await, code(&arena, &[]).await);
    arena.voter().joins_with("ada", PASSWORD, &used).await.location();
    assert!(arena.operator(&["invites", "revoke", "2"]).await.0);
    let past = "update invite_codes set expires_at = now() where invite_id = 3";
    sqlx::query(past).execute(&arena.db()).await.unwrap();

    for code in [used.as_str(), &revoked, &late, "AAAAA-AAAAA-AAAAA-AAAAA", "x"] {
        let reply = arena.voter().joins_with("grace", PASSWORD, code).await;

        assert_eq!(reply.status, 422, "{code}");
        assert!(
            reply.body.contains("id=\"code-problem\">This code cannot be used: it is mistyped")
        );
        assert!(reply.body.contains(&format!("value=\"{code}\"")), "{}", reply.body);
    }

    assert_eq!(arena.number("select count(*) from accounts").await, 1);
    assert_eq!(arena.number("select sum(uses) from invite_codes").await, 1);
    arena.voter().joins("grace", PASSWORD).await.location();
}

#[tokio::test]
async fn one_code_for_one_account_is_not_used_twice_at_once() {
    let arena = TestArena::of_two_instant().await;
    let code = code(&arena, &[]).await;
    let voters: Vec<_> = (0..6).map(|_| arena.voter()).collect();
    let names: Vec<_> = (0..6).map(|n| format!("name{n}")).collect();

    let joining = voters.iter().zip(&names);
    let joining = joining.map(|(voter, name)| voter.joins_with(name, PASSWORD, &code));
    let replies = futures_util::future::join_all(joining).await;

    assert_eq!(replies.iter().filter(|reply| reply.status == 303).count(), 1);
    assert_eq!(arena.number("select count(*) from accounts where tier = 'invited'").await, 1);
    assert_eq!(arena.number("select count(*) from accounts").await, 1);
}

#[tokio::test]
async fn a_vote_carries_the_tier_of_its_moment_into_file_and_boards() {
    let arena = TestArena::of_two_instant().await;
    let code = code(&arena, &[]).await;
    let voter = arena.voter();
    let vote = async || {
        let id = arena.complete_battle(&voter).await;
        voter.votes(&id, "left").await.location();
    };

    vote().await;
    voter.joins("ada", PASSWORD).await.location();
    vote().await;
    vote().await;
    voter.posts("/me/code", &[("code", &code)]).await.location();
    vote().await;

    let votes = voter.sees("/votes.csv").await;
    let tiers: Vec<_> = votes.lines().map(|line| line.rsplit(',').nth(1).unwrap()).collect();
    assert_eq!(tiers, ["tier", "anonymous", "registered", "registered", "invited"]);
    let whole = eventually("all tiers are on the board", async || {
        let page = voter.sees("/leaderboard").await;
        page.contains("1 by invited voters").then_some(page)
    })
    .await;
    assert!(
        whole.contains(
            "Votes by tier: 1 by anonymous voters (25 %), 2 by registered voters (50 %), 1 by \
             invited voters (25 %)."
        ),
        "{whole}"
    );
    assert!(whole.contains("<optgroup label=\"Tier of the voter\">"), "{whole}");
    let slice = voter.sees("/leaderboard?slice=tier:registered").await;
    assert!(slice.contains("registered voters: 2 votes"), "{slice}");
    let file = voter.sees("/leaderboard.json?slice=tier:registered").await;
    assert!(file.contains("\"slice\": \"tier:registered\""), "{file}");
}

#[tokio::test]
async fn a_name_is_on_no_page_and_in_no_file_of_others() {
    let arena = TestArena::of_two_instant().await;
    let (ada, other) = (arena.voter(), arena.voter());
    ada.joins("Xanthippe-7", PASSWORD).await.location();
    let id = arena.complete_battle(&ada).await;
    ada.votes(&id, "left").await.location();
    arena.board_when(|board| board.board.votes == 1).await;

    for path in [
        "/",
        "/leaderboard",
        "/leaderboard.json",
        "/leaderboard.csv",
        "/leaderboard/checks",
        "/votes.csv",
        "/method",
        "/me",
        "/join",
    ] {
        let page = other.sees(path).await;
        assert!(!page.to_lowercase().contains("xanthippe"), "{path}");
    }
}
