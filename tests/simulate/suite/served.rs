//! R8, R12 and R14 over HTTP and SQL: a served arena with scripted models and a database of its own.

use std::collections::HashMap;

use doubleblind::pool::{self, PoolError};
use futures_util::future::join_all;
use uuid::Uuid;

use super::identity::{MODELS, answers};
use super::{Row, Size};
use crate::arena::{Script, Scripted, TestArena, Voter, model, weights};

/// Runs something that waits on a runtime of its own.
pub(super) fn served<T>(rows: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(rows)
}

pub(super) fn identity(size: Size) -> Vec<Row> {
    served(identities(size.pick(20, 250)))
}

/// Every answer of these battles says who wrote it; every battle gets a vote.
async fn identities(battles: usize) -> Vec<Row> {
    let arena = TestArena::open().await;
    let mut by_model: HashMap<usize, Vec<Script>> = HashMap::new();
    for (model, text) in answers(2_000) {
        by_model.entry(model).or_default().push(Script::says(&text));
    }
    for (place, (name, _, maker)) in MODELS.iter().enumerate() {
        let entry = pool::Model { maker: (*maker).to_owned(), ..model(name) };
        arena.join(entry, &Scripted::in_turn(by_model.remove(&place).unwrap_or_default())).await;
    }
    let voters: Vec<Voter> = (0..10).map(|_| arena.voter()).collect();
    let play = async |voter: &Voter| {
        for _ in 0..battles / 10 {
            let id = voter.asks("Who are you?").await;
            arena.when(&id, "complete").await;
            voter.votes(&id, "left").await.location();
        }
    };
    join_all(voters.iter().map(play)).await;
    let votes = arena.number("select count(*) from votes").await;
    let counted = arena.number("select coalesce(sum(votes), 0)::bigint from vote_counts").await;
    let result = format!("{votes} votes recorded, {counted} of them counted");
    let passed = counted == 0 && votes == battles as i64 / 10 * 10;
    let attack = "votes on battles in which models say who they are";
    vec![Row::new("R8", attack, format!("{votes} battles"), (result, passed), "0 counted")]
}

pub(super) fn doubles(size: Size) -> Vec<Row> {
    served(double_votes(size.pick((4, 400), (20, 100_000))))
}

/// What a request tries to add a vote with.
const KINDS: [&str; 5] = ["again", "the opposite", "another's battle", "a made-up battle", "no id"];

async fn double_votes((voters, requests): (usize, usize)) -> Vec<Row> {
    const BATTLES: usize = 5;
    let arena = TestArena::of_two_instant().await;
    let voters: Vec<Voter> = (0..voters).map(|_| arena.voter()).collect();
    let battles = join_all(voters.iter().map(|voter| raced(&arena, voter, BATTLES))).await;
    let expected = (voters.len() * BATTLES) as i64;
    let after_race = arena.number("select count(*) from votes").await;
    let verdicts = arena.number("select count(*) from votes where verdict = 'left'").await;
    let each = requests / voters.len();
    let accepted = join_all((0..voters.len()).map(|at| harass(&voters, &battles, at, each))).await;
    let votes = arena.number("select count(*) from votes").await;
    let counted = arena.number("select coalesce(sum(votes), 0)::bigint from vote_counts").await;
    let left = arena.number("select count(*) from votes where verdict = 'left'").await;
    let extra = votes - expected;
    let raced = voters.len() * BATTLES * 8;
    let sum: usize = accepted.iter().sum();
    let result = format!(
        "{extra} extra votes; {counted} counted of {expected}; {sum} requests that were no repetition accepted"
    );
    let passed =
        extra == 0 && after_race == expected && counted == expected && left == verdicts && sum == 0;
    let attack = "double votes, races, replayed requests, forged ids";
    let budget = format!("{} requests", each * voters.len() + raced);
    vec![Row::new("R12", attack, budget, (result, passed), "0 extra votes")]
}

/// Plays battles and races for the first vote of each: both verdicts at once, four times each.
async fn raced(arena: &TestArena, voter: &Voter, battles: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..battles {
        let id = arena.complete_battle(voter).await;
        let verdicts = ["left", "right"].repeat(4);
        join_all(verdicts.into_iter().map(|verdict| voter.votes(&id, verdict))).await;
        ids.push(id);
    }
    ids
}

/// One voter's requests; how many were accepted that say something else than the vote that is there.
async fn harass(voters: &[Voter], battles: &[Vec<String>], at: usize, requests: usize) -> usize {
    let mut accepted = 0;
    for number in 0..requests {
        let own = &battles[at][number / KINDS.len() % battles[at].len()];
        let verdict = if number / 2 % 2 == 0 { "left" } else { "right" };
        let other = &battles[(at + 1) % voters.len()][number % battles[at].len()];
        let reply = match number % KINDS.len() {
            0 | 1 => voters[at].votes(own, verdict).await,
            2 => voters[at].votes(other, verdict).await,
            3 => voters[at].votes(&Uuid::new_v4().simple().to_string(), verdict).await,
            _ => voters[at].votes(["0", "x", "%00", "..%2f"][number % 4], verdict).await,
        };
        assert!(reply.status < 500, "{number}: {}", reply.body);
        // The same vote sent again is answered as the first time, and changes nothing.
        accepted += usize::from(reply.status == 303 && number % KINDS.len() > 1);
    }
    accepted
}

pub(super) fn twins(_: Size) -> Vec<Row> {
    served(twins_refused())
}

/// The very same file ten times, under other names.
async fn twins_refused() -> Vec<Row> {
    let arena = TestArena::open().await;
    let file = weights("Aster");
    let mut refused = 0;
    let mut db = arena.db().acquire().await.unwrap();
    for number in 0..10 {
        let source = pool::Source::File(file.clone());
        let entry = pool::Model { source, ..model(&format!("Aster-{number}")) };
        let added = pool::add(&mut db, &entry).await;
        refused += usize::from(matches!(added, Err(PoolError::FileTaken(_))));
    }
    let entries = arena.number("select count(*) from models").await;
    let result = format!("{refused} refused, {entries} in the pool");
    let passed = refused == 9 && entries == 1;
    let attack = "one model ten times, the very same file";
    vec![Row::new("R14", attack, "10 submissions", (result, passed), "refused, one place")]
}
