//! The sampling settings of an answer: the same for every model of an arena.

use serde::{Deserialize, Serialize};

/// How tokens are chosen. The settings are shown with every reveal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Softmax temperature; 0 is greedy.
    pub temperature: f32,
    /// Nucleus mass, 0 < p <= 1.
    pub top_p: f32,
    /// How many of the likeliest tokens are considered; 0 is all.
    pub top_k: u32,
    /// Smallest probability relative to the likeliest token, 0 <= p < 1.
    pub min_p: f32,
    /// Most tokens of one answer.
    pub max_tokens: u32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 0.7, top_p: 0.95, top_k: 40, min_p: 0.05, max_tokens: 512 }
    }
}

impl std::fmt::Display for Sampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "temperature {}, top-p {}, top-k {}, min-p {}, at most {} tokens",
            self.temperature, self.top_p, self.top_k, self.min_p, self.max_tokens
        )
    }
}
