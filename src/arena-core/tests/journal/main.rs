//! The journal against readers that share no code with it: a verifier in Python, other crates, recorded vectors.

mod case;
mod independent;
mod insider;
mod outsider;
mod python;
mod tampering;
mod vectors;
