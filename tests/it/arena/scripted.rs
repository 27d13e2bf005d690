//! Engines that do what a test says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arena_core::protocol::{Failure, Finish, TemplateSource, Usage};
use doubleblind::inference::{Control, Engine, Generation, Job, Order, Output, Readiness};
use tokio::sync::{Semaphore, mpsc, watch};

/// What one answer does: its pieces at an interval, then its end.
#[derive(Clone)]
pub(crate) struct Script {
    pieces: Vec<String>,
    interval: Duration,
    /// One piece or end a permit, where the test holds the answer back.
    gate: Option<Arc<Semaphore>>,
    ending: Ending,
}

#[derive(Clone)]
enum Ending {
    Done(Finish, Usage),
    Failed(Failure),
    HangUp,
    Never,
}

/// Counts and times that mean nothing.
fn usage() -> Usage {
    Usage {
        prompt_tokens: 12,
        answer_tokens: 34,
        first_token_ms: 50,
        total_ms: 1000,
        reused_tokens: 0,
    }
}

impl Script {
    /// Says the whole text at once.
    pub(crate) fn says(text: &str) -> Self {
        let pieces = if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
        Self {
            pieces,
            interval: Duration::ZERO,
            gate: None,
            ending: Ending::Done(Finish::Stop, usage()),
        }
    }

    /// Fails at once.
    pub(crate) fn fails(failure: Failure) -> Self {
        Self { ending: Ending::Failed(failure), ..Self::says("") }
    }

    /// Ends without a word, as a worker that dies does.
    pub(crate) fn hangs_up() -> Self {
        Self { ending: Ending::HangUp, ..Self::says("") }
    }

    /// Neither says anything nor ends.
    pub(crate) fn keeps_silent() -> Self {
        Self { ending: Ending::Never, ..Self::says("") }
    }

    /// Says its text in pieces of so many characters, with a pause before each.
    pub(crate) fn in_pieces(mut self, chars: usize, interval: Duration) -> Self {
        let text: Vec<char> = self.pieces.concat().chars().collect();
        self.pieces = text.chunks(chars).map(|piece| piece.iter().collect()).collect();
        self.interval = interval;
        self
    }

    /// Waits for a permit before each piece and before the end.
    pub(crate) fn behind(mut self, gate: &Arc<Semaphore>) -> Self {
        self.gate = Some(Arc::clone(gate));
        self
    }

    /// Ends for this reason with these counts.
    pub(crate) fn ending(mut self, finish: Finish, usage: Usage) -> Self {
        self.ending = Ending::Done(finish, usage);
        self
    }

    /// Fails after its text.
    pub(crate) fn then_fails(mut self, failure: Failure) -> Self {
        self.ending = Ending::Failed(failure);
        self
    }

    /// Does not end after its text.
    pub(crate) fn then_keeps_silent(mut self) -> Self {
        self.ending = Ending::Never;
        self
    }
}

/// An engine that answers by a script, and keeps what it was asked and told.
pub(crate) struct Scripted {
    script: Box<dyn Fn(&Job) -> Script + Send + Sync>,
    name: String,
    ready: bool,
    jobs: Mutex<Vec<Job>>,
    orders: Arc<Mutex<Vec<Order>>>,
}

impl Scripted {
    /// Chooses a script for each job.
    pub(crate) fn by(script: impl Fn(&Job) -> Script + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self::named("scripted", script))
    }

    /// As [`Scripted::by`], under a name of its own as engine.
    pub(crate) fn named(
        name: &str,
        script: impl Fn(&Job) -> Script + Send + Sync + 'static,
    ) -> Self {
        Self {
            script: Box::new(script),
            name: name.to_owned(),
            ready: true,
            jobs: Mutex::default(),
            orders: Arc::default(),
        }
    }

    /// Always follows one script.
    pub(crate) fn following(script: Script) -> Arc<Self> {
        Self::by(move |_| script.clone())
    }

    /// Always says the same text, at once.
    pub(crate) fn saying(text: &str) -> Arc<Self> {
        Self::following(Script::says(text))
    }

    /// Follows one script after the other; the last one again and again.
    pub(crate) fn in_turn(scripts: impl IntoIterator<Item = Script>) -> Arc<Self> {
        let mut scripts: Vec<_> = scripts.into_iter().collect();
        scripts.reverse();
        let scripts = Mutex::new(scripts);
        Self::by(move |_| {
            let mut scripts = scripts.lock().unwrap();
            if scripts.len() > 1 { scripts.pop().unwrap() } else { scripts[0].clone() }
        })
    }

    /// An engine that cannot answer yet.
    pub(crate) fn not_ready() -> Arc<Self> {
        Arc::new(Self { ready: false, ..Self::named("scripted", |_| Script::keeps_silent()) })
    }

    /// What it was asked, oldest first.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        self.jobs.lock().unwrap().clone()
    }

    /// What it was told, oldest first.
    pub(crate) fn orders(&self) -> Vec<Order> {
        self.orders.lock().unwrap().clone()
    }
}

impl Engine for Scripted {
    fn generate(&self, job: Job) -> Generation {
        let script = (self.script)(&job);
        self.jobs.lock().unwrap().push(job);
        let (send, outputs) = mpsc::unbounded_channel();
        let (steer, steering) = watch::channel(Order::Resume);
        tokio::spawn(play(script, send, steering));
        let orders = Arc::clone(&self.orders);
        let control = Control::new(move |order| {
            orders.lock().unwrap().push(order);
            steer.send_replace(order);
        });
        Generation::new(outputs, control)
    }

    fn readiness(&self) -> Option<Readiness> {
        self.ready.then(|| Readiness {
            engine: self.name.clone(),
            load_ms: 1,
            context_tokens: 131_072,
            template: TemplateSource::File,
            process_id: None,
        })
    }
}

/// Says the pieces as long as it may: nothing while it is paused, and no more once it is cancelled.
async fn play(
    script: Script,
    send: mpsc::UnboundedSender<Output>,
    mut steering: watch::Receiver<Order>,
) {
    for piece in &script.pieces {
        tokio::time::sleep(script.interval).await;
        if !may_go_on(&script, &mut steering).await {
            return;
        }
        let _ = send.send(Output::Text(piece.clone()));
    }
    if !may_go_on(&script, &mut steering).await {
        return;
    }
    match script.ending {
        Ending::Done(finish, usage) => {
            let _ = send.send(Output::Done { finish, usage: usage.into() });
        }
        Ending::Failed(failure) => {
            let detail = "as the script says".to_owned();
            let _ = send.send(Output::Failed { failure, detail });
        }
        Ending::HangUp => drop(send),
        Ending::Never => send.closed().await,
    }
}

async fn may_go_on(script: &Script, steering: &mut watch::Receiver<Order>) -> bool {
    if let Some(gate) = &script.gate {
        gate.acquire().await.unwrap().forget();
    }
    match steering.wait_for(|order| *order != Order::Pause).await {
        Ok(order) => *order == Order::Resume,
        Err(_) => false,
    }
}
