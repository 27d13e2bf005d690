//! An arena to play in: a server on a port of its own over a database of its own, with scripted
//! models. What a person does at it is in `voter`, what a model does in `scripted`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests, and the attack suite that includes this file"
)]

mod history;
mod scripted;
mod server;
mod voter;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arena_core::ids::{ModelId, Side};
use arena_core::sampling::Sampling;
use doubleblind::account::Gate;
use doubleblind::battle::{self, Limits, Ring};
use doubleblind::config::{Allowances, Answering};
use doubleblind::inference::{Engine, Engines};
use doubleblind::journal::Journal;
use doubleblind::kit::language::Languages;
use doubleblind::pool::{self, GgufFile, Model, Policy, Source};
use doubleblind::ranking::{Boards, Published};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use time::OffsetDateTime;
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use crate::database::{TestDatabase, database};

pub(crate) use scripted::{Script, Scripted};
use server::Server;
pub(crate) use voter::{Event, Frames, Reply, Voter, client};

/// Longest wait for anything; waits end as soon as they can.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);
/// Number of a process that is not the server of an arena, which has 0.
pub(crate) const ANOTHER_HOST: i64 = 1;
/// The instruction of test arenas.
pub(crate) const SYSTEM_PROMPT: &str = "Answer as the test says.";

/// A test takes up to ten connections, and the shared cluster has 64: more arenas wait their turn.
static PLACES: Semaphore = Semaphore::const_new(6);

/// A running arena. Server, jobs and database end with it.
pub(crate) struct TestArena {
    // Fields are dropped in this order: the server before its database.
    server: Server,
    pub(crate) engines: Engines,
    db: PgPool,
    database: TestDatabase,
    /// Key and anchor of the log.
    pub(crate) data: PathBuf,
    answering: Answering,
    limits: Limits,
    allowances: Allowances,
    questions: AtomicU64,
    _place: SemaphorePermit<'static>,
}

impl Drop for TestArena {
    fn drop(&mut self) {
        self.server.stop();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// A battle as the database has it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(crate) struct BattleRow {
    pub(crate) left_model_id: Uuid,
    pub(crate) right_model_id: Uuid,
    pub(crate) p_draw: f64,
    pub(crate) question_id: Option<i64>,
    pub(crate) state: String,
    pub(crate) void_reason: Option<String>,
}

/// One attempt at an answer as the database has it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(crate) struct AnswerRow {
    pub(crate) turn: i16,
    pub(crate) side: String,
    pub(crate) attempt: i16,
    pub(crate) model_id: Uuid,
    pub(crate) outcome: String,
    pub(crate) failure: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) seed: i64,
}

impl TestArena {
    /// An arena without models.
    pub(crate) async fn open() -> Self {
        Self::with_deadline(Duration::from_secs(60)).await
    }

    /// An arena in which only so many battles may be in progress.
    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::with(Duration::from_secs(60), Duration::from_millis(50), limits).await
    }

    /// An arena of Aster and Birch, who answer at once, in which voters may do so much.
    pub(crate) async fn with_allowances(allowances: Allowances) -> Self {
        let arena = Self::allowing(allowances).await;
        arena.join(model("Aster"), &Scripted::saying("one")).await;
        arena.join(model("Birch"), &Scripted::saying("two")).await;
        arena
    }

    /// An arena without models in which voters may do so much.
    pub(crate) async fn allowing(allowances: Allowances) -> Self {
        let (deadline, step) = (Duration::from_secs(60), Duration::from_millis(50));
        Self::of(deadline, step, (server::MANY, allowances)).await
    }

    /// An arena whose answers fail after the given time of being watched.
    pub(crate) async fn with_deadline(deadline: Duration) -> Self {
        Self::with(deadline, Duration::from_millis(50), server::MANY).await
    }

    /// An arena that tells failures at multiples of this time.
    pub(crate) async fn with_failure_step(step: Duration) -> Self {
        Self::with(Duration::from_secs(60), step, server::MANY).await
    }

    async fn with(deadline: Duration, failure_step: Duration, limits: Limits) -> Self {
        Self::of(deadline, failure_step, (limits, Allowances::ample())).await
    }

    async fn of(
        deadline: Duration,
        failure_step: Duration,
        (limits, allowances): (Limits, Allowances),
    ) -> Self {
        let place = PLACES.acquire().await.unwrap();
        let database = database().await;
        let db = PgPoolOptions::new().max_connections(2).connect_lazy(&database.url()).unwrap();
        let answering = Answering {
            system_prompt: SYSTEM_PROMPT.to_owned(),
            sampling: Sampling::default(),
            deadline,
            failure_step,
        };
        let engines = Engines::default();
        let data = std::env::temp_dir().join(format!("arena-{}", Uuid::new_v4()));
        let url = database.serving_url();
        let server = Server::start((&url, &data), &engines, &answering, (limits, allowances));
        Self {
            server,
            engines,
            db,
            database,
            data,
            answering,
            limits,
            allowances,
            questions: AtomicU64::new(0),
            _place: place,
        }
    }

    /// An arena of two models, Aster and Birch.
    pub(crate) async fn of_two(aster: &Arc<Scripted>, birch: &Arc<Scripted>) -> Self {
        let arena = Self::open().await;
        arena.join(model("Aster"), aster).await;
        arena.join(model("Birch"), birch).await;
        arena
    }

    /// An arena of two models that answer at once, each with a text of its own.
    pub(crate) async fn of_two_instant() -> Self {
        Self::of_two(&Scripted::saying("one"), &Scripted::saying("two")).await
    }

    /// Adds a model that is ready at once.
    pub(crate) async fn join(&self, model: Model, engine: &Arc<Scripted>) -> ModelId {
        pool::add(&mut self.db.acquire().await.unwrap(), &model).await.unwrap();
        self.engines.put(model.id, Arc::clone(engine) as Arc<dyn Engine>);
        model.id
    }

    /// A browser that has not been here before.
    pub(crate) fn voter(&self) -> Voter {
        Voter::new(self.address())
    }

    /// A browser that has somebody's cookie.
    pub(crate) fn voter_with(&self, cookie: &str) -> Voter {
        Voter::with_cookie(self.address(), cookie)
    }

    /// What the operator does on the command line; whether it went well, and what was said.
    pub(crate) async fn operator(&self, arguments: &[&str]) -> (bool, String) {
        let done = tokio::process::Command::new(env!("CARGO_BIN_EXE_doubleblind"))
            .args(arguments)
            .env("DATABASE_URL", self.database.url())
            .env("DOUBLEBLIND_DATA", &self.data)
            .output()
            .await
            .unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8(said).unwrap())
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        self.server.address.to_string()
    }

    /// Connections of the test itself.
    pub(crate) fn db(&self) -> PgPool {
        self.db.clone()
    }

    /// What the server's pages read boards from.
    pub(crate) fn boards(&self) -> Boards {
        self.server.boards.clone()
    }

    /// What battles need, as the server has it.
    pub(crate) fn ring(&self) -> Ring {
        Ring {
            db: self.db(),
            engines: self.engines.clone(),
            hub: self.server.hub.clone(),
            answering: self.answering.clone(),
            limits: Limits::default(),
            journal: self.journal(),
            host: 0,
            policy: self.policy(),
            languages: Languages::default(),
        }
    }

    /// The connection URL that the server uses.
    pub(crate) fn serving_url(&self) -> String {
        self.database.serving_url()
    }

    /// The server's journal.
    pub(crate) fn journal(&self) -> Journal {
        self.server.journal.clone()
    }

    /// The server's gate.
    pub(crate) fn gate(&self) -> Gate {
        self.server.gate.clone()
    }

    /// The weights in force.
    pub(crate) fn policy(&self) -> Policy {
        self.server.policy.clone()
    }

    /// The board that pages show now.
    pub(crate) fn board(&self) -> Arc<Published> {
        self.server.boards.current()
    }

    /// Waits until the board in force is as described.
    pub(crate) async fn board_when(&self, is: impl Fn(&Published) -> bool) -> Arc<Published> {
        eventually("the board is as expected", async || {
            let board = self.board();
            is(&board).then_some(board)
        })
        .await
    }

    /// Waits until a whole computation over so many votes, all of which count, is in force.
    pub(crate) async fn whole_board(&self, votes: u64) -> Arc<Published> {
        self.board_when(|board| (board.board.votes, board.board.used_votes) == (votes, votes)).await
    }

    /// Ends the server in the middle of what it does, and starts another one on the same database.
    pub(crate) async fn restart(&mut self) {
        self.server.stop();
        battle::job::settle_interrupted(&self.db, ANOTHER_HOST).await.unwrap();
        let may = (self.limits, self.allowances);
        let place = (&*self.database.serving_url(), &*self.data);
        self.server = Server::start(place, &self.engines, &self.answering, may);
    }

    /// How many battles are being written.
    pub(crate) fn battles_in_progress(&self) -> usize {
        self.server.hub.count()
    }

    /// The row of a battle.
    pub(crate) async fn battle(&self, id: &str) -> BattleRow {
        sqlx::query_as(
            "select left_model_id, right_model_id, p_draw, question_id, state, void_reason
             from battles where battle_id = $1",
        )
        .bind(id.parse::<Uuid>().unwrap())
        .fetch_one(&self.db)
        .await
        .unwrap()
    }

    /// All attempts of a battle in the order turn, attempt, side.
    pub(crate) async fn answers(&self, id: &str) -> Vec<AnswerRow> {
        sqlx::query_as(
            "select turn, side, attempt, model_id, outcome, failure, body, seed from answers
             where battle_id = $1 order by turn, attempt, side",
        )
        .bind(id.parse::<Uuid>().unwrap())
        .fetch_all(&self.db)
        .await
        .unwrap()
    }

    /// One number.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.db).await.unwrap()
    }

    /// Waits until a battle is in a state.
    pub(crate) async fn when(&self, id: &str, state: &str) {
        eventually(&format!("battle {id} is {state}"), async || {
            (self.battle(id).await.state == state).then_some(())
        })
        .await;
    }

    /// Which side a model has in a battle.
    pub(crate) async fn side_of(&self, id: &str, model: ModelId) -> Side {
        let battle = self.battle(id).await;
        assert!(battle.left_model_id == model.0 || battle.right_model_id == model.0);
        if battle.left_model_id == model.0 { Side::Left } else { Side::Right }
    }

    /// A voter's battle whose answers are complete; each has a question of its own, as few votes a month count on one.
    pub(crate) async fn complete_battle(&self, voter: &Voter) -> String {
        let id = match self.questions.fetch_add(1, Ordering::Relaxed) {
            0 => voter.asks("What is a comet?").await,
            number => voter.asks(&format!("What is a comet? ({number})")).await,
        };
        self.when(&id, "complete").await;
        id
    }
}

/// A battle's page without its seal, which is random.
pub(crate) fn without_seal(page: &str) -> String {
    let (before, rest) = page.split_once("<details class=\"sealed\"").expect("the page has a seal");
    let (_, after) = rest.split_once("</details>").unwrap();
    format!("{before}{after}")
}

/// A model of the pool with made-up origins; its name decides its file and digest.
pub(crate) fn model(name: &str) -> Model {
    Model {
        id: ModelId(Uuid::new_v4()),
        name: name.to_owned(),
        maker: format!("{name} Works"),
        country: "FR".to_owned(),
        licence: "Apache-2.0".to_owned(),
        base_model: None,
        context_tokens: 4096,
        source: Source::File(weights(name)),
        weight: 1,
        retired_at: None,
        quarantine: None,
    }
}

/// A made-up file; the name decides its place and digest.
pub(crate) fn weights(name: &str) -> GgufFile {
    GgufFile {
        architecture: "llama".to_owned(),
        parameter_count: 1_500_000_000,
        quantization: "Q4_K_M".to_owned(),
        path: PathBuf::from(format!("models/{name}.gguf")),
        size_bytes: 1_000_000,
        modified_at: OffsetDateTime::UNIX_EPOCH,
        sha256: hex::encode(Sha256::digest(name.as_bytes())),
        chat_template: None,
        template_source: "file".to_owned(),
    }
}

/// Waits until a condition yields something, and says which condition never did.
pub(crate) async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + LIMIT;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < give_up, "waited {LIMIT:?} in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
