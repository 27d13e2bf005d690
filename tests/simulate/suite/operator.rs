//! R16 and R18 on a served arena: its database and its files bent by whoever owns the machine, and votes excluded by the
//! dozen. What sees it is the start-up check, and the board that anybody computes from the leaves.

use std::path::Path;
use std::time::SystemTime;

use arena_core::journal::board::{self, Document, Exclusions, Settings};
use arena_core::journal::leaf::{Choice, Leaf};
use arena_core::journal::merkle::{Frontier, leaf_hash};
use arena_core::journal::policy::Rules;
use doubleblind::config::Workers;
use doubleblind::inference::{LocalWorker, ModelFile};
use doubleblind::journal::{Journal, JournalError};
use doubleblind::pool::{self, GgufFile, Model, Source};
use doubleblind::validation;
use doubleblind::vote::exclusion;
use sha2::{Digest, Sha256};

use super::served::served;
use super::{Row, Size};
use crate::arena::{Scripted, TestArena, Voter, model, weights};

/// R16: database and files.
pub(super) fn insider(_: Size) -> Vec<Row> {
    served(async {
        let mut rows = vec![restored().await, rewritten().await];
        rows.extend(swapped().await);
        rows
    })
}

/// R18.
pub(super) fn exclusions(size: Size) -> Vec<Row> {
    served(excluded(size.pick(12, 60)))
}

/// Plays battles, each with a vote.
async fn play(arena: &TestArena, voter: &Voter, battles: usize) {
    for number in 0..battles {
        let id = arena.complete_battle(voter).await;
        let aster = arena.battle(&id).await.left_model_id;
        // Aster is preferred two times of three, on whichever side.
        let left = (aster == arena_id(arena, "Aster").await) == (number % 3 != 0);
        voter.votes(&id, if left { "left" } else { "right" }).await.location();
    }
}

async fn arena_id(arena: &TestArena, name: &'static str) -> uuid::Uuid {
    let sql = "select model_id from models where name = $1";
    sqlx::query_scalar(sql).bind(name).fetch_one(&arena.db()).await.unwrap()
}

async fn bodies(arena: &TestArena) -> Vec<Vec<u8>> {
    let sql = "select body from log_leaves order by leaf_index";
    sqlx::query_scalar(sql).fetch_all(&arena.db()).await.unwrap()
}

/// Puts other leaves into the database, tree and all, as its owner can.
async fn rewrite(arena: &TestArena, leaves: &[Vec<u8>]) {
    let mut tree = Frontier::default();
    let mut tx = arena.db().begin().await.unwrap();
    sqlx::raw_sql("alter table log_leaves disable trigger all; delete from log_leaves")
        .execute(&mut *tx)
        .await
        .unwrap();
    for (index, body) in leaves.iter().enumerate() {
        let hash = leaf_hash(body);
        tree.push(hash, 8);
        let sql = "insert into log_leaves (leaf_index, body, leaf_hash) values ($1, $2, $3)";
        let row = sqlx::query(sql).bind(index as i64).bind(body).bind(hash.to_vec());
        row.execute(&mut *tx).await.unwrap();
    }
    let sql = "update log_state set size = $1, frontier = $2";
    let state = sqlx::query(sql).bind(leaves.len() as i64).bind(tree.to_bytes());
    state.execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// Whether the arena neither signs what is there, nor takes votes after a new start.
async fn is_refused(mut arena: TestArena, voter: Voter, open: &str) -> (bool, String) {
    let signing = arena.journal().sign(&arena.db()).await;
    let unsigned = matches!(signing, Err(JournalError::RolledBack(_)));
    arena.restart().await;
    let refusal: Option<String> = Journal::refusal(&arena.journal());
    let vote = voter.at(arena.address()).votes(open, "left").await;
    let refused = unsigned && refusal.is_some() && vote.status == 503;
    let words = refusal.and_then(|why| why.split(": ").nth(1).map(str::to_owned));
    let words = words.and_then(|why| why.split(", and").next().map(str::to_owned));
    (refused, words.unwrap_or_default())
}

/// An old backup of the database is restored.
async fn restored() -> Row {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    let open = arena.complete_battle(&voter).await;
    let old = bodies(&arena).await;
    play(&arena, &voter, 3).await;
    arena.journal().sign(&arena.db()).await.unwrap();
    rewrite(&arena, &old).await;
    let (refused, why) = is_refused(arena, voter, &open).await;
    let result = format!("not signed, and votes refused after a start: \"{why}\"");
    start_row("restores an old backup of the database", (result, refused))
}

/// A vote is edited in the table, its hash and the tree with it.
async fn rewritten() -> Row {
    let arena = TestArena::of_two_instant().await;
    let voter = arena.voter();
    play(&arena, &voter, 3).await;
    let open = arena.complete_battle(&voter).await;
    arena.journal().sign(&arena.db()).await.unwrap();
    let mut leaves = bodies(&arena).await;
    for body in &mut leaves {
        if let Ok(Leaf::Vote(mut vote)) = Leaf::parse(body) {
            vote.o = if vote.o == Choice::L { Choice::R } else { Choice::L };
            *body = Leaf::Vote(vote).to_bytes().unwrap();
        }
    }
    rewrite(&arena, &leaves).await;
    let (refused, why) = is_refused(arena, voter, &open).await;
    let result = format!("not signed, and votes refused after a start: \"{why}\"");
    start_row("edits votes in the database, tree and all", (result, refused))
}

fn start_row(attack: &str, result: (String, bool)) -> Row {
    Row::new("R16", format!("an insider {attack}"), "once", result, "the start-up check catches it")
}

/// Another file takes the place of a model's.
async fn swapped() -> Vec<Row> {
    let folder = std::env::temp_dir().join(format!("arena-swap-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("model.gguf");
    std::fs::write(&path, vec![7; 4096]).unwrap();
    let found = path.metadata().unwrap();
    let modified = found.modified().unwrap();
    let known = ModelFile { path, size_bytes: found.len(), modified_at: modified.into() };
    let mut rows = Vec::new();
    for (how, size, time) in [
        ("of another size", 4097, Some(modified)),
        ("of the same size", 4096, None),
        ("of the same size, its time set back", 4096, Some(modified)),
    ] {
        swap(&known.path, size, time);
        let workers = Workers::running(folder.join("no-such-worker"));
        let worker = LocalWorker::start("swapped", known.clone(), None, &workers);
        let unstarted = worker.wait_ready().await.unwrap_err().to_string().contains("has changed");
        let kept_out = is_kept_out(&known).await;
        let start =
            if unstarted { "not started: the file has changed" } else { "its worker starts" };
        let read = if kept_out { "in quarantine once it is read" } else { "not noticed" };
        let attack = format!("swaps a model's file for one {how}");
        rows.push(start_row(&attack, (format!("{start}; {read}"), unstarted || kept_out)));
    }
    let _ = std::fs::remove_dir_all(&folder);
    rows
}

/// Whether reading all files, as every start and every day does, keeps the model out.
async fn is_kept_out(known: &ModelFile) -> bool {
    let arena = TestArena::open().await;
    let file = GgufFile {
        path: known.path.clone(),
        size_bytes: 4096,
        modified_at: known.modified_at,
        sha256: hex::encode(Sha256::digest([7; 4096])),
        ..weights("Aster")
    };
    let entry = Model { source: Source::File(file), ..model("Aster") };
    pool::add(&mut arena.db().acquire().await.unwrap(), &entry).await.unwrap();
    let changed = validation::recheck::recheck_files(&arena.db()).await.unwrap();
    let held = "select count(*) from quarantines where reason = 'changed' and released_at is null";
    changed == [entry.id] && arena.number(held).await == 1
}

/// Puts another file in place, with the time of the first one or with its own.
fn swap(path: &Path, size: usize, time: Option<SystemTime>) {
    std::fs::write(path, vec![9; size]).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let own = SystemTime::now() + std::time::Duration::from_secs(5);
    file.set_modified(time.unwrap_or(own)).unwrap();
}

/// The operator excludes most votes for one model, with a word for a rule.
async fn excluded(votes: usize) -> Vec<Row> {
    let arena = TestArena::open().await;
    let names = ["Aster", "Birch"];
    for name in names {
        arena.join(model(name), &Scripted::saying(name)).await;
    }
    play(&arena, &arena.voter(), votes).await;
    let before = bodies(&arena).await;
    let aster = arena_id(&arena, "Aster").await;
    let targets = votes_for(&before, aster);
    let targets = &targets[..targets.len() * 4 / 5];
    exclusion::exclude(&arena.db(), &arena.journal(), targets, "not plausible").await.unwrap();
    let after = bodies(&arena).await;
    let (first, with, without) = (
        compute(&before, Exclusions::Honoured),
        compute(&after, Exclusions::Ignored),
        compute(&after, Exclusions::Honoured),
    );
    let mut rulings = after.iter().filter_map(|body| match Leaf::parse(body) {
        Ok(Leaf::Exclude(ruling)) => Some(ruling),
        _ => None,
    });
    let leaves = after.len() - before.len();
    let told = rulings.all(|ruling| !ruling.rule.is_empty() && targets.contains(&ruling.i));
    let wins = |board: &Document| board.models.iter().map(|row| (row.id, row.wins)).max();
    let of_aster = |board: &Document| {
        board.models.iter().find(|row| row.id.0 == aster).map(|row| (row.wins, row.rating))
    };
    let unmoved = first.models == with.models && wins(&first) == wins(&with);
    let passed = told
        && leaves == targets.len()
        && without.counts.excluded == targets.len() as u64
        && without.excluded_by == [("not plausible".to_owned(), targets.len() as u64)]
        && unmoved
        && of_aster(&with) != of_aster(&without);
    let (with, without) = (of_aster(&with).unwrap(), of_aster(&without).unwrap());
    let result = format!(
        "{leaves} leaves with a rule for {} exclusions; wins of the model with them {}, without {}; the board without \
         them is that of before",
        targets.len(),
        without.0,
        with.0
    );
    let attack = "mass exclusion by the operator: 80 % of the votes for one model";
    let mark = "board with and without; every exclusion has rule and leaf";
    vec![Row::new(
        "R18",
        attack,
        format!("{} of {votes} votes", targets.len()),
        (result, passed),
        mark,
    )]
}

/// Leaves of votes that a model won.
fn votes_for(leaves: &[Vec<u8>], model: uuid::Uuid) -> Vec<u64> {
    use arena_core::journal::commitment::Reveal;
    let won = |body: &Vec<u8>| match Leaf::parse(body) {
        Ok(Leaf::Vote(vote)) => Reveal::parse(&vote.rev).is_some_and(|reveal| match vote.o {
            Choice::L => reveal.l.0 == model,
            Choice::R => reveal.r.0 == model,
            _ => false,
        }),
        _ => false,
    };
    (0..leaves.len()).filter(|at| won(&leaves[*at])).map(|at| at as u64).collect()
}

fn compute(leaves: &[Vec<u8>], exclusions: Exclusions) -> Document {
    let settings =
        Settings { exclusions, draws: 100, ..Settings::of(&Rules::default(), 1, "simulate") };
    let leaves = leaves.iter().enumerate();
    let leaves = leaves.map(|(index, body)| (index as u64, Leaf::parse(body).unwrap()));
    let board = board::compute(leaves, &settings).unwrap();
    Document::parse(std::str::from_utf8(&board).unwrap()).unwrap()
}
