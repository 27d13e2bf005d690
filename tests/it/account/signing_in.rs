//! Joining and signing in: what is refused, in which words, and what becomes of a browser's battles.

use super::PASSWORD;
use crate::arena::TestArena;

#[tokio::test]
async fn whoever_joins_is_signed_in_and_can_sign_in_elsewhere_whatever_the_capitals() {
    let arena = TestArena::of_two_instant().await;
    let (desk, train) = (arena.voter(), arena.voter());

    assert_eq!(desk.joins("Ada.L", PASSWORD).await.location(), "/me");
    assert_eq!(train.signs_in("ada.l", PASSWORD).await.location(), "/me");

    for browser in [&desk, &train] {
        let page = browser.sees("/me").await;
        assert!(page.contains("signed in as <strong>Ada.L</strong>, a registered voter"), "{page}");
    }
    let hash = sqlx::query_scalar::<_, String>("select password_hash from accounts");
    let hash = hash.fetch_one(&arena.db()).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
}

#[tokio::test]
async fn a_form_with_errors_comes_back_with_them_beside_the_fields_and_without_the_password() {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();

    let short = voter.joins("ada & co", "too short").await;

    assert_eq!(short.status, 422);
    assert!(short.body.contains("value=\"ada &#38; co\""), "{}", short.body);
    assert!(
        short.body.contains("id=\"name-problem\">A name has 3 to 40 letters"),
        "{}",
        short.body
    );
    assert!(short.body.contains("id=\"password-problem\">A password has at least 10 characters"));
    assert!(!short.body.contains("too short"), "{}", short.body);
    assert_eq!(arena.number("select count(*) from accounts").await, 0);
    assert_eq!(arena.number("select count(*) from voters").await, 0);
}

#[tokio::test]
async fn a_name_is_given_once_whatever_its_capitals() {
    let arena = TestArena::of_two_instant().await;
    arena.voter().joins("Ada", PASSWORD).await.location();

    let second = arena.voter().joins("aDA", PASSWORD).await;

    assert_eq!(second.status, 422);
    assert!(second.body.contains("This name is taken; choose another one."), "{}", second.body);
    assert_eq!(arena.number("select count(*) from accounts").await, 1);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_refused_in_the_same_words() {
    let arena = TestArena::of_two_instant().await;
    arena.voter().joins("ada", PASSWORD).await.location();
    let stranger = arena.voter();

    let wrong = stranger.signs_in("ada", "wrong horse battery").await;
    let unknown = stranger.signs_in("eve", "wrong horse battery").await;
    let impossible = stranger.signs_in("no name at all", "wrong horse battery").await;

    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("The name or the password is not right."), "{}", wrong.body);
    let nameless = |body: &str| {
        ["ada", "eve", "no name at all"].iter().fold(body.to_owned(), |body, name| {
            body.replace(&format!("value=\"{name}\""), "value=\"\"")
        })
    };
    assert_eq!(nameless(&unknown.body), nameless(&wrong.body));
    assert_eq!(nameless(&impossible.body), nameless(&wrong.body));
    assert_eq!(unknown.status, wrong.status);
    assert_eq!(stranger.cookie(), None);
}

#[tokio::test]
async fn an_open_battle_is_not_lost_at_signing_in_and_its_vote_is_the_accounts() {
    let arena = TestArena::of_two_instant().await;
    arena.voter().joins("ada", PASSWORD).await.location();
    let browser = arena.voter();
    let before = arena.complete_battle(&browser).await;
    browser.votes(&before, "left").await.location();
    let open = arena.complete_battle(&browser).await;

    browser.signs_in("ada", PASSWORD).await.location();

    browser.votes(&open, "right").await.location();
    assert!(browser.looks_at(&before).await.contains("You preferred answer A."));
    let account = "select count(*) from votes join accounts using (voter_id)
                   where verdict = 'right' and votes.tier = 'registered'";
    assert_eq!(arena.number(account).await, 1);
    let stays = "select count(*) from votes where verdict = 'left' and tier = 'anonymous'
                 and voter_id not in (select voter_id from accounts)";
    assert_eq!(arena.number(stays).await, 1, "a vote is never changed");
}

#[tokio::test]
async fn whoever_joins_keeps_the_voter_they_were() {
    let arena = TestArena::of_two_instant().await;
    let browser = arena.voter();
    let open = arena.complete_battle(&browser).await;

    browser.joins("ada", PASSWORD).await.location();
    browser.votes(&open, "tie").await.location();

    assert_eq!(arena.number("select count(*) from voters").await, 1);
    assert_eq!(arena.number("select count(*) from votes join accounts using (voter_id)").await, 1);
}

#[tokio::test]
async fn an_account_votes_as_one_voter_in_all_its_browsers() {
    let arena = TestArena::of_two_instant().await;
    let (desk, train) = (arena.voter(), arena.voter());
    let elsewhere = arena.complete_battle(&train).await;
    train.votes(&elsewhere, "left").await.location();
    desk.joins("ada", PASSWORD).await.location();
    train.signs_in("ada", PASSWORD).await.location();

    for browser in [&desk, &train] {
        let id = arena.complete_battle(browser).await;
        browser.votes(&id, "tie").await.location();
    }

    let voters = "select count(distinct voter_id) from votes where verdict = 'tie'";
    assert_eq!(arena.number(voters).await, 1);
}

#[tokio::test]
async fn who_signs_out_leaves_nothing_for_the_next_one() {
    let arena = TestArena::of_two_instant().await;
    let browser = arena.voter();
    browser.joins("ada", PASSWORD).await.location();
    let id = arena.complete_battle(&browser).await;

    assert_eq!(browser.posts("/sign-out", &[]).await.location(), "/");

    assert_eq!(browser.gets(&format!("/battles/{id}")).await.status, 404);
    assert!(browser.sees("/me").await.contains("You are not signed in"));
    browser.signs_in("ada", PASSWORD).await.location();
    assert_eq!(browser.gets(&format!("/battles/{id}")).await.status, 200);
}

#[tokio::test]
async fn an_anonymous_browser_cannot_sign_out_of_its_battles() {
    let arena = TestArena::of_two_instant().await;
    let browser = arena.voter();
    let id = arena.complete_battle(&browser).await;

    browser.posts("/sign-out", &[]).await.location();

    browser.votes(&id, "left").await.location();
}

#[tokio::test]
async fn twenty_people_who_sign_in_at_once_all_get_in() {
    let arena = TestArena::of_two_instant().await;
    arena.voter().joins("ada", PASSWORD).await.location();
    let browsers: Vec<_> = (0..20).map(|_| arena.voter()).collect();

    let replies = browsers.iter().map(|browser| browser.signs_in("ada", PASSWORD));
    let replies = futures_util::future::join_all(replies).await;

    assert!(replies.iter().all(|reply| reply.status == 303), "{replies:?}");
    assert_eq!(
        arena.number("select count(*) from sessions where account_id is not null").await,
        21
    );
}
