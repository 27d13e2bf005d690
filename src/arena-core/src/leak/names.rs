//! By which words a model gives itself away: from its registration, and from what the well-known
//! names are called in other scripts.

use super::fold::fold_word;
use super::{AliasKind, Identity};

/// A word that names models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alias {
    pub(super) text: String,
    /// The same, folded.
    pub(super) letters: Vec<char>,
    pub(super) kind: AliasKind,
    /// Whether the word means nothing else: a version number, capitals inside, or a known coinage.
    pub(super) distinct: bool,
}

/// Well-known names by their Latin form, and what else they are called. Both directions count.
const SPELLINGS: [&[&str]; 31] = [
    &["Claude", "クロード", "클로드", "Клод", "كلود", "克劳德", "क्लाउड"],
    &["Anthropic", "アンソロピック", "앤트로픽", "Антропик", "أنثروبيك"],
    &["ChatGPT", "チャットGPT", "챗GPT", "챗지피티", "ЧатГПТ", "شات جي بي تي", "چت‌جی‌پی‌تی"],
    &["GPT", "ГПТ", "ジーピーティー", "지피티"],
    &[
        "OpenAI",
        "オープンエーアイ",
        "오픈AI",
        "오픈에이아이",
        "ОпенАИ",
        "أوبن إيه آي",
        "أوبن أي آي",
    ],
    &["Gemini", "ジェミニ", "제미나이", "Джемини", "جيميني", "双子座模型", "जेमिनी"],
    &["Gemma", "ジェマ", "젬마", "Джемма", "جيما"],
    &[
        "Google",
        "Google DeepMind",
        "DeepMind",
        "グーグル",
        "구글",
        "Гугл",
        "جوجل",
        "غوغل",
        "谷歌",
        "गूगल",
    ],
    &["Llama", "LLaMA", "ラマ", "라마", "Лама", "لاما"],
    &["Meta", "Meta AI", "メタ", "메타", "Мета", "ميتا"],
    &[
        "Qwen",
        "Tongyi Qianwen",
        "Tongyi",
        "通义千问",
        "通義千問",
        "千问",
        "通义",
        "큐원",
        "Квен",
        "كوين",
    ],
    &[
        "Alibaba",
        "Alibaba Cloud",
        "阿里云",
        "阿里巴巴",
        "アリババ",
        "알리바바",
        "Алибаба",
        "علي بابا",
    ],
    &["DeepSeek", "深度求索", "ディープシーク", "딥시크", "Дипсик", "ديب سيك"],
    &["Mistral", "Le Chat", "ミストラル", "미스트랄", "Мистраль", "ميسترال"],
    &["Kimi", "キミ", "키미", "Кими"],
    &["Moonshot AI", "Moonshot", "月之暗面"],
    &["GLM", "ChatGLM", "智谱清言"],
    &["Zhipu", "Zhipu AI", "Z.ai", "智谱", "智谱AI"],
    &["ERNIE", "ERNIE Bot", "文心一言", "文心"],
    &["Baidu", "百度", "Байду"],
    &["Doubao", "豆包"],
    &["ByteDance", "字节跳动"],
    &["Hunyuan", "混元", "腾讯混元"],
    &["Tencent", "腾讯"],
    &["Yi", "01.AI", "零一万物"],
    &["Grok", "グロック", "그록", "Грок", "جروك"],
    &["GigaChat", "ГигаЧат"],
    &["Sber", "Сбер", "Сбербанк"],
    &["YandexGPT", "Алиса", "ЯндексГПТ"],
    &["Yandex", "Яндекс"],
    &["Microsoft", "マイクロソフト", "마이크로소프트", "Майкрософт", "مايكروسوفت", "微软"],
];

/// Coinages that mean nothing but the model or its maker, folded.
const COINAGES: [&str; 42] = [
    "qwen",
    "chatgpt",
    "openai",
    "anthropic",
    "deepseek",
    "chatglm",
    "smollm",
    "olmo",
    "stablelm",
    "internlm",
    "eurollm",
    "minicpm",
    "nemotron",
    "exaone",
    "gigachat",
    "yandexgpt",
    "hunyuan",
    "doubao",
    "ernie bot",
    "wizardlm",
    "openchat",
    "tongyi qianwen",
    "通义千问",
    "通義千問",
    "文心一言",
    "深度求索",
    "オープンエーアイ",
    "챗지피티",
    "오픈에이아이",
    "гигачат",
    "чатгпт",
    "опенаи",
    "шатгпт",
    "дипсик",
    "квен",
    "딥시크",
    "ディープシーク",
    "أنثروبيك",
    "antropic",
    "dalle",
    "teuken",
    "phind",
];

/// Parts of names that say how a model was packed, not what it is called.
const PACKING: [&str; 24] = [
    "instruct",
    "chat",
    "it",
    "base",
    "gguf",
    "preview",
    "latest",
    "thinking",
    "turbo",
    "hf",
    "fp16",
    "f16",
    "bf16",
    "awq",
    "gptq",
    "dpo",
    "sft",
    "exp",
    "experimental",
    "beta",
    "large",
    "small",
    "medium",
    "mini",
];

/// The tables above, folded once.
pub(super) struct Known {
    spellings: Vec<Vec<(&'static str, Vec<char>)>>,
    coinages: Vec<Vec<char>>,
}

impl Known {
    pub(super) fn new() -> Self {
        let fold_all =
            |names: &&[&'static str]| names.iter().map(|name| (*name, fold_word(name))).collect();
        Self {
            spellings: SPELLINGS.iter().map(fold_all).collect(),
            coinages: COINAGES.iter().map(|word| fold_word(word)).collect(),
        }
    }

    /// All words for one model.
    pub(super) fn aliases(&self, identity: &Identity) -> Vec<Alias> {
        let mut found = Vec::new();
        let (organisation, name) = match identity.name.rsplit_once('/') {
            Some((organisation, name)) => (Some(organisation), name),
            None => (None, identity.name.as_str()),
        };
        for prefix in prefixes(name) {
            self.add(&mut found, &prefix, AliasKind::Name);
        }
        for maker in identity.maker.iter().map(String::as_str).chain(organisation) {
            self.add(&mut found, maker, AliasKind::Maker);
        }
        if let Some(family) = &identity.family {
            self.add(&mut found, family, AliasKind::Family);
        }
        for word in &identity.words {
            self.add(&mut found, word, AliasKind::Word);
        }
        found
    }

    fn add(&self, found: &mut Vec<Alias>, word: &str, kind: AliasKind) {
        let folded = fold_word(word);
        let same = self.spellings.iter().filter(|names| names.iter().any(|name| name.1 == folded));
        let names = [word].into_iter().chain(same.flatten().map(|name| name.0));
        for text in names.flat_map(inflections) {
            let letters = fold_word(&text);
            let least = if letters.iter().any(char::is_ascii) { 2 } else { 1 };
            let is_name =
                letters.len() >= least && letters.iter().any(|letter| letter.is_alphabetic());
            if is_name && !found.iter().any(|alias: &Alias| alias.letters == letters) {
                let distinct = self.is_distinct(&text, &letters);
                found.push(Alias { text, letters, kind, distinct });
            }
        }
    }

    fn is_distinct(&self, text: &str, folded: &[char]) -> bool {
        let parts: Vec<char> = text.chars().collect();
        let versioned = parts.iter().any(char::is_ascii_digit) && folded.len() >= 4;
        let camel = parts.windows(2).any(|pair| pair[0].is_lowercase() && pair[1].is_uppercase());
        versioned || camel || self.coinages.iter().any(|word| word == folded)
    }
}

/// A name and, in Cyrillic, its cases.
fn inflections(name: &str) -> Vec<String> {
    let mut forms = vec![name.to_owned()];
    let stem = name.strip_suffix('а').unwrap_or(name);
    if name.ends_with(|last| ('а'..='я').contains(&last)) && !name.ends_with(['ь', 'и', 'о']) {
        let endings =
            if stem == name { ["а", "у", "ом", "е"] } else { ["ы", "у", "ой", "е"] };
        forms.extend(endings.map(|ending| format!("{stem}{ending}")));
    }
    forms
}

/// "Qwen2.5-Coder-0.5B-Instruct": the whole name, then without its last parts, down to "Qwen".
fn prefixes(name: &str) -> Vec<String> {
    let mut found = vec![name.to_owned()];
    let parts: Vec<&str> =
        name.split(['-', '_', ' ', ':']).filter(|part| !part.is_empty()).collect();
    for count in (1..parts.len()).rev() {
        let last = parts[count - 1].to_lowercase();
        if !PACKING.contains(&last.as_str()) {
            found.push(parts[..count].join("-"));
        }
    }
    let stem: String = parts
        .first()
        .map_or("", |first| first)
        .chars()
        .take_while(|letter| letter.is_alphabetic())
        .collect();
    if stem.chars().count() >= 2 {
        found.push(stem);
    }
    found
}
