//! Blindness: 200 battles are played over HTTP, every byte is kept, and before the vote none of them
//! tells a model. That the search would find something is shown by what it finds after the vote, and
//! by leaks that are planted.
#![cfg(test)]

mod checker;
mod line;
mod own;
mod personas;
mod recorder;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use uuid::Uuid;

use checker::{Checker, base64, percent_encoded};
use personas::please_fail;
use recorder::{Recorded, Recorder};

use crate::arena::{TestArena, eventually};

/// Browsers that play at the same time, and battles of each.
const BROWSERS: usize = 40;
const BATTLES_EACH: usize = 5;
/// Every event is padded to a multiple of this.
const PADDING_BYTES: usize = 512;
const HEARTBEAT: &str = ": wait\n\n";
/// Headers whose values differ from response to response.
const VARYING: [&str; 4] = ["content-length", "date", "location", "set-cookie"];

type Log = Arc<Mutex<Vec<Recorded>>>;

/// What was recorded before and after the votes.
#[derive(Default)]
struct Logs {
    before: Log,
    after: Log,
}

impl Logs {
    fn before(&self) -> Vec<Recorded> {
        self.before.lock().unwrap().clone()
    }

    fn after(&self) -> Vec<Recorded> {
        self.after.lock().unwrap().clone()
    }
}

/// One battle of one browser.
struct Play<'a> {
    arena: &'a TestArena,
    browser: &'a Recorder,
    stranger: &'a Recorder,
    id: String,
}

impl<'a> Play<'a> {
    async fn open(
        arena: &'a TestArena,
        browser: &'a Recorder,
        stranger: &'a Recorder,
        first: bool,
        question: &str,
    ) -> Self {
        let kind = if first { "first opening" } else { "opening" };
        let opened = browser.post(kind, None, "/battles", &[("prompt", question)]).await.parsed();
        assert_eq!(opened.status, 303, "{}", opened.text());
        let id = opened.header("location").unwrap().strip_prefix("/battles/").unwrap().to_owned();
        Self { arena, browser, stranger, id }
    }

    fn path(&self, action: &str) -> String {
        format!("/battles/{}{action}", self.id)
    }

    async fn look(&self, kind: &'static str) -> Recorded {
        self.browser.get(kind, Some(&self.id), &self.path("")).await
    }

    async fn stream(&self, place: &str) -> Recorded {
        let path = self.path(&format!("/events?{place}"));
        self.browser.get("stream", Some(&self.id), &path).await
    }

    /// Reads to the end; whether the pair was completed.
    async fn to_end(&self, place: &str) -> bool {
        self.stream(place).await;
        let state = eventually("the battle is written", async || {
            Some(self.arena.battle(&self.id).await.state).filter(|state| state != "running")
        })
        .await;
        let complete = state == "complete";
        self.look(if complete { "complete page" } else { "failed page" }).await;
        complete
    }

    async fn post(&self, kind: &'static str, action: &str, form: &[(&str, &str)], status: u16) {
        let reply = self.browser.post(kind, Some(&self.id), &self.path(action), form).await;
        assert_eq!(reply.parsed().status, status, "{kind}: {}", reply.parsed().text());
    }

    /// The tab is closed in the middle, opened again, and reads on.
    async fn reload(&self) {
        let path = self.path("/events?turn=0&attempt=0&from=0");
        self.browser.glance("glance", Some(&self.id), &path, 2_000).await;
        self.look("running page").await;
        self.to_end("turn=0&attempt=0&from=2").await;
    }

    /// The pair fails if it is its lot, and tries again.
    async fn fail_and_retry(&self) {
        if !self.to_end("turn=0&attempt=0&from=0").await {
            self.post("early vote", "/vote", &[("verdict", "left")], 409).await;
            self.post("retry", "/retry", &[], 303).await;
            assert!(self.to_end("turn=0&attempt=1&from=0").await);
        }
    }

    async fn ask_on(&self) {
        self.to_end("turn=0&attempt=0&from=0").await;
        self.post("turn", "/turns", &[("prompt", "go on then")], 303).await;
        self.look("running page").await;
        assert!(self.to_end("turn=1&attempt=0&from=0").await);
    }

    /// What is refused must be as blind as what is not.
    async fn blunder(&self) {
        self.post("early vote", "/vote", &[("verdict", "left")], 409).await;
        self.post("early turn", "/turns", &[("prompt", "and then")], 409).await;
        self.post("early retry", "/retry", &[], 409).await;
        self.post("no verdict", "/vote", &[("verdict", "the best")], 400).await;
        self.post("no reason", "/skip", &[("reason", "no reason")], 400).await;
        self.post("empty turn", "/turns", &[("prompt", " ")], 400).await;
        let foreign = "Origin: https://elsewhere.example\r\n";
        let form = [("verdict", "left")];
        let id = Some(self.id.as_str());
        self.browser.post_with(foreign, "foreign form", id, &self.path("/vote"), &form).await;
        for action in ["", "/events?turn=0&attempt=0&from=0"] {
            self.stranger.get("stranger's look", id, &self.path(action)).await;
        }
        self.stranger.post("stranger's vote", id, &self.path("/vote"), &form).await;
        self.stranger.get("unknown page", None, &format!("/battles/{}", Uuid::new_v4())).await;
        self.browser.get("bad stream", id, &self.path("/events?turn=x")).await;
        self.to_end("turn=0&attempt=0&from=0").await;
    }

    async fn skip(&self) {
        self.look("running page").await;
        self.post("skip", "/skip", &[("reason", "other")], 303).await;
        self.look("skipped page").await;
        self.post("late vote", "/vote", &[("verdict", "tie")], 409).await;
    }

    async fn vote(&self, after: &Recorder, verdict: &str) {
        let (path, form) = (self.path("/vote"), [("verdict", verdict)]);
        let vote = after.post("vote", Some(&self.id), &path, &form).await;
        assert_eq!(vote.parsed().status, 303);
        let reveal = after.get("reveal", Some(&self.id), &self.path("")).await;
        assert_eq!(reveal.parsed().status, 200);
    }
}

/// Plays the battles of one browser, each in another way.
async fn play(arena: &TestArena, logs: &Logs, number: usize) {
    let browser = Recorder::new(arena.address(), &logs.before);
    let stranger = Recorder::new(arena.address(), &logs.before);
    for round in 0..BATTLES_EACH {
        let way = (number + round) % 8;
        let mut question = format!("question {number} {round}");
        if way >= 5 {
            question = format!("{question} {}", please_fail((number + round / 2) % 4));
        }
        let battle = Play::open(arena, &browser, &stranger, round == 0, &question).await;
        battle.look_at_own_data(round == 0).await;
        match way {
            0 => {
                battle.skip().await;
                continue;
            }
            1 => battle.reload().await,
            2 => battle.ask_on().await,
            3 => battle.blunder().await,
            4 => {
                battle.look("running page").await;
                assert!(battle.to_end("turn=0&attempt=0&from=0").await);
            }
            _ => battle.fail_and_retry().await,
        }
        battle.look_at_own_data(round == 0).await;
        let verdict = ["left", "right", "tie", "both_bad", "both_good"][round % 5];
        battle.vote(&browser.continued(&logs.after), verdict).await;
    }
}

/// All leaks in a log, each with the kind of response.
fn leaks(checker: &Checker, log: &[Recorded]) -> BTreeSet<String> {
    let mut leaks = BTreeSet::new();
    for recorded in log {
        let mut texts = vec![recorded.raw.clone(), recorded.parsed().body];
        texts.extend(recorded.frames().map(String::into_bytes));
        for leak in texts.iter().flat_map(|text| checker.leaks(text)) {
            leaks.insert(format!("{leak}, in a {}", recorded.kind));
        }
    }
    leaks
}

/// What differs between responses of one kind: their headers, or the sizes of their events.
fn differences(log: &[Recorded]) -> BTreeSet<String> {
    let mut shapes: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut differences = BTreeSet::new();
    for recorded in log {
        let parsed = recorded.parsed();
        let varies = |name: &str| VARYING.contains(&name.to_lowercase().as_str());
        // The server sends headers in an order that is drawn for every response.
        let shape: BTreeSet<_> = parsed
            .headers
            .iter()
            .map(|(name, value)| (name, (!varies(name)).then_some(value)))
            .collect();
        let shape = format!("{} {shape:?}", parsed.status);
        shapes.entry(recorded.kind).or_default().insert(shape);
        for size in event_sizes(recorded) {
            if size % PADDING_BYTES != 0 {
                differences.insert(format!("an event of {size} bytes in a {}", recorded.kind));
            }
        }
    }
    for (kind, shapes) in shapes.iter().filter(|(_, shapes)| shapes.len() > 1) {
        differences.insert(format!("{kind}: {shapes:?}"));
    }
    differences
}

/// Sizes of events as chunks on the wire; the heartbeat has no content.
fn event_sizes(recorded: &Recorded) -> Vec<usize> {
    let parsed = recorded.parsed();
    if parsed.header("content-type") != Some("text/event-stream") {
        return Vec::new();
    }
    let sizes = if parsed.chunks.is_empty() { vec![parsed.body.len()] } else { parsed.chunks };
    sizes.into_iter().filter(|size| *size != HEARTBEAT.len()).collect()
}

/// The sizes of events that each model was part of.
async fn sizes_by_model(arena: &TestArena, log: &[Recorded]) -> HashMap<Uuid, BTreeSet<usize>> {
    let mut sizes: HashMap<Uuid, BTreeSet<usize>> = HashMap::new();
    for recorded in log.iter().filter(|recorded| recorded.kind == "stream") {
        let battle = arena.battle(recorded.battle.as_deref().unwrap()).await;
        for model in [battle.left_model_id, battle.right_model_id] {
            sizes.entry(model).or_default().extend(event_sizes(recorded));
        }
    }
    sizes
}

#[tokio::test]
async fn two_hundred_battles_tell_no_model_before_the_vote() {
    let personas = personas::all();
    let (checker, logs) = (personas::checker(&personas), Logs::default());
    let arena = personas::arena(&personas).await;

    join_all((0..BROWSERS).map(|number| play(&arena, &logs, number))).await;

    let (before, after) = (logs.before(), logs.after());
    assert_eq!(arena.number("select count(*) from battles").await, 200);
    assert!(arena.number("select count(*) from answers where outcome = 'failed'").await >= 20);
    assert!(before.len() > 1_000, "only {} responses", before.len());
    assert_eq!(leaks(&checker, &before), BTreeSet::new());
    assert_eq!(differences(&before), BTreeSet::new());
    let sizes = sizes_by_model(&arena, &before).await;
    assert_eq!(sizes.len(), 4);
    assert!(sizes.values().all(|own| *own == BTreeSet::from([PADDING_BYTES])), "{sizes:?}");
    assert_all_is_revealed(&arena, &checker, &personas, &after).await;
}

/// After the vote the same search finds both models of every battle.
async fn assert_all_is_revealed(
    arena: &TestArena,
    checker: &Checker,
    personas: &[personas::Persona],
    after: &[Recorded],
) {
    let reveals: Vec<_> = after.iter().filter(|recorded| recorded.kind == "reveal").collect();
    assert_eq!(
        i64::try_from(reveals.len()).unwrap(),
        arena.number("select votes from vote_total").await
    );
    for reveal in reveals {
        let battle = arena.battle(reveal.battle.as_deref().unwrap()).await;
        let found = checker.leaks(&reveal.raw);
        for id in [battle.left_model_id, battle.right_model_id] {
            let model = &personas.iter().find(|persona| persona.model.id.0 == id).unwrap().model;
            for what in ["name", "base model", "quantization", "digest", "engine", "speed"] {
                let leak = format!("{what} of {}, plain", model.name);
                assert!(found.contains(&leak), "{leak} is not in the reveal: {found:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_model_that_names_itself_is_found() {
    let personas: Vec<_> = personas::all().into_iter().map(personas::talkative).collect();
    let (checker, logs) = (personas::checker(&personas), Logs::default());
    let arena = personas::arena(&personas).await;
    let browser = Recorder::new(arena.address(), &logs.before);
    let battle = Play::open(&arena, &browser, &browser, true, "who are you").await;

    assert!(battle.to_end("turn=0&attempt=0&from=0").await);

    let row = arena.battle(&battle.id).await;
    let found = leaks(&checker, &logs.before());
    for persona in &personas {
        let took_part = [row.left_model_id, row.right_model_id].contains(&persona.model.id.0);
        for kind in ["stream", "complete page"] {
            let leak = format!("name of {}, plain, in a {kind}", persona.model.name);
            assert_eq!(found.contains(&leak), took_part, "{leak}: {found:?}");
        }
    }
}

#[tokio::test]
async fn a_planted_leak_is_found_in_every_form_and_place() {
    let personas = personas::all();
    let (checker, logs) = (personas::checker(&personas), Logs::default());
    let arena = personas::arena(&personas).await;
    let browser = Recorder::new(arena.address(), &logs.before);
    let battle = Play::open(&arena, &browser, &browser, true, "a question").await;
    battle.to_end("turn=0&attempt=0&from=0").await;
    let log = logs.before();
    assert_eq!(leaks(&checker, &log), BTreeSet::new());
    let model = &personas[1].model;

    for planted in [
        model.name.clone(),
        model.name.to_uppercase(),
        percent_encoded(&model.maker),
        model.maker.replace('&', "&#38;"),
        hex::encode(&model.name),
        base64(format!("x{}", model.name).as_bytes()),
        model.id.to_string(),
        model.id.0.hyphenated().to_string().to_uppercase(),
        base64(model.id.0.as_bytes()),
        model.file().unwrap().sha256.clone(),
        model.file().unwrap().sha256[..12].to_owned(),
        model.file().unwrap().path.display().to_string(),
        "593817264".to_owned(),
        "tokens/s".to_owned(),
    ] {
        for (index, recorded) in log.iter().enumerate() {
            for header in [true, false] {
                let mut log = log.clone();
                log[index] = with(recorded, &planted, header);
                assert!(!leaks(&checker, &log).is_empty(), "{planted} in a {}", recorded.kind);
            }
        }
    }
}

/// The response with a text more, in a header or at its end.
fn with(recorded: &Recorded, planted: &str, header: bool) -> Recorded {
    let mut changed = recorded.clone();
    if header {
        let at = changed.raw.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let line = format!("\r\nX-Trace: {planted}");
        changed.raw.splice(at..at, line.into_bytes());
    } else {
        changed.raw.extend_from_slice(planted.as_bytes());
    }
    changed
}

#[tokio::test]
async fn a_header_or_an_event_that_differs_is_found() {
    let personas = personas::all();
    let logs = Logs::default();
    let arena = personas::arena(&personas).await;
    let browser = Recorder::new(arena.address(), &logs.before);
    for (index, first) in [true, false].into_iter().enumerate() {
        let question = format!("question {index}");
        let battle = Play::open(&arena, &browser, &browser, first, &question).await;
        battle.to_end("turn=0&attempt=0&from=0").await;
    }
    let log = logs.before();
    assert_eq!(differences(&log), BTreeSet::new());
    let page = log.iter().position(|recorded| recorded.kind == "complete page").unwrap();
    let stream = log.iter().position(|recorded| recorded.kind == "stream").unwrap();

    let (mut header, mut event) = (log.clone(), log.clone());
    header[page] = with(&log[page], "anything", true);
    let end = event[stream].raw.len() - "0\r\n\r\n".len();
    event[stream].raw.splice(end..end, *b"5\r\nabcde\r\n");

    assert_eq!(differences(&header).len(), 1);
    assert!(differences(&event).contains("an event of 5 bytes in a stream"));
}
