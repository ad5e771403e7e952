//! Random chains: tenures, burn forks, flips back, siblings, tenure extends, transactions mined again elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::shape::Shape;
use crate::chain::{Block, Burn, Chain};
use crate::noise;
use crate::oracle::Canonical;
use crate::random::Random;
use crate::shop::{Act, Intent, Shop, random_intents};
use crate::transaction::Transaction;

/// Most transactions from other branches in a block.
const MINED_AGAIN: usize = 3;

/// A chain of so many Bitcoin blocks, in which everything happens but noise.
#[must_use]
pub fn random_chain(seed: u64, burn_blocks: usize) -> Chain {
    let shape = Shape {
        noise: false,
        ..Shape::of(burn_blocks)
    };
    chain(seed, &shape)
}

pub(super) fn chain(seed: u64, shape: &Shape) -> Chain {
    let mut draw = Draw::new(seed, shape);
    for _ in 0..shape.burn_blocks {
        draw.burn_block();
    }
    draw.settle();
    draw.chain
}

/// A Stacks block with what is mined on its branch.
#[derive(Clone)]
struct Tip {
    block: Block,
    mined: Arc<BTreeSet<usize>>,
}

/// A Bitcoin block, and the Stacks block that miners on it build on.
#[derive(Clone)]
struct Branch {
    burn: Burn,
    parent: Option<usize>,
    tip: Tip,
    has_child: bool,
}

/// A transaction of the mempool.
struct Wish {
    intents: Vec<Intent>,
    is_double_spent: bool,
}

struct Draw<'a> {
    random: Random,
    shape: &'a Shape,
    chain: Chain,
    branches: Vec<Branch>,
    active: usize,
    wishes: Vec<Wish>,
}

impl<'a> Draw<'a> {
    fn new(seed: u64, shape: &'a Shape) -> Self {
        let (chain, root) = Chain::of_seed(seed);
        let first = Branch {
            burn: root.tenure.clone(),
            parent: None,
            tip: Tip {
                block: root,
                mined: Arc::default(),
            },
            has_child: false,
        };
        Self {
            random: Random::new(seed),
            shape,
            chain,
            branches: vec![first],
            active: 0,
            wishes: Vec::new(),
        }
    }

    /// One more Bitcoin block, and mostly Stacks blocks.
    fn burn_block(&mut self) {
        let base = self.base();
        let Branch { burn, tip, .. } = self.branches[base].clone();
        let burn = self.chain.burn(&burn);
        let tip = match self.random.below(10) {
            // Nobody won, and the tenure before stands still: only the Bitcoin block tells of itself.
            0 => tip,
            // Nobody won: the tenure before goes on and sees the new Bitcoin block.
            1 | 2 => self.mine(&tip, None, &burn),
            _ => self.tenure(&tip, &burn),
        };
        self.branches[base].has_child = true;
        self.active = self.branches.len();
        self.branches.push(Branch {
            burn,
            parent: Some(base),
            tip,
            has_child: false,
        });
    }

    /// Which Bitcoin block the next one comes on: the newest, one below it, or the end of an abandoned branch.
    fn base(&mut self) -> usize {
        if self.random.percent(self.shape.fork_chance) {
            let depth = 1 + self.random.below(self.shape.fork_depth.max(1));
            return self.ancestor(self.active, depth);
        }
        if self.random.percent(self.shape.flip_chance) {
            let deepest = self.branches[self.active]
                .burn
                .height
                .saturating_sub(u64::try_from(self.shape.fork_depth).unwrap() + 2);
            let ends: Vec<usize> = (0..self.branches.len())
                .filter(|number| !self.branches[*number].has_child)
                .filter(|number| self.branches[*number].burn.height >= deepest)
                .collect();
            return *self.random.pick(&ends).unwrap_or(&self.active);
        }
        self.active
    }

    fn ancestor(&self, from: usize, depth: usize) -> usize {
        let mut number = from;
        for _ in 0..depth {
            number = self.branches[number].parent.unwrap_or(number);
        }
        number
    }

    /// The tenure that a Bitcoin block elected.
    fn tenure(&mut self, tip: &Tip, burn: &Burn) -> Tip {
        let mut tip = tip.clone();
        for nth in 0..=self.random.below(self.shape.tenure_blocks.max(1)) {
            let next = self.mine(&tip, Some(burn), burn);
            // Two of one tenure on one parent: the next block decides.
            let has_sibling = nth > 0 && self.random.percent(self.shape.sibling_chance);
            let sibling = has_sibling.then(|| self.mine(&tip, Some(burn), burn));
            tip = match sibling {
                Some(sibling) if self.random.percent(50) => sibling,
                _ => next,
            };
        }
        tip
    }

    /// A block of the tenure that `tenure` elected, or of the parent's that sees `view` from here on.
    fn mine(&mut self, parent: &Tip, tenure: Option<&Burn>, view: &Burn) -> Tip {
        let mut shop = parent.block.shop.clone();
        let mut mined = Arc::clone(&parent.mined);
        let transactions = self.transactions(&mut shop, &mut mined, view.height);
        let block = match tenure {
            Some(tenure) => self.chain.block(&parent.block, tenure, transactions, shop),
            None => self.chain.extend_tenure(&parent.block, view, transactions, shop),
        };
        Tip { block, mined }
    }

    fn transactions(
        &mut self,
        shop: &mut Shop,
        mined: &mut Arc<BTreeSet<usize>>,
        burn_height: u64,
    ) -> Vec<Transaction> {
        let mut transactions = Vec::new();
        for number in self.mined_elsewhere(mined) {
            transactions.push(self.execute(number, shop, burn_height));
            Arc::make_mut(mined).insert(number);
        }
        for _ in 0..self.random.below(self.shape.transactions + 1) {
            let number = self.wishes.len();
            let intents = random_intents(
                &mut self.random,
                shop,
                u64::try_from(number).unwrap(),
                self.shape.silent_tokens,
            );
            self.wishes.push(Wish {
                intents,
                is_double_spent: self.random.percent(self.shape.double_spend_chance),
            });
            transactions.push(self.execute(number, shop, burn_height));
            Arc::make_mut(mined).insert(number);
        }
        if self.shape.noise {
            noise::mix_in(&mut self.random, &mut transactions, shop, burn_height);
        }
        transactions
    }

    /// Some of the transactions that other branches hold and this one does not, the oldest first.
    fn mined_elsewhere(&mut self, mined: &BTreeSet<usize>) -> Vec<usize> {
        let missing: Vec<usize> = (0..self.wishes.len())
            .filter(|number| !mined.contains(number) && !self.wishes[*number].is_double_spent)
            .collect();
        let some = missing.into_iter().filter(|_| self.random.percent(60));
        some.take(MINED_AGAIN).collect()
    }

    /// What a transaction does in this state: it can succeed in one block and fail in another.
    fn execute(&self, number: usize, shop: &mut Shop, burn_height: u64) -> Transaction {
        let txid = u64::try_from(number).unwrap() + 1;
        let acts: Option<Vec<Act>> = shop.execute(&self.wishes[number].intents, burn_height);
        acts.map_or_else(|| Transaction::refused(txid), |acts| Transaction::new(txid, acts))
    }

    /// A last Bitcoin and Stacks block on the chain that the node follows now, so that the end does not depend on what
    /// was seen first.
    fn settle(&mut self) {
        let canonical: Canonical<'_> = self.chain.canonical(&self.chain.messages);
        let (burn, number) = (
            canonical.burn_tip.unwrap().burn.clone(),
            canonical.blocks.last().unwrap().block.number,
        );
        let block = self.chain.blocks[number].block.clone();
        let burn = self.chain.burn(&burn);
        let tip = Tip {
            block,
            // Nothing is mined twice: what this branch holds is not looked up.
            mined: Arc::new((0..self.wishes.len()).collect()),
        };
        self.mine(&tip, Some(&burn), &burn);
    }
}
