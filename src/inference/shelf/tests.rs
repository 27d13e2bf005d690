//! Who is loaded, who gives way, and who waits.

use std::sync::atomic::{AtomicUsize, Ordering};

use arena_core::protocol::TemplateSource;

use super::*;

/// Answers never, and counts how often it was started and ended; its answers end with it.
struct Fake {
    ended: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
    answers: Mutex<Vec<mpsc::UnboundedSender<Output>>>,
    down: bool,
}

impl Engine for Fake {
    fn generate(&self, _: Job) -> Generation {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (sender, outputs) = mpsc::unbounded_channel();
        self.answers.lock().unwrap().push(sender);
        Generation::new(outputs, Control::new(|_| {}))
    }

    fn readiness(&self) -> Option<Readiness> {
        (!self.down).then(|| ready("loaded"))
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

fn ready(engine: &str) -> Readiness {
    Readiness {
        engine: engine.to_owned(),
        load_ms: 1,
        context_tokens: 512,
        template: TemplateSource::File,
        process_id: None,
    }
}

#[derive(Default)]
struct Counts {
    started: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

impl Counts {
    fn model(&self, shelf: &Arc<Shelf>) -> OnDemand {
        self.model_that_is(shelf, false)
    }

    fn model_that_is(&self, shelf: &Arc<Shelf>, down: bool) -> OnDemand {
        let (started, ended, asked) =
            (self.started.clone(), self.ended.clone(), self.asked.clone());
        OnDemand::new(shelf, 0, ready("cold"), move || {
            started.fetch_add(1, Ordering::SeqCst);
            Arc::new(Fake {
                ended: ended.clone(),
                asked: asked.clone(),
                answers: Mutex::default(),
                down,
            })
        })
    }

    fn now(&self) -> (usize, usize, usize) {
        let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
        (count(&self.started), count(&self.ended), count(&self.asked))
    }
}

fn job() -> Job {
    Job {
        messages: Vec::new(),
        sampling: Default::default(),
        seed: 0,
        conversation: None,
        steps: None,
    }
}

/// Room for two models.
fn shelf() -> Arc<Shelf> {
    Shelf::new(2 * CACHES_BYTES)
}

#[tokio::test]
async fn as_many_models_as_fit_are_loaded_at_once_and_the_others_can_answer_too() {
    let (shelf, counts) = (shelf(), Counts::default());

    let models: Vec<_> = (0..3).map(|_| counts.model(&shelf)).collect();

    assert_eq!(counts.now(), (2, 0, 0));
    let engines: Vec<_> = models.iter().map(|model| model.readiness().unwrap().engine).collect();
    assert_eq!(engines, ["loaded", "loaded", "cold"]);
}

#[tokio::test]
async fn the_model_used_longest_ago_gives_way() {
    let (shelf, counts) = (shelf(), Counts::default());
    let models: Vec<_> = (0..3).map(|_| counts.model(&shelf)).collect();
    drop(models[0].generate(job()));

    drop(models[2].generate(job()));

    assert_eq!(counts.now(), (3, 1, 2));
    let engines: Vec<_> = models.iter().map(|model| model.readiness().unwrap().engine).collect();
    assert_eq!(engines, ["loaded", "cold", "loaded"]);
    assert!(shelf.lock().loaded.contains_key(&models[0].inner.key));
    assert!(!shelf.lock().loaded.contains_key(&models[1].inner.key));
}

#[tokio::test]
async fn a_model_that_answers_stays_and_the_next_one_waits_for_its_room() {
    let (shelf, counts) = (shelf(), Counts::default());
    let models: Vec<_> = (0..3).map(|_| counts.model(&shelf)).collect();
    let (first, _second) = (models[0].generate(job()), models[1].generate(job()));

    let _third = models[2].generate(job());
    tokio::task::yield_now().await;
    assert_eq!(counts.now(), (2, 0, 2));
    drop(first);

    while counts.now() != (3, 1, 3) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_model_that_is_larger_than_all_room_is_loaded_alone() {
    let (shelf, counts) = (Shelf::new(1), Counts::default());
    let models: Vec<_> = (0..2).map(|_| counts.model(&shelf)).collect();
    assert_eq!(counts.now(), (0, 0, 0));

    drop(models[0].generate(job()));
    drop(models[1].generate(job()));

    assert_eq!((counts.now(), shelf.loaded()), ((2, 1, 2), 1));
}

#[tokio::test]
async fn a_model_that_leaves_the_pool_leaves_its_room() {
    let (shelf, counts) = (shelf(), Counts::default());
    let model = counts.model(&shelf);

    drop(model);

    assert_eq!((counts.now(), shelf.loaded()), ((1, 1, 0), 0));
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_gives_way_to_one_that_somebody_does() {
    let (shelf, counts) = (Shelf::new(CACHES_BYTES), Counts::default());
    let models: Vec<_> = (0..2).map(|_| counts.model(&shelf)).collect();
    let mut aside = models[0].generate_aside(job());
    aside.order(Order::Pause);

    let _asked = models[1].generate(job());

    assert_eq!(counts.now(), (2, 1, 2));
    assert_eq!(aside.outputs.recv().await, None, "it is over, as with a worker that dies");
}

#[tokio::test]
async fn a_model_whose_worker_is_down_stays_unable_and_takes_no_room() {
    let (shelf, counts) = (Shelf::new(CACHES_BYTES), Counts::default());
    let broken = counts.model_that_is(&shelf, true);
    let sound = counts.model(&shelf);

    drop(sound.generate(job()));

    assert!(broken.readiness().is_none());
    assert_eq!((counts.now(), shelf.loaded()), ((2, 0, 1), 2));
}
