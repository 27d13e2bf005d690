//! The marks by which models set their reasoning apart, and the question whether a text starts with one.

/// A pair of marks around reasoning.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
    /// Plain words rather than a tag: they count at the very start of an answer only.
    pub(super) words: bool,
}

const fn tag(open: &'static str, close: &'static str) -> Pair {
    Pair { open, close, words: false }
}

const fn words(open: &'static str, close: &'static str) -> Pair {
    Pair { open, close, words: true }
}

/// All pairs in use, with a family that uses each. Case does not matter.
pub(super) const PAIRS: [Pair; 15] = [
    tag("<think>", "</think>"), // Qwen3, DeepSeek-R1, GLM, MiniMax, SmolLM3
    tag("<thinking>", "</thinking>"), // tunes after Claude's prompts, Reflection
    tag("<reasoning>", "</reasoning>"), // GRPO tunes
    tag("<thought>", "</thought>"), // EXAONE Deep
    tag("<seed:think>", "</seed:think>"), // Seed-OSS
    tag("[THINK]", "[/THINK]"), // Magistral
    tag("◁think▷", "◁/think▷"), // Kimi
    tag("<|START_THINKING|>", "<|END_THINKING|>"), // Command A Reasoning
    tag("<|begin_of_thought|>", "<|end_of_thought|>"), // OpenThinker, Sky-T1
    tag("<|inner_prefix|>", "<|inner_suffix|>"), // Apertus
    tag("<|channel>thought", "<channel|>"), // Gemma 4
    words("Here is my thought process:", "Here is my response:"), // Granite 3.2
    words("Here's my thought process:", "Here's my response:"), // Granite 3.2
    words("Here’s my thought process:", "Here’s my response:"), // Granite 3.2
    words(HARMONY_WORD, "assistantfinal"), // gpt-oss, its control tokens lost
];

/// What is left of harmony's first header when control tokens are not printed. A capital or
/// another script follows without a blank: "analysisWe need …".
pub(super) const HARMONY_WORD: &str = "analysis";

/// Marks around the answer proper; dropped where they directly follow reasoning or start the answer.
pub(super) const WRAPPERS: [(&str, &str); 5] = [
    ("<answer>", "</answer>"),                        // Hunyuan, R1-like tunes
    ("<response>", "</response>"),                    // Granite 3.3, Ernie
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),       // Command A Reasoning
    ("<|begin_of_solution|>", "<|end_of_solution|>"), // OpenThinker, Sky-T1
    ("[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]"), // Apriel
];

/// Control tokens of harmony, gpt-oss's format.
pub(super) const CHANNEL: &str = "<|channel|>";
pub(super) const START: &str = "<|start|>";
pub(super) const MESSAGE: &str = "<|message|>";
pub(super) const ENDS: [&str; 3] = ["<|end|>", "<|return|>", "<|call|>"];

/// Whether a text starts with a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hit {
    Yes,
    /// The text ends before this is decided.
    Open,
    No,
}

/// Compares without regard to ASCII case.
pub(super) fn starts(text: &str, mark: &str) -> Hit {
    let length = text.len().min(mark.len());
    if !text.as_bytes()[..length].eq_ignore_ascii_case(&mark.as_bytes()[..length]) {
        Hit::No
    } else if length == mark.len() {
        Hit::Yes
    } else {
        Hit::Open
    }
}
