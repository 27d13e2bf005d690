//! How much may be done a minute and a day, by whom, and what the others are told.

use std::time::Duration;

use doubleblind::config::{Allowances, ByTier};

use super::PASSWORD;
use crate::arena::{Reply, TestArena, Voter};

const HOME: (&str, &str) = ("X-Forwarded-For", "203.0.113.9");
const NEIGHBOUR: (&str, &str) = ("X-Forwarded-For", "203.0.113.200");
const ELSEWHERE: (&str, &str) = ("X-Forwarded-For", "198.51.100.1");

async fn asks_from(voter: &Voter, from: (&str, &str)) -> Reply {
    voter.posts_with(from, "/battles", &[("prompt", "What is a comet?")]).await
}

fn seconds(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 429, "{}", reply.body);
    reply.headers["retry-after"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_battle_too_many_in_a_minute_is_told_when_and_costs_nothing() {
    let may = Allowances { battles_a_minute: ByTier::all(2), ..Allowances::ample() };
    let arena = TestArena::with_allowances(may).await;
    let (hasty, other) = (arena.voter(), arena.voter());
    let kept = arena.complete_battle(&hasty).await;
    arena.complete_battle(&hasty).await;

    let third = hasty.posts("/battles", &[("prompt", "And a third?")]).await;

    assert!((1..=31).contains(&seconds(&third)), "{third:?}");
    assert!(third.body.contains("There are at most 2 battles a minute; none was opened now"));
    assert!(third.body.contains("Try again in"), "{}", third.body);
    assert_eq!(arena.number("select count(*) from battles").await, 2);
    hasty.votes(&kept, "left").await.location();
    arena.complete_battle(&other).await;
}

#[tokio::test]
async fn further_turns_use_the_same_allowance() {
    let may = Allowances { battles_a_minute: ByTier::all(2), ..Allowances::ample() };
    let arena = TestArena::with_allowances(may).await;
    let voter = arena.voter();
    let id = arena.complete_battle(&voter).await;
    voter.asks_on(&id, "And its tail?").await.location();
    arena.when(&id, "complete").await;

    let second = voter.asks_on(&id, "And its head?").await;

    seconds(&second);
    assert!(second.body.contains("the battle with its answers is kept"), "{}", second.body);
    assert_eq!(arena.battle(&id).await.state, "complete");
    voter.votes(&id, "left").await.location();
}

#[tokio::test]
async fn a_vote_too_many_in_a_minute_can_be_cast_later() {
    let may = Allowances { votes_a_minute: ByTier::all(1), ..Allowances::ample() };
    let arena = TestArena::with_allowances(may).await;
    let voter = arena.voter();
    let (first, second) =
        (arena.complete_battle(&voter).await, arena.complete_battle(&voter).await);
    voter.votes(&first, "left").await.location();

    let hasty = voter.votes(&second, "left").await;

    assert!(seconds(&hasty) <= 61);
    assert!(hasty.body.contains("this one was not recorded"), "{}", hasty.body);
    assert!(hasty.body.contains(&format!("href=\"/battles/{second}\"")), "{}", hasty.body);
    assert_eq!(arena.number("select count(*) from votes").await, 1);
    assert_eq!(arena.battle(&second).await.state, "complete");
}

#[tokio::test]
async fn a_day_has_more_battles_for_those_who_are_better_known() {
    let a_day = ByTier { anonymous: 1, registered: 3, invited: 4 };
    let arena =
        TestArena::with_allowances(Allowances { battles_a_day: a_day, ..Allowances::ample() })
            .await;
    let voter = arena.voter();
    arena.complete_battle(&voter).await;

    let anonymous = voter.posts("/battles", &[("prompt", "Another?")]).await;
    voter.joins("ada", PASSWORD).await.location();
    arena.complete_battle(&voter).await;
    arena.complete_battle(&voter).await;
    let registered = voter.posts("/battles", &[("prompt", "Another?")]).await;
    let (_, code) = arena.operator(&["invites", "new"]).await;
    let code = code.lines().next().unwrap().to_owned();
    voter.posts("/me/code", &[("code", &code)]).await.location();
    arena.complete_battle(&voter).await;
    let invited = voter.posts("/battles", &[("prompt", "Another?")]).await;

    assert!(seconds(&anonymous) <= 86_400);
    assert!(anonymous.body.contains("You have opened 1 battles today, which is what anonymous"));
    assert!(anonymous.body.contains("href=\"/join\""), "{}", anonymous.body);
    assert!(registered.body.contains("which is what registered voters have"));
    assert!(registered.body.contains("Invited voters have more"), "{}", registered.body);
    seconds(&invited);
    assert_eq!(arena.number("select count(*) from battles").await, 4);
}

#[tokio::test]
async fn yesterdays_battles_are_not_todays() {
    let may = Allowances { battles_a_day: ByTier::all(1), ..Allowances::ample() };
    let arena = TestArena::with_allowances(may).await;
    let voter = arena.voter();
    arena.complete_battle(&voter).await;
    seconds(&voter.posts("/battles", &[("prompt", "Another?")]).await);

    let midnight =
        "update battles set opened_at = date_trunc('day', now(), 'UTC') - interval '1 second'";
    sqlx::query(midnight).execute(&arena.db()).await.unwrap();

    arena.complete_battle(&voter).await;
}

#[tokio::test]
async fn a_day_counts_all_browsers_of_an_account() {
    let may = Allowances { battles_a_day: ByTier::all(2), ..Allowances::ample() };
    let arena = TestArena::with_allowances(may).await;
    let (desk, train) = (arena.voter(), arena.voter());
    arena.complete_battle(&train).await;
    desk.joins("ada", PASSWORD).await.location();
    train.signs_in("ada", PASSWORD).await.location();
    arena.complete_battle(&desk).await;

    for browser in [&desk, &train] {
        seconds(&browser.posts("/battles", &[("prompt", "Another?")]).await);
    }
}

#[tokio::test]
async fn a_network_has_a_larger_allowance_that_new_browsers_do_not_renew() {
    let a_day =
        Allowances { battles_a_day: ByTier::all(1), network_factor: 2, ..Allowances::ample() };
    let arena = TestArena::with_allowances(a_day).await;

    asks_from(&arena.voter(), HOME).await.location();
    asks_from(&arena.voter(), NEIGHBOUR).await.location();
    let third = asks_from(&arena.voter(), HOME).await;
    let elsewhere = asks_from(&arena.voter(), ELSEWHERE).await;

    seconds(&third);
    assert!(third.body.contains("So many battles were opened from your network today"));
    elsewhere.location();
    assert_eq!(arena.number("select count(distinct network) from battles").await, 2);
}

#[tokio::test]
async fn a_network_has_its_minute_too() {
    let may =
        Allowances { battles_a_minute: ByTier::all(1), network_factor: 2, ..Allowances::ample() };
    let arena = TestArena::with_allowances(may).await;

    asks_from(&arena.voter(), HOME).await.location();
    asks_from(&arena.voter(), HOME).await.location();

    seconds(&asks_from(&arena.voter(), NEIGHBOUR).await);
    asks_from(&arena.voter(), ELSEWHERE).await.location();
}

#[tokio::test]
async fn a_network_has_ten_minutes_that_do_not_bind_invited_voters() {
    let arena =
        TestArena::with_allowances(Allowances { network_battles: 2, ..Allowances::ample() }).await;
    let (guest, other) = (arena.voter(), arena.voter());

    asks_from(&guest, HOME).await.location();

    let refused = asks_from(&other, NEIGHBOUR).await;
    assert!(
        (590..=600).contains(&seconds(&refused)),
        "one at once, and the other ten minutes later"
    );
    assert!(refused.body.contains("From one network at most 2 battles"), "{}", refused.body);
    asks_from(&arena.voter(), ELSEWHERE).await.location();
    let (_, code) = arena.operator(&["invites", "new"]).await;
    let code = code.lines().next().unwrap();
    other.joins_with("grace", PASSWORD, code).await.location();
    asks_from(&other, HOME).await.location();
    arena.gate().put_forward(Duration::from_secs(600));
    asks_from(&guest, HOME).await.location();
}

#[tokio::test]
async fn what_a_client_claims_behind_its_proxy_does_not_count() {
    let a_day =
        Allowances { battles_a_day: ByTier::all(1), network_factor: 1, ..Allowances::ample() };
    let arena = TestArena::with_allowances(a_day).await;
    let forged = |n: u8| format!("8.8.{n}.8, 203.0.113.9");

    asks_from(&arena.voter(), ("X-Forwarded-For", &forged(1))).await.location();

    seconds(&asks_from(&arena.voter(), ("X-Forwarded-For", &forged(2))).await);
}

#[tokio::test]
async fn passwords_are_tried_only_so_often_from_one_network_and_under_one_name() {
    let may = Allowances { sign_ins_a_minute: 3, ..Allowances::ample() };
    let arena = TestArena::with_allowances(may).await;
    let form = |name: &'static str| [("name", name), ("password", "a wrong password")];
    let guess = async |from, name| arena.voter().posts_with(from, "/sign-in", &form(name)).await;

    for _ in 0..3 {
        assert_eq!(guess(HOME, "ada").await.status, 422);
    }

    let network = guess(NEIGHBOUR, "grace").await;
    let name = guess(ELSEWHERE, "ADA").await;
    assert!(seconds(&network) <= 21 && seconds(&name) <= 61);
    assert!(name.body.contains("That was tried too often; nothing was changed"), "{}", name.body);
    assert_eq!(guess(ELSEWHERE, "grace").await.status, 422);
    let joining = [("name", "eve"), ("password", PASSWORD)];
    seconds(&arena.voter().posts_with(HOME, "/join", &joining).await);
}
