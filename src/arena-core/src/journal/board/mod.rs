//! Published boards: from the leaves before an index, and settings, to the bytes of a file.
//!
//! The same leaves and settings give the same bytes with the same program on the same kind of processor. On another
//! kind, or with another version, exponentials and matrix products may differ in their last digits. The file has
//! hundredths of points as whole numbers, so such a difference shows only where a number lies within about 1e-9 of
//! the edge between two hundredths; whoever compares boards of two machines therefore allows one hundredth
//! ([`Document::differs_from`]). Places rest on comparisons of such numbers and are expected to be equal.
//!
//! What is on a board: votes before the index whose tier is among those of the settings, without a flag that does
//! not count, and, if exclusions are honoured, not excluded by the last decision before the index. Votes of one
//! pseudonym form a cluster, and votes on one question of a set, from 30 of them on; then the votes of a pseudonym weigh no
//! more together than the cap ([`crate::ranking::standing`]). A pseudonym lasts a month, so a voter of several
//! months is several clusters here.

mod document;
mod ledger;
mod settings;
mod table;
#[cfg(test)]
mod tests;

pub use document::{Counts, Document, Row};
pub use ledger::Ledger;
pub use settings::{Exclusions, Method, Settings};

use super::leaf::{Leaf, LeafError};
use super::merkle::{Frontier, Hash, leaf_hash};
use crate::ids::ModelId;
use crate::ranking::RankingError;

/// More models than this are refused: the table of pairs would not fit.
pub const MAX_MODELS: usize = 2000;

/// Why there is no board.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BoardError {
    /// Not a leaf.
    #[error("leaf {0} cannot be read")]
    Leaf(u64, #[source] LeafError),
    /// A leaf is missing or comes twice.
    #[error("leaf {found} comes where leaf {expected} is due")]
    Order {
        /// The index that is due.
        expected: u64,
        /// The index that came.
        found: u64,
    },
    /// A board of more leaves than there are.
    #[error("a board of {0} leaves was asked for, and there are {1}")]
    Short(u64, u64),
    /// A vote on a model that no leaf names.
    #[error("model {0} has votes and no leaf")]
    Unlisted(ModelId),
    /// More models than [`MAX_MODELS`].
    #[error("{0} models are more than a board can have")]
    TooManyModels(usize),
    /// More votes and voids than battles.
    #[error("more battles have ended than were begun")]
    Counts,
    /// The statistics refused.
    #[error("the ratings cannot be computed")]
    Ranking(#[from] RankingError),
}

/// Computes the published bytes of a board.
///
/// **Input** all leaves before an index, from 0, in order; settings. **Output** the bytes of [`Document::to_text`].
/// **Errors** [`BoardError`]. **Cost** one pass, a fit, and `draws` times the square of the number of models.
pub fn compute(
    leaves: impl IntoIterator<Item = (u64, Leaf)>,
    settings: &Settings,
) -> Result<Vec<u8>, BoardError> {
    let (mut ledger, mut tree) = (Ledger::default(), Frontier::default());
    for (index, leaf) in leaves {
        if index != ledger.size() {
            return Err(BoardError::Order { expected: ledger.size(), found: index });
        }
        let bytes = leaf.to_bytes().map_err(|error| BoardError::Leaf(index, error))?;
        tree.push(leaf_hash(&bytes), 0);
        ledger.take(&bytes)?;
    }
    Ok(ledger.publish(tree.size(), &tree.root(), settings)?.to_text().into_bytes())
}

impl Ledger {
    /// The board of the first `n` leaves, whose tree has the root given. See [`compute`].
    pub fn publish(
        &self,
        n: u64,
        root: &Hash,
        settings: &Settings,
    ) -> Result<Document, BoardError> {
        table::publish(self, n, root, settings)
    }
}
