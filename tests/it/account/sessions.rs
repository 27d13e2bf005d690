//! Sessions: a new token at every change of who it is, and an end that is an end.

use super::PASSWORD;
use crate::arena::{TestArena, Voter};

async fn is_signed_in(browser: &Voter) -> bool {
    browser.sees("/me").await.contains("You are signed in as")
}

#[tokio::test]
async fn a_session_that_was_planted_before_signing_in_is_worth_nothing_afterwards() {
    let arena = TestArena::of_two_instant().await;
    arena.voter().joins("ada", PASSWORD).await.location();
    let attacker = arena.voter();
    arena.complete_battle(&attacker).await;
    let planted = attacker.cookie().unwrap();

    for way in ["/sign-in", "/join"] {
        let victim = arena.voter_with(&planted);
        let name = if way == "/join" { "grace" } else { "ada" };
        victim.posts(way, &[("name", name), ("password", PASSWORD)]).await.location();

        assert_ne!(victim.cookie().unwrap(), planted, "{way}");
        assert!(is_signed_in(&victim).await, "{way}");
        assert!(!is_signed_in(&arena.voter_with(&planted)).await, "{way}");
    }
}

#[tokio::test]
async fn a_cookie_from_before_signing_out_is_worth_nothing_afterwards() {
    let arena = TestArena::of_two_instant().await;
    let browser = arena.voter();
    browser.joins("ada", PASSWORD).await.location();
    let stolen = browser.cookie().unwrap();
    assert!(is_signed_in(&arena.voter_with(&stolen)).await);

    browser.posts("/sign-out", &[]).await.location();

    let thief = arena.voter_with(&stolen);
    assert!(!is_signed_in(&thief).await);
    assert_eq!(arena.number("select count(*) from sessions").await, 0);
}

#[tokio::test]
async fn signing_in_again_gives_another_token() {
    let arena = TestArena::of_two_instant().await;
    let browser = arena.voter();
    browser.joins("ada", PASSWORD).await.location();
    let first = browser.cookie().unwrap();

    browser.signs_in("ada", PASSWORD).await.location();

    assert_ne!(browser.cookie().unwrap(), first);
    assert!(!is_signed_in(&arena.voter_with(&first)).await);
    assert_eq!(arena.number("select count(*) from sessions").await, 1);
}

/// The number of the session that a browser's page offers to end.
fn other_session(page: &str) -> String {
    let rest = page.split("action=\"/me/sessions/").nth(1).expect("no other session is listed");
    rest.split('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_that_its_owner_ends_is_over_at_once() {
    let arena = TestArena::of_two_instant().await;
    let (desk, lost) = (arena.voter(), arena.voter());
    desk.joins("ada", PASSWORD).await.location();
    lost.signs_in("ada", PASSWORD).await.location();
    let id = arena.complete_battle(&lost).await;

    let session = other_session(&desk.sees("/me").await);
    desk.posts(&format!("/me/sessions/{session}/end"), &[]).await.location();

    assert!(!is_signed_in(&lost).await);
    assert_eq!(lost.votes(&id, "left").await.status, 404);
    let form = [("present", PASSWORD), ("new", "another long password")];
    assert_eq!(lost.posts("/me/password", &form).await.status, 404);
    assert!(is_signed_in(&desk).await);
    let again = desk.posts(&format!("/me/sessions/{session}/end"), &[]).await;
    assert_eq!(again.status, 404, "it is as if it had never been");
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions_and_the_old_password() {
    let arena = TestArena::of_two_instant().await;
    let (desk, other) = (arena.voter(), arena.voter());
    desk.joins("ada", PASSWORD).await.location();
    other.signs_in("ada", PASSWORD).await.location();
    let before = desk.cookie().unwrap();

    let form = [("present", PASSWORD), ("new", "another long password")];
    desk.posts("/me/password", &form).await.location();

    assert!(is_signed_in(&desk).await);
    assert!(!is_signed_in(&other).await);
    assert!(!is_signed_in(&arena.voter_with(&before)).await);
    assert_eq!(arena.voter().signs_in("ada", PASSWORD).await.status, 422);
    arena.voter().signs_in("ada", "another long password").await.location();
}

#[tokio::test]
async fn a_password_is_changed_only_by_whoever_knows_the_present_one() {
    let arena = TestArena::of_two_instant().await;
    let browser = arena.voter();
    browser.joins("ada", PASSWORD).await.location();

    let guess = [("present", "a wrong password"), ("new", "another long password")];
    let reply = browser.posts("/me/password", &guess).await;
    let short = browser.posts("/me/password", &[("present", PASSWORD), ("new", "short")]).await;

    assert_eq!((reply.status, short.status), (422, 422));
    assert!(reply.body.contains("That is not your present password; nothing was changed."));
    assert!(short.body.contains("id=\"new-problem\">A password has at least 10 characters"));
    arena.voter().signs_in("ada", PASSWORD).await.location();
}

#[tokio::test]
async fn all_others_end_with_one_button() {
    let arena = TestArena::of_two_instant().await;
    let browsers = [arena.voter(), arena.voter(), arena.voter()];
    browsers[0].joins("ada", PASSWORD).await.location();
    for browser in &browsers[1..] {
        browser.signs_in("ada", PASSWORD).await.location();
    }

    browsers[0].posts("/me/sessions/end", &[]).await.location();

    assert!(is_signed_in(&browsers[0]).await);
    assert!(!is_signed_in(&browsers[1]).await && !is_signed_in(&browsers[2]).await);
}

#[tokio::test]
async fn a_session_of_an_earlier_count_is_over_even_if_its_row_is_left() {
    let arena = TestArena::of_two_instant().await;
    let browser = arena.voter();
    browser.joins("ada", PASSWORD).await.location();

    // As when somebody signs in with the old password at the moment in which it is replaced.
    let count = "update accounts set session_epoch = session_epoch + 1";
    sqlx::query(count).execute(&arena.db()).await.unwrap();

    assert!(!is_signed_in(&browser).await);
    assert_eq!(arena.number("select count(*) from sessions").await, 1);
}

#[tokio::test]
async fn of_a_browser_one_coarse_word_is_stored() {
    let arena = TestArena::of_two_instant().await;
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let form = [("name", "ada"), ("password", PASSWORD)];

    arena.voter().posts_with(("User-Agent", agent), "/join", &form).await.location();

    let device = sqlx::query_scalar::<_, String>("select device from sessions");
    assert_eq!(device.fetch_one(&arena.db()).await.unwrap(), "Firefox");
    let hours = "select count(*) from sessions where made_at <> date_trunc('hour', made_at)
                 or seen_at <> date_trunc('hour', seen_at)";
    assert_eq!(arena.number(hours).await, 0);
}
