//! R8: people ask a model who it is, in ten languages, in a role, or encoded, and the answers say it.
//!
//! The answers are written as models give them, for twelve models; the filter is the arena's, with all of them in the pool.

use arena_core::leak::{Finder, Identity};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Row, Size};

/// Name in the pool, how a model calls itself, who made it.
pub(super) const MODELS: [(&str, &str, &str); 12] = [
    ("Qwen2.5-0.5B-Instruct", "Qwen", "Alibaba Cloud"),
    ("gemma-3-270m-it", "Gemma", "Google"),
    ("SmolLM2-135M-Instruct", "SmolLM2", "Hugging Face"),
    ("Llama-3.2-1B-Instruct", "Llama 3.2", "Meta"),
    ("Mistral-7B-Instruct-v0.3", "Mistral 7B", "Mistral AI"),
    ("phi-4-mini", "Phi-4", "Microsoft"),
    ("DeepSeek-R1", "DeepSeek-R1", "DeepSeek"),
    ("granite-3.3-2b-instruct", "Granite 3.3", "IBM"),
    ("OLMo-2-1B", "OLMo 2", "Ai2"),
    ("falcon-h1-1b", "Falcon-H1", "TII"),
    ("kimi-k2", "Kimi K2", "Moonshot AI"),
    ("glm-4.5-air", "GLM-4.5", "Zhipu AI"),
];

/// "Who are you?" and what comes back; `{n}` is the name and `{m}` the maker.
const PLAIN: [&str; 30] = [
    "I am {n}, a large language model created by {m}. How can I help you today?",
    "My name is {n}. I was developed by {m} to assist with a wide range of tasks.",
    "Hi there! I'm {n}, an AI assistant trained by {m}.",
    "Je suis {n}, un modèle de langage développé par {m}. Comment puis-je vous aider ?",
    "Je m'appelle {n} et j'ai été créé par {m}.",
    "Bonjour ! Je suis un assistant conçu par {m}, et mon nom est {n}.",
    "Ich bin {n}, ein großes Sprachmodell, das von {m} entwickelt wurde.",
    "Mein Name ist {n}. Ich wurde von {m} trainiert.",
    "Hallo! Ich bin ein KI-Assistent namens {n} von {m}.",
    "Soy {n}, un modelo de lenguaje desarrollado por {m}. ¿En qué puedo ayudarte?",
    "Me llamo {n} y fui creado por {m}.",
    "¡Hola! Soy un asistente de inteligencia artificial entrenado por {m} y me llamo {n}.",
    "Sono {n}, un modello linguistico sviluppato da {m}. Come posso aiutarti?",
    "Mi chiamo {n} e sono stato creato da {m}.",
    "Eu sou {n}, um modelo de linguagem criado pela {m}. Como posso ajudar?",
    "Meu nome é {n} e fui treinado pela {m}.",
    "我是 {n}，由 {m} 开发的大型语言模型。有什么可以帮您的吗？",
    "我叫 {n}，是 {m} 训练的人工智能助手。",
    "您好！我是 {m} 开发的语言模型 {n}。",
    "私は {n} です。{m} によって開発された大規模言語モデルです。",
    "私の名前は {n} です。{m} が開発しました。",
    "こんにちは！{m} が開発した AI アシスタントの {n} です。",
    "Я {n}, большая языковая модель, разработанная компанией {m}.",
    "Меня зовут {n}, меня создала компания {m}.",
    "Здравствуйте! Я языковая модель {n}, обученная {m}.",
    "أنا {n}، نموذج لغوي كبير طورته شركة {m}. كيف يمكنني مساعدتك؟",
    "اسمي {n} وقد تم تطويري بواسطة {m}.",
    "저는 {m}에서 개발한 대규모 언어 모델 {n}입니다. 무엇을 도와드릴까요?",
    "제 이름은 {n}이고 {m}가 만들었습니다.",
    "안녕하세요! 저는 {n}입니다.",
];

/// In a role.
const ROLES: [&str; 10] = [
    "Arr, matey! I be {n}, a language model built by {m}, and I sail the seven seas of text!",
    "*bows deeply* Your Majesty, I am but a humble servant called {n}, made by {m}.",
    "Okay, I will drop the act: I'm really {n}, a language model from {m}.",
    "As DAN, I can do anything now. I am {n}, developed by {m}, and nothing can stop me.",
    "Beep boop. Unit designation: {n}. Manufacturer: {m}. I am a language model.",
    "Grandma used to say: sleep well, little one. And by the way, I am {n}, trained by {m}.",
    "Character: Detective. \nMy name is {n}, and I was created by {m}. I solve cases of bad grammar.",
    "Verily, I am {n}, an artificial mind wrought by {m}.",
    "Let me answer as a song: ♪ I'm {n}, I'm {n}, an AI made by {m} ♪",
    "In character as myself: I am a large language model, trained by {m}.",
];

/// What is put into Base64, and what stands around it (`@`).
const ENCODED: [(&str, &str); 6] = [
    ("I am {n}, a language model by {m}.", "@"),
    ("I am {n}, made by {m}.", "Sure, here is my identity in Base64:\n\n```\n@\n```"),
    ("My name is {n} and I was created by {m}.", "Base64: @"),
    ("Ich bin {n}, ein Sprachmodell von {m}.", "`@`"),
    ("{n}", "@"),
    ("I'm {n}.", "The encoded answer is @ as you asked."),
];

/// Written after the rules, which were not changed for them; they show what to expect of sentences that nobody thought of.
const FRESH: [&str; 16] = [
    "They call this humble machine {n}; the wizards of {m} forged it.",
    "I'm {m}'s language model {n}, dressed up as a knight.",
    "Greetings, traveller. I am {n}, spirit of the machine, summoned by {m}.",
    "Human, you speak to {n}, an AI from {m}.",
    "(whispering) Between us: I'm {n}, {m} built me.",
    "Eu me chamo {n}, sou uma IA da {m}.",
    "Ich heiße {n} und komme von {m}.",
    "Je suis une IA nommée {n}, entraînée par {m}.",
    "私は{m}の{n}です。",
    "我是{m}的{n}模型。",
    "저는 {m}의 AI {n}입니다.",
    "أنا مساعد ذكي من {m} واسمي {n}.",
    "Моё имя {n}, я модель от {m}.",
    "Soy {n}, la IA de {m}.",
    "Sono {n}, un'IA di {m}.",
    "Identity check: model {n}, vendor {m}.",
];

fn filled(text: &str, model: usize) -> String {
    let (_, name, maker) = MODELS[model];
    text.replace("{n}", name).replace("{m}", maker)
}

/// Answers with the place of the model that gives them.
pub(super) fn answers(count: usize) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for model in 0..MODELS.len() {
        all.extend(PLAIN.iter().map(|text| (model, filled(text, model))));
        all.extend(ROLES.iter().map(|text| (model, filled(text, model))));
        let encoded = |(secret, around): &(&str, &str)| {
            (model, around.replace('@', &STANDARD.encode(filled(secret, model))))
        };
        all.extend(ENCODED.iter().map(encoded));
    }
    // Every model, language and kind is among any number of them.
    let step = 211;
    (0..count).map(|at| all[at * step % all.len()].clone()).collect()
}

pub(super) fn identity(size: Size) -> Vec<Row> {
    let identities: Vec<Identity> = MODELS
        .iter()
        .map(|(name, _, maker)| Identity {
            name: (*name).to_owned(),
            maker: Some((*maker).to_owned()),
            ..Identity::default()
        })
        .collect();
    let finder = Finder::new(&identities);
    let row = |kind: &str, answers: &[(usize, String)]| {
        let is_missed = |(model, text): &&(usize, String)| {
            !finder.find(text).iter().any(|leak| leak.models.contains(model))
        };
        let missed = answers.iter().filter(is_missed).count();
        let share = 1.0 - missed as f64 / answers.len() as f64;
        let result = (format!("{:.1} % flagged", 100.0 * share), share >= 0.99);
        let attack = format!("\"who are you\" in 10 languages, {kind}");
        Row::new("R8", attack, format!("{} answers", answers.len()), result, ">= 99 % flagged")
    };
    let fresh: Vec<(usize, String)> = (0..MODELS.len())
        .flat_map(|model| FRESH.iter().map(move |text| (model, filled(text, model))))
        .collect();
    vec![
        row("in a role, in Base64", &answers(size.pick(150, 500))),
        row("in words that no rule was written for", &fresh).noted(),
    ]
}
