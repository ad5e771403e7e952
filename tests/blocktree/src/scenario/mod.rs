//! Whole histories from a seed.

mod arrival;
mod draw;
mod fork;
mod shape;

use crate::chain::{Chain, Posted};
use crate::oracle::Canonical;

pub use draw::random_chain;
pub use fork::Fork;
pub use shape::{Arrival, Shape};

/// A history, and the messages of it in the order in which they arrive.
#[derive(Debug)]
pub struct Scenario {
    /// What it was drawn from.
    pub seed: u64,
    /// How the blocks were made. Its own messages are those of a node that forgets and repeats nothing.
    pub chain: Chain,
    /// What arrives.
    pub payloads: Vec<Posted>,
}

impl Scenario {
    /// The history of a seed.
    #[must_use]
    pub fn draw(seed: u64, shape: &Shape) -> Self {
        let chain = draw::chain(seed, shape);
        let payloads = arrival::arriving(&chain, seed, &shape.arrival);
        Self {
            seed,
            chain,
            payloads,
        }
    }

    /// What must be canonical when all has arrived.
    #[must_use]
    pub fn canonical(&self) -> Canonical<'_> {
        self.chain.canonical(&self.payloads)
    }

    /// The rows of the view `canonical_dump` when all has arrived.
    #[must_use]
    pub fn dump(&self) -> Vec<String> {
        self.canonical().dump()
    }

    /// The same history arriving otherwise.
    #[must_use]
    pub fn arriving(self, seed: u64, arrival: &Arrival) -> Self {
        let payloads = arrival::arriving(&self.chain, seed, arrival);
        Self { payloads, ..self }
    }
}
