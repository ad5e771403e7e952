//! What a history is like.

/// What a history is like. Chances are percent.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Bitcoin blocks, beside the two that every history begins with and the one that ends it.
    pub burn_blocks: usize,
    /// Most blocks of a tenure.
    pub tenure_blocks: usize,
    /// Most transactions of a block that are new.
    pub transactions: usize,
    /// That a Bitcoin block begins a fork.
    pub fork_chance: usize,
    /// Most Bitcoin blocks that a fork abandons.
    pub fork_depth: usize,
    /// That an abandoned branch goes on.
    pub flip_chance: usize,
    /// That a tenure has two blocks on one parent, one of which is abandoned.
    pub sibling_chance: usize,
    /// That a transaction which was orphaned is double-spent, and never comes back.
    pub double_spend_chance: usize,
    /// Whether there is more on the chain than our contract: look-alikes, failed transactions, other tokens.
    pub noise: bool,
    /// Whether some of the tokens move silently, so that nothing proves what core says of them.
    pub silent_tokens: bool,
    /// How the messages arrive.
    pub arrival: Arrival,
}

impl Shape {
    /// A small history in which everything happens.
    #[must_use]
    pub fn of(burn_blocks: usize) -> Self {
        Self {
            burn_blocks,
            tenure_blocks: 3,
            transactions: 2,
            fork_chance: 25,
            fork_depth: 5,
            flip_chance: 10,
            sibling_chance: 20,
            double_spend_chance: 20,
            noise: true,
            silent_tokens: true,
            arrival: Arrival::in_order(),
        }
    }

    /// The same without any transaction: for rules that look at blocks only.
    #[must_use]
    pub fn tree(burn_blocks: usize) -> Self {
        Self {
            transactions: 0,
            noise: false,
            ..Self::of(burn_blocks)
        }
    }

    /// The same with nothing that an indexer must flag.
    #[must_use]
    pub fn proven(self) -> Self {
        Self {
            silent_tokens: false,
            ..self
        }
    }

    /// The same, arriving otherwise.
    #[must_use]
    pub fn arriving(self, arrival: Arrival) -> Self {
        Self { arrival, ..self }
    }
}

/// How messages arrive. Chances are percent.
#[derive(Debug, Clone, Default)]
pub struct Arrival {
    /// In any order, else in that of their making.
    pub is_shuffled: bool,
    /// That a message waits until so many others have come.
    pub late_chance: usize,
    /// How many.
    pub late_by: usize,
    /// That a message comes again, in the same bytes or in others.
    pub repeat_chance: usize,
    /// That a Bitcoin block is announced as by nodes older than 3.1, without its parent and its sortition.
    pub old_chance: usize,
    /// That block 0 is announced before a message.
    pub genesis_chance: usize,
    /// That messages come which nobody follows.
    pub chatter_chance: usize,
}

impl Arrival {
    /// One after the other, once each.
    #[must_use]
    pub fn in_order() -> Self {
        Self::default()
    }

    /// As from a node that starts again and again, over a network that repeats and delays.
    #[must_use]
    pub const fn rough() -> Self {
        Self {
            is_shuffled: false,
            late_chance: 10,
            late_by: 8,
            repeat_chance: 15,
            old_chance: 0,
            genesis_chance: 5,
            chatter_chance: 10,
        }
    }

    /// The same from a node so old, half of the time, that it does not tell enough to judge what is dead.
    #[must_use]
    pub const fn from_old_nodes() -> Self {
        Self {
            old_chance: 50,
            ..Self::rough()
        }
    }

    /// In no order at all, and repeated.
    #[must_use]
    pub const fn shuffled() -> Self {
        Self {
            is_shuffled: true,
            ..Self::rough()
        }
    }
}
