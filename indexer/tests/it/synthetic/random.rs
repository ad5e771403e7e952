//! Random chains: burn forks, tenures, tenure extends, refunds mined again on another branch.

use super::chain::{Block, Burn, Chain, Transaction};
use super::shop::{Act, OTHER_PAYER, PAYER, Shop, TOKEN};

/// Numbers from a seed (SplitMix64): the same on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::try_from(bound).unwrap();
        usize::try_from((mixed ^ (mixed >> 31)) % bound).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            None
        } else {
            items.get(self.below(items.len()))
        }
    }
}

/// A Bitcoin block with the chain of Stacks blocks that its branch can build on, the highest last.
#[derive(Clone)]
struct Branch {
    burns: Vec<Burn>,
    blocks: Vec<Block>,
}

/// A chain of so many Bitcoin blocks, with forks up to five deep.
pub(crate) fn random_chain(seed: u64, burn_blocks: usize) -> Chain {
    let mut random = Random::new(seed);
    let (mut chain, root) = Chain::new();
    let mut branches = vec![Branch {
        burns: vec![root.tenure.clone()],
        blocks: vec![root],
    }];
    let mut transactions = 1000;
    for _ in 0..burn_blocks {
        let is_fork = random.below(4) == 0;
        let from = if is_fork {
            random.below(branches.len().min(5))
        } else {
            0
        };
        let mut branch = branches[branches.len() - 1 - from].clone();
        let burn = chain.burn(branch.burns.last().unwrap());
        branch.burns.push(burn.clone());
        if random.below(4) > 0 {
            // Mostly on the best block, sometimes on one below: a sibling.
            let depth = random.below(6).saturating_sub(3).min(branch.blocks.len() - 1);
            branch.blocks.truncate(branch.blocks.len() - depth);
            let mut parent = branch.blocks.last().unwrap().clone();
            for _ in 0..=random.below(3) {
                let mut shop = parent.shop.clone();
                let view = if parent.tenure == burn {
                    parent.view.height
                } else {
                    burn.height
                };
                let mined = random_transactions(&mut random, &mut shop, &mut transactions, view);
                parent = chain.block(&parent, &burn, mined, shop);
                branch.blocks.push(parent.clone());
            }
        } else {
            // No miner won: the tenure before goes on and sees the new Bitcoin block.
            let parent = branch.blocks.last().unwrap().clone();
            let mut shop = parent.shop.clone();
            let mined = random_transactions(&mut random, &mut shop, &mut transactions, burn.height);
            branch
                .blocks
                .push(chain.extend_tenure(&parent, &burn, mined, shop));
        }
        branches.push(branch);
    }
    chain
}

fn random_transactions(
    random: &mut Random,
    shop: &mut Shop,
    next: &mut u64,
    burn_height: u64,
) -> Vec<Transaction> {
    let mut transactions = Vec::new();
    for _ in 0..random.below(3) {
        let acts: Vec<Act> = (0..=random.below(2))
            .map(|_| random_act(random, shop, burn_height))
            .collect();
        *next += 1;
        transactions.push(Transaction::new(*next, acts));
    }
    transactions
}

fn random_act(random: &mut Random, shop: &mut Shop, burn_height: u64) -> Act {
    let token = [None, Some(TOKEN)][random.below(2)];
    match random.below(4) {
        0 | 1 => {
            if let Some((id, due)) = random.pick(&shop.payable()).cloned() {
                let payer = [PAYER, OTHER_PAYER][random.below(2)];
                let amount = if random.below(2) == 0 {
                    due
                } else {
                    due.div_ceil(2)
                };
                return shop.pay(id, payer, amount, burn_height);
            }
        }
        2 => {
            if let Some((id, payer, left)) = random.pick(&shop.refundable()).cloned() {
                return shop.refund(id, &payer, left.div_ceil(2), burn_height);
            }
        }
        _ => {}
    }
    shop.create_invoice(u128::MAX >> random.below(120), token, burn_height)
        .1
}
