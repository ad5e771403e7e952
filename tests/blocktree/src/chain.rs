//! Bitcoin and Stacks blocks as they are made, and what the node announces of each.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::payload;
use crate::shop::Shop;
use crate::transaction::Transaction;

/// Lowest height of a chain, of Bitcoin and of Stacks alike; one Bitcoin block lies below.
pub const ROOT_HEIGHT: u64 = 100;

/// A message of the node.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Path of the request.
    pub path: &'static str,
    /// Its body.
    pub body: Value,
    /// What it announces, whatever stands in its body.
    pub subject: Subject,
}

/// What a message announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The Bitcoin block of this number.
    Burn(usize),
    /// The same as nodes older than 3.1 announce it: without its parent and its sortition.
    OldBurn(usize),
    /// The Stacks block of this number.
    Block(usize),
    /// Nothing that an indexer follows, or a block below the root.
    Other,
}

/// A Bitcoin block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burn {
    /// Its height.
    pub height: u64,
    /// Its hash, without `0x`.
    pub hash: String,
    /// Its sortition, without `0x`.
    pub consensus_hash: String,
    /// Its number in [`Chain::burns`].
    pub number: usize,
}

/// A Stacks block, and what the contract's maps hold after it.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its height.
    pub height: u64,
    /// Its identity on every fork.
    pub id: String,
    /// The Bitcoin block that elected its tenure.
    pub tenure: Burn,
    /// The Bitcoin block that it saw.
    pub view: Burn,
    /// The contract's maps after it.
    pub shop: Shop,
    /// Its number in [`Chain::blocks`].
    pub number: usize,
}

/// A Bitcoin block as it was made.
#[derive(Debug, Clone)]
pub struct MadeBurn {
    /// The block.
    pub burn: Burn,
    /// Its parent's hash, without `0x`.
    pub parent: String,
}

/// A Stacks block as it was made.
#[derive(Debug, Clone)]
pub struct MadeBlock {
    /// The block.
    pub block: Block,
    /// Its parent's identity.
    pub parent: String,
    /// Hash of its header.
    pub hash: String,
    /// When it was made, in seconds of Unix time.
    pub time: u64,
    /// Burn view that its own TenureChange transaction names; without one it has its parent's.
    pub announced_view: Option<Burn>,
    /// Its transactions, without the TenureChange.
    pub transactions: Vec<Transaction>,
}

impl MadeBlock {
    /// Place of its first transaction that is none of the miner's.
    #[must_use]
    pub fn first_index(&self) -> usize {
        usize::from(self.announced_view.is_some())
    }

    /// Identity of the miner's own transaction.
    #[must_use]
    pub fn tenure_change_txid(&self) -> String {
        format!("0x{}{}", &self.hash[34..], &self.hash[2..34])
    }
}

/// Blocks of every fork, and the messages that a node sends of them, both in the order of their making.
#[derive(Debug, Default)]
pub struct Chain {
    /// What the node sends.
    pub messages: Vec<Posted>,
    /// Every Bitcoin block.
    pub burns: Vec<MadeBurn>,
    /// Every Stacks block.
    pub blocks: Vec<MadeBlock>,
    seed: u64,
    made: u64,
}

impl Chain {
    /// A chain with one Bitcoin and one Stacks block, both of height 100.
    #[must_use]
    pub fn new() -> (Self, Block) {
        Self::of_seed(0)
    }

    /// The same with other hashes: they decide which of two equal Bitcoin forks wins.
    #[must_use]
    pub fn of_seed(seed: u64) -> (Self, Block) {
        let mut chain = Self {
            seed,
            ..Self::default()
        };
        let genesis = chain.burn_at(ROOT_HEIGHT - 1, &digits(seed, 1, 0, 64));
        let burn = chain.burn(&genesis);
        let below = Block {
            height: ROOT_HEIGHT - 1,
            id: format!("0x{}", digits(seed, 3, 0, 64)),
            tenure: genesis.clone(),
            view: genesis,
            shop: Shop::default(),
            number: usize::MAX,
        };
        let root = chain.block(&below, &burn, Vec::new(), Shop::default());
        (chain, root)
    }

    /// Announces a Bitcoin block.
    pub fn burn(&mut self, parent: &Burn) -> Burn {
        let parent_hash = parent.hash.clone();
        self.burn_at(parent.height + 1, &parent_hash)
    }

    fn burn_at(&mut self, height: u64, parent_hash: &str) -> Burn {
        let number = self.next();
        let burn = Burn {
            height,
            hash: digits(self.seed, 1, number, 64),
            consensus_hash: digits(self.seed, 2, number, 40),
            number: self.burns.len(),
        };
        let made = MadeBurn {
            burn: burn.clone(),
            parent: parent_hash.to_owned(),
        };
        self.messages.push(Posted {
            path: "/new_burn_block",
            body: payload::new_burn_block(&made),
            subject: Subject::Burn(burn.number),
        });
        self.burns.push(made);
        burn
    }

    /// Announces a Stacks block: of its parent's tenure, or the first of a new one.
    pub fn block(
        &mut self,
        parent: &Block,
        tenure: &Burn,
        transactions: Vec<Transaction>,
        shop: Shop,
    ) -> Block {
        let view = (*tenure != parent.tenure).then_some(tenure);
        self.block_with_view(parent, tenure, view, transactions, shop)
    }

    /// Announces a Stacks block that sees a later Bitcoin block than its tenure's.
    pub fn extend_tenure(
        &mut self,
        parent: &Block,
        view: &Burn,
        transactions: Vec<Transaction>,
        shop: Shop,
    ) -> Block {
        let tenure = parent.tenure.clone();
        self.block_with_view(parent, &tenure, Some(view), transactions, shop)
    }

    fn block_with_view(
        &mut self,
        parent: &Block,
        tenure: &Burn,
        view: Option<&Burn>,
        transactions: Vec<Transaction>,
        shop: Shop,
    ) -> Block {
        let number = self.next();
        let block = Block {
            height: parent.height + 1,
            id: format!("0x{}", digits(self.seed, 3, number, 64)),
            tenure: tenure.clone(),
            view: view.unwrap_or(&parent.view).clone(),
            shop,
            number: self.blocks.len(),
        };
        let made = MadeBlock {
            block: block.clone(),
            parent: parent.id.clone(),
            hash: format!("0x{}", digits(self.seed, 6, number, 64)),
            time: 1_760_000_000 + number,
            announced_view: view.cloned(),
            transactions,
        };
        self.messages.push(Posted {
            path: "/new_block",
            body: payload::new_block(&made),
            subject: Subject::Block(block.number),
        });
        self.blocks.push(made);
        block
    }

    /// Stacks blocks by their identity.
    #[must_use]
    pub fn by_id(&self) -> BTreeMap<&str, &MadeBlock> {
        self.blocks
            .iter()
            .map(|made| (made.block.id.as_str(), made))
            .collect()
    }

    /// Takes the messages out and forgets what was made, so that a chain of any length needs no more memory than its
    /// last blocks. Nothing canonical can be said of it any more.
    pub fn take_messages(&mut self) -> Vec<Posted> {
        self.burns.clear();
        self.blocks.clear();
        std::mem::take(&mut self.messages)
    }

    const fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}

/// Hexadecimal digits that are different for every kind and number, and in no order.
pub(crate) fn digits(seed: u64, kind: u64, number: u64, length: usize) -> String {
    let mixed = (kind << 32 | number)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ seed.wrapping_mul(0xd6e8_feb8_6659_fd93);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    format!("{mixed:016x}{kind:04x}{number:020x}{:024x}", 0)[..length].to_owned()
}
