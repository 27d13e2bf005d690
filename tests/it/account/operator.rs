//! What the operator does on the command line.

use super::PASSWORD;
use crate::arena::TestArena;

#[tokio::test]
async fn codes_are_listed_with_their_state_and_never_shown_again() {
    let arena = TestArena::of_two_instant().await;
    let (_, first) = arena.operator(&["invites", "new", "--note", "the newsroom"]).await;
    let code = first.lines().next().unwrap();
    arena.operator(&["invites", "new", "--uses", "5", "--days", "2"]).await;
    arena.voter().joins_with("ada", PASSWORD, code).await.location();
    assert!(arena.operator(&["invites", "revoke", "2"]).await.0);

    let (done, listed) = arena.operator(&["invites", "list"]).await;

    assert!(done, "{listed}");
    let lines: Vec<_> = listed.lines().map(str::trim).collect();
    assert_eq!(lines[0], "1  1 of 1 uses  used up  the newsroom  entered by ada");
    assert!(lines[1].starts_with("2  0 of 5 uses  withdrawn 20"), "{listed}");
    assert!(!listed.contains(code), "{listed}");
    assert!(!arena.operator(&["invites", "revoke", "2"]).await.0, "once is enough");
    assert!(!arena.operator(&["invites", "new", "--uses", "0"]).await.0);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_all_sessions_end() {
    let arena = TestArena::of_two_instant().await;
    let browser = arena.voter();
    browser.joins("ada", PASSWORD).await.location();

    let (done, said) = arena.operator(&["accounts", "set-password", "ADA"]).await;

    assert!(done, "{said}");
    let new = said.lines().next().unwrap();
    assert!(browser.sees("/me").await.contains("You are not signed in"));
    assert_eq!(browser.signs_in("ada", PASSWORD).await.status, 422);
    browser.signs_in("ada", new).await.location();
    let (_, listed) = arena.operator(&["accounts", "list"]).await;
    assert!(listed.starts_with("ada ") && listed.contains("registered"), "{listed}");
    assert!(listed.trim().ends_with("0 votes  1 session"), "{listed}");
}

#[tokio::test]
async fn sessions_are_revoked_and_accounts_removed() {
    let arena = TestArena::of_two_instant().await;
    let browser = arena.voter();
    browser.joins("ada", PASSWORD).await.location();
    arena.complete_battle(&browser).await;

    assert!(arena.operator(&["accounts", "revoke-sessions", "ada"]).await.0);
    assert!(browser.sees("/me").await.contains("You are not signed in"));

    assert!(arena.operator(&["accounts", "remove", "ada"]).await.0);
    assert_eq!(browser.signs_in("ada", PASSWORD).await.status, 422);
    assert_eq!(arena.number("select count(*) from turns where prompt <> '(erased)'").await, 0);
    let (done, said) = arena.operator(&["accounts", "remove", "ada"]).await;
    assert!(!done && said.contains("there is no account ada"), "{said}");
}
