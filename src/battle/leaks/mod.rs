//! Answers that say who wrote them: found before the vote, written down without their words.

pub mod queries;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use arena_core::ids::ModelId;
use arena_core::leak::{AliasKind, Finder, Identity};

use crate::pool::Model;

/// Assistants that everybody has heard of. An answer that claims to be one of them sways a voter as
/// much as one that names a model of the pool, and small models often do.
const HOUSEHOLD_NAMES: [(&str, &str); 12] = [
    ("ChatGPT", "OpenAI"),
    ("Claude", "Anthropic"),
    ("Copilot", "Microsoft"),
    ("DeepSeek", "DeepSeek"),
    ("Doubao", "ByteDance"),
    ("ERNIE", "Baidu"),
    ("Gemini", "Google"),
    ("Grok", "xAI"),
    ("Kimi", "Moonshot AI"),
    ("Llama", "Meta"),
    ("Mistral", "Mistral AI"),
    ("Qwen", "Alibaba"),
];

/// In which way an answer named an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::battle) struct Sign {
    /// How it was said.
    pub(in crate::battle) rule: &'static str,
    /// What kind of word it was.
    pub(in crate::battle) kind: &'static str,
    /// Whether the word goes for the model that wrote the answer.
    pub(in crate::battle) own: bool,
}

/// Knows the names of the pool.
#[derive(Debug)]
pub(super) struct Known {
    identities: Vec<Identity>,
    /// Whose identity it is; none for a household name.
    owners: Vec<Option<ModelId>>,
    finder: Finder,
}

/// The names of the pool as it was last seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    known: Arc<Mutex<Option<Arc<Known>>>>,
}

impl Names {
    /// The names of these models, retired ones too; collected anew when they have changed.
    pub(super) fn of(&self, models: &[Model]) -> Arc<Known> {
        let (identities, owners) = identities(models);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some(known) if known.identities == identities && known.owners == owners => {
                Arc::clone(known)
            }
            _ => {
                let finder = Finder::new(&identities);
                Arc::clone(known.insert(Arc::new(Known { identities, owners, finder })))
            }
        }
    }
}

impl Known {
    /// In which ways an answer of this model names an author; each once.
    pub(super) fn signs(&self, author: ModelId, answer: &str) -> BTreeSet<Sign> {
        let leaks = self.finder.find(answer);
        let sign = |leak: arena_core::leak::Leak| Sign {
            rule: leak.rule.as_str(),
            kind: word_of(leak.kind),
            own: leak.models.iter().any(|at| self.owners[*at] == Some(author)),
        };
        leaks.into_iter().map(sign).collect()
    }
}

fn word_of(kind: AliasKind) -> &'static str {
    match kind {
        AliasKind::Name => "name",
        AliasKind::Maker => "maker",
        AliasKind::Family => "family",
        AliasKind::Word => "word",
    }
}

fn identities(models: &[Model]) -> (Vec<Identity>, Vec<Option<ModelId>>) {
    let identity = |name: &str, maker: Option<&str>| Identity {
        name: name.to_owned(),
        maker: maker.map(str::to_owned),
        ..Identity::default()
    };
    let own = models.iter().flat_map(|model| {
        let base = model.base_model.iter().map(|base| (identity(base, None), Some(model.id)));
        base.chain([(identity(&model.name, Some(&model.maker)), Some(model.id))])
    });
    let household = HOUSEHOLD_NAMES.map(|(name, maker)| (identity(name, Some(maker)), None));
    own.chain(household).unzip()
}
