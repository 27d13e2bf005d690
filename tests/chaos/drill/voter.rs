//! One voter in a browser of their own: opens battles, waits, votes, and keeps what is acknowledged. Some are
//! unruly: they send things several times, at once, too early, and in the wrong order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use arena_core::ids::BattleId;
use arena_core::verdict::Verdict;
use futures_util::future::join_all;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use reqwest::{Client, Response};

use super::ledger::Ledger;
use super::replies::{Reply, Seen, client, reason};

/// How often a voter looks at a battle.
const LOOK_EVERY: Duration = Duration::from_millis(120);
/// After something that was refused.
const AGAIN: Duration = Duration::from_millis(150);
/// A battle that is being written for longer, while the arena answers, is stuck: answers have 20 seconds, the
/// sweeper comes every 30.
const STUCK_AFTER: Duration = Duration::from_secs(75);
/// How long a voter goes on after the end of the drill.
const PATIENCE: Duration = Duration::from_secs(80);
/// Refusals in a row after which a voter comes back as somebody else.
const FED_UP: u32 = 60;
/// Retries of one pair.
const RETRIES: u32 = 2;

/// How a voter behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    Usual,
    Unruly,
}

/// One voter.
pub(crate) struct Voter {
    http: Client,
    bases: Arc<[String]>,
    random: Xoshiro256PlusPlus,
    ledger: Arc<Ledger>,
    over: Arc<AtomicBool>,
    ended: Option<Instant>,
    manners: Manners,
    refusals: u32,
}

impl Voter {
    pub(crate) fn new(
        seed: u64,
        (bases, manners): (Arc<[String]>, Manners),
        ledger: Arc<Ledger>,
        over: Arc<AtomicBool>,
    ) -> Result<Self> {
        Ok(Self {
            http: client().cookie_store(true).build()?,
            bases,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            ledger,
            over,
            ended: None,
            manners,
            refusals: 0,
        })
    }

    /// Plays battles until the drill is over, and ends the last one.
    pub(crate) async fn plays(mut self) -> Result<()> {
        while !self.over.load(Ordering::Relaxed) {
            match self.opens().await {
                Some(battle) => {
                    self.refusals = 0;
                    self.judges(battle).await;
                }
                None => {
                    self.refusals += 1;
                    if self.refusals >= FED_UP {
                        self.http = client().cookie_store(true).build()?;
                        self.refusals = 0;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        Ok(())
    }

    /// Whether this happens now, with one probability for the usual and one for the unruly.
    fn happens(&mut self, usual: f64, unruly: f64) -> bool {
        self.random.random_bool(if self.manners == Manners::Unruly { unruly } else { usual })
    }

    /// Whether it is high time to go home.
    fn must_go(&mut self) -> bool {
        if !self.over.load(Ordering::Relaxed) {
            return false;
        }
        self.ended.get_or_insert_with(Instant::now).elapsed() > PATIENCE
    }

    /// An address, at any of the processes that serve the arena.
    fn at(&mut self, path: &str) -> String {
        let base = &self.bases[self.random.random_range(0..self.bases.len())];
        format!("{base}{path}")
    }

    async fn posts(&mut self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<Response> {
        let address = self.at(path);
        self.http.post(address).form(form).send().await
    }

    /// Opens a battle, or two at once with the same nonce, of which one is passed over.
    async fn opens(&mut self) -> Option<BattleId> {
        let nonce = hex::encode(self.random.random::<[u8; 16]>());
        let copies = if self.happens(0.02, 0.2) { 2 } else { 1 };
        // A question of its own: on one and the same few votes would count.
        let question = format!("What is a comet? {nonce}");
        let form = [("prompt", question.as_str()), ("nonce", nonce.as_str())];
        let sent: Vec<_> = (0..copies)
            .map(|_| {
                let address = self.at("/battles");
                self.http.post(address).form(&form).send()
            })
            .collect();
        let mut opened = Vec::new();
        for reply in join_all(sent).await {
            match location(reply).await {
                Ok(battle) => {
                    self.ledger.opens(battle);
                    opened.push(battle);
                }
                Err(why) => self.ledger.does_not_open(why),
            }
        }
        let first = opened.pop();
        for other in opened {
            self.passes_over(other).await;
        }
        first
    }

    async fn looks(&mut self, battle: BattleId) -> Seen {
        let address = self.at(&format!("/battles/{battle}"));
        let Ok(response) = self.http.get(address).send().await else { return Seen::Nothing };
        let status = response.status();
        match response.text().await {
            Ok(page) => Seen::of(status, &page),
            Err(_) => Seen::Nothing,
        }
    }

    /// Follows a battle to its end.
    async fn judges(&mut self, battle: BattleId) {
        let (mut running_since, mut retries) = (None, 0);
        if self.happens(0.1, 0.5) {
            self.jumps_ahead(battle).await;
        }
        while !self.must_go() {
            let seen = self.looks(battle).await;
            if seen != Seen::Running {
                running_since = None;
            }
            match seen {
                Seen::Running => {
                    let since = running_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > STUCK_AFTER {
                        let told = format!("battle {battle} was running for {STUCK_AFTER:?}");
                        return self.ledger.wrong(10, told);
                    }
                }
                Seen::Complete => {
                    if self.happens(0.04, 0.1) {
                        let further = format!("/battles/{battle}/turns");
                        let _ = self.posts(&further, &[("prompt", "And an asteroid?")]).await;
                    } else if self.happens(0.03, 0.05) {
                        return self.passes_over(battle).await;
                    } else {
                        return self.votes(battle).await;
                    }
                }
                Seen::Failed if retries < RETRIES && self.random.random_bool(0.5) => {
                    retries += 1;
                    let _ = self.posts(&format!("/battles/{battle}/retry"), &[]).await;
                }
                Seen::Failed => return self.passes_over(battle).await,
                Seen::Over | Seen::Gone => return,
                Seen::Nothing => {}
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Does what comes later first: votes, and reads events that are not there yet or were long ago.
    async fn jumps_ahead(&mut self, battle: BattleId) {
        for from in [7, 0, 3] {
            let address =
                self.at(&format!("/battles/{battle}/events?turn=0&attempt=0&from={from}"));
            let reading = async {
                let response = self.http.get(address).send().await?;
                response.bytes().await
            };
            let _ = tokio::time::timeout(Duration::from_millis(60), reading).await;
        }
        let verdict = self.any_verdict();
        self.sends(battle, &[verdict]).await;
    }

    fn any_verdict(&mut self) -> Verdict {
        Verdict::ALL[self.random.random_range(0..Verdict::ALL.len())]
    }

    /// Sends votes, all at the same time, and writes down what comes back.
    async fn sends(&mut self, battle: BattleId, verdicts: &[Verdict]) -> Vec<Reply> {
        let verifier = self.ledger.book().verifier.clone();
        let mut sent = Vec::new();
        for verdict in verdicts {
            self.ledger.tries(battle, *verdict);
            let address = self.at(&format!("/battles/{battle}/vote"));
            let mut request = self.http.post(address).form(&[("verdict", verdict.as_str())]);
            if self.random.random_bool(0.8) || verifier.is_none() {
                request = request.header("accept", "application/json");
            }
            sent.push(request.send());
        }
        let mut replies = Vec::new();
        for (reply, verdict) in join_all(sent).await.into_iter().zip(verdicts) {
            let reply = Reply::read(reply, verifier.as_ref()).await;
            self.ledger.hears(battle, *verdict, &reply);
            replies.push(reply);
        }
        replies
    }

    /// Votes until it is acknowledged, or somebody says that it cannot be.
    async fn votes(&mut self, battle: BattleId) {
        let verdict = self.any_verdict();
        let mut verdicts = vec![verdict];
        if self.happens(0.15, 0.8) {
            let same = self.random.random_bool(0.5);
            for _ in 0..self.random.random_range(0..4) {
                let other = if same { verdict } else { self.any_verdict() };
                verdicts.push(other);
            }
        }
        while !self.must_go() {
            let replies = self.sends(battle, &verdicts).await;
            if replies.iter().any(|reply| matches!(reply, Reply::Acknowledged(_))) {
                return self.tries_again(battle).await;
            }
            if replies.iter().any(|reply| matches!(reply, Reply::Conflict(_))) {
                return;
            }
            verdicts.truncate(1);
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// After an acknowledged vote: the same again, another verdict, and a skip. Only the first may be accepted.
    async fn tries_again(&mut self, battle: BattleId) {
        if self.happens(0.1, 0.6) {
            let verdict = self.any_verdict();
            self.sends(battle, &[verdict]).await;
        }
        if self.happens(0.05, 0.3) {
            self.passes_over(battle).await;
        }
    }

    async fn passes_over(&mut self, battle: BattleId) {
        let skip = format!("/battles/{battle}/skip");
        if let Ok(response) = self.posts(&skip, &[("reason", "other")]).await
            && response.status() == 303
        {
            self.ledger.skips(battle);
        }
    }
}

/// The battle that was opened, or why none was.
async fn location(reply: reqwest::Result<Response>) -> Result<BattleId, Option<String>> {
    let Ok(response) = reply else { return Err(None) };
    let status = response.status();
    let location = response.headers().get("location").and_then(|value| value.to_str().ok());
    let battle = location
        .and_then(|location| location.strip_prefix("/battles/"))
        .and_then(|id| id.parse().ok());
    match battle {
        Some(battle) if status == 303 => Ok(battle),
        _ => Err(Some(reason(status, &response.text().await.unwrap_or_default()))),
    }
}
