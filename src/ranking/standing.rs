//! Boards of single votes, as the core computes them; snapshots of the journal use the same code.

pub use arena_core::ranking::standing::{
    Basis, Dependence, MIN_CLUSTERS, Rated, Standing, stand, stand_as_given,
};
