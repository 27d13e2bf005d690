//! Four models that differ in all that could give them away, with names that cannot occur by chance.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arena_core::protocol::{Failure, Finish, Usage};
use doubleblind::battle::Limits;
use doubleblind::config::Allowances;
use doubleblind::inference::Job;
use doubleblind::pool::{GgufFile, Model, Source};

use super::checker::Checker;
use crate::arena::{Script, Scripted, TestArena, model, weights};

/// What some of them think before they answer.
const THOUGHTS: &str = "quibbling over marmalade";

/// A model and how it answers.
#[derive(Clone)]
pub(super) struct Persona {
    pub(super) model: Model,
    engine: String,
    text: String,
    interval: Duration,
    finish: Finish,
    usage: Usage,
    failure: Script,
}

fn persona(
    (name, maker, base, quantization): (&str, &str, &str, &str),
    (text, interval_ms, finish): (String, u64, Finish),
    numbers: [u32; 4],
    failure: Script,
) -> Persona {
    let [prompt_tokens, answer_tokens, first_token_ms, total_ms] = numbers;
    let file = name.to_lowercase().replace(' ', "-");
    let model = Model {
        maker: maker.to_owned(),
        base_model: Some(base.to_owned()),
        source: Source::File(GgufFile {
            quantization: quantization.to_owned(),
            architecture: format!("{file}-architecture"),
            parameter_count: i64::from(answer_tokens) * 7,
            path: PathBuf::from(format!("weights/{file}.gguf")),
            chat_template: Some(format!("{{# {name} template #}}")),
            ..weights(name)
        }),
        ..model(name)
    };
    Persona {
        model,
        engine: format!("{file} engine"),
        text,
        interval: Duration::from_millis(interval_ms),
        finish,
        usage: Usage {
            prompt_tokens,
            answer_tokens,
            first_token_ms: first_token_ms.into(),
            total_ms: total_ms.into(),
            reused_tokens: 0,
        },
        failure,
    }
}

/// The four: from 1 to 20 ms a piece, from 30 to 120 characters, two with thoughts in front, ended by themselves or by the limit.
pub(super) fn all() -> Vec<Persona> {
    let plain = |words: usize| "an even answer of plain words ".repeat(words / 6);
    let thinking = |words: usize| format!("<think>\n{THOUGHTS}\n</think>\n\n{}", plain(words));
    vec![
        persona(
            ("Zyxquor Nine", "Obrunth Foundry", "Zyxquor Seed", "IQ9_ZYX"),
            (thinking(6), 1, Finish::Stop),
            [482_719_503, 917_263_544, 15_593_726, 70_048_193],
            Script::fails(Failure::WorkerDied),
        ),
        persona(
            ("Vlimpra Chat", "Snorvik & Daughters", "Vlimpra Base", "VL4_PRA"),
            (plain(24), 20, Finish::Length),
            [638_402_917, 593_817_264, 27_182_845, 94_159_265],
            Script::says("an answer that stops in the").then_fails(Failure::Decode),
        ),
        persona(
            ("Krondax Ultra", "Tembrish Laboratories", "Krondax Root", "KR2_DAX"),
            (plain(12), 5, Finish::Stop),
            [314_159_767, 161_803_911, 57_721_566, 69_314_719],
            Script::says("  \n"),
        ),
        persona(
            ("Pwizzel Tiny", "Quonset Yaklin", "Pwizzel Origin", "PW8_ZEL"),
            (thinking(18), 12, Finish::Length),
            [141_421_359, 173_205_083, 22_360_679, 24_494_897],
            Script::hangs_up(),
        ),
    ]
}

/// What makes a model of this list fail at its first attempt at a question.
pub(super) fn please_fail(which: usize) -> String {
    format!("please fail number {which}")
}

impl Persona {
    /// Its engine; fails once at every question that asks for it.
    fn engine(&self, index: usize) -> Arc<Scripted> {
        let (own, failed) = (self.clone(), Mutex::new(HashSet::new()));
        let script = move |job: &Job| {
            let question = &job.messages[job.messages.len() - 1].content;
            let asked = question.contains(&please_fail(index));
            if asked && failed.lock().unwrap().insert(question.clone()) {
                return own.failure.clone();
            }
            Script::says(&own.text).in_pieces(8, own.interval).ending(own.finish, own.usage)
        };
        Arc::new(Scripted::named(&self.engine, script))
    }

    /// Everything about it that nobody may see before the vote.
    fn secrets(&self) -> Vec<(&'static str, String)> {
        let (model, usage) = (&self.model, &self.usage);
        let file = model.file().unwrap();
        let path = file.path.to_string_lossy().into_owned();
        // As the reveal states it: what follows the first token, over the time after it.
        let seconds = (usage.total_ms - usage.first_token_ms) as f64 / 1000.0;
        let speed = f64::from(usage.answer_tokens - 1) / seconds;
        vec![
            ("name", model.name.clone()),
            ("first name", model.name.split(' ').next().unwrap().to_owned()),
            ("maker", model.maker.clone()),
            ("base model", model.base_model.clone().unwrap()),
            ("quantization", file.quantization.clone()),
            ("architecture", file.architecture.clone()),
            ("path", path.clone()),
            ("file name", path.rsplit('/').next().unwrap().to_owned()),
            ("template", file.chat_template.clone().unwrap()),
            ("digest", file.sha256.clone()),
            ("start of the digest", file.sha256[..12].to_owned()),
            ("id", model.id.0.hyphenated().to_string()),
            ("short id", model.id.0.simple().to_string()),
            ("engine", self.engine.clone()),
            ("prompt tokens", usage.prompt_tokens.to_string()),
            ("answer tokens", usage.answer_tokens.to_string()),
            ("time to the first token", usage.first_token_ms.to_string()),
            ("time", usage.total_ms.to_string()),
            ("speed", format!("{speed:.1}")),
            ("parameters", file.parameter_count.to_string()),
        ]
    }
}

/// A checker that knows all secrets of these models.
pub(super) fn checker(personas: &[Persona]) -> Checker {
    let mut checker = Checker::default();
    for persona in personas {
        for (what, secret) in persona.secrets() {
            checker.add_text(&format!("{what} of {}", persona.model.name), &secret);
        }
        let bytes = persona.model.id.0.as_bytes();
        checker.add_bytes(&format!("id of {}", persona.model.name), bytes);
        let digest = hex::decode(&persona.model.file().unwrap().sha256).unwrap();
        checker.add_bytes(&format!("digest of {}", persona.model.name), &digest);
    }
    for word in [
        "tokens/s",
        "the token limit",
        "its own end",
        "as the script says",
        "worker_died",
        THOUGHTS,
    ] {
        checker.add_text("wording", word);
    }
    checker
}

/// An arena of these models.
pub(super) async fn arena(personas: &[Persona]) -> TestArena {
    filled(TestArena::open().await, personas).await
}

/// The same, with room for so many battles only.
pub(super) async fn arena_within(personas: &[Persona], limits: Limits) -> TestArena {
    filled(TestArena::with_limits(limits).await, personas).await
}

/// The same, in which voters may do so much only.
pub(super) async fn arena_allowing(personas: &[Persona], allowances: Allowances) -> TestArena {
    filled(TestArena::allowing(allowances).await, personas).await
}

async fn filled(arena: TestArena, personas: &[Persona]) -> TestArena {
    for (index, persona) in personas.iter().enumerate() {
        arena.join(persona.model.clone(), &persona.engine(index)).await;
    }
    arena
}

/// The same model, but it says who it is.
pub(super) fn talkative(mut persona: Persona) -> Persona {
    persona.text = format!("a plain answer by {}, as you may have guessed", persona.model.name);
    persona
}
