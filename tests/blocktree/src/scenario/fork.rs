//! One fork of a given depth, there and back.

use super::Scenario;
use crate::chain::{Block, Burn, Chain};
use crate::shop::{PAYER, Shop};
use crate::transaction::Transaction;

/// A fork of a given depth, with what the indexer must have followed at each of its turns.
#[derive(Debug, Clone, Copy)]
pub struct Fork {
    /// Bitcoin blocks that are abandoned, each with a Stacks block.
    pub depth: usize,
    /// Branches, from 2 on. Each outgrows the one before by one Bitcoin block; then the first wins again.
    pub branches: usize,
    /// Refunds that every branch holds, spread over its blocks.
    pub refunds: usize,
}

impl Fork {
    /// The history, and how many of its messages have been sent at each turn: after every branch, and at the end.
    #[must_use]
    pub fn draw(self, seed: u64) -> (Scenario, Vec<usize>) {
        let (mut chain, root) = Chain::of_seed(seed);
        let trunk = self.trunk(&mut chain, &root);
        let mut turns = Vec::new();
        let mut first = None;
        for branch in 0..self.branches {
            let end = self.branch(&mut chain, &trunk, branch);
            turns.push(chain.messages.len());
            first.get_or_insert(end);
        }
        // The first wins again; nothing of it is announced again.
        let (mut burn, block) = first.unwrap();
        for _ in 0..=self.branches {
            burn = chain.burn(&burn);
        }
        let shop = block.shop.clone();
        chain.block(&block, &burn, Vec::new(), shop);
        turns.push(chain.messages.len());
        let payloads = chain.messages.clone();
        let scenario = Scenario {
            seed,
            chain,
            payloads,
        };
        (scenario, turns)
    }

    /// One paid invoice for every refund.
    fn trunk(self, chain: &mut Chain, root: &Block) -> Block {
        let mut block = root.clone();
        for hundred in 0..self.refunds.div_ceil(100) {
            let mut shop = block.shop.clone();
            let invoices = (hundred * 100..self.refunds.min((hundred + 1) * 100)).map(|number| {
                let (invoice, created) = shop.create_invoice(100, None, root.view.height);
                let paid = shop.pay(invoice, PAYER, 100, root.view.height);
                Transaction::new(u64::try_from(number).unwrap() + 1, vec![created, paid])
            });
            let invoices = invoices.collect();
            block = chain.block(&block, &root.tenure, invoices, shop);
        }
        block
    }

    /// The same transactions on every branch, each branch in an order of its own: another id for the same refund.
    fn branch(self, chain: &mut Chain, trunk: &Block, branch: usize) -> (Burn, Block) {
        let length = self.depth + branch;
        let (mut burn, mut block) = (trunk.tenure.clone(), trunk.clone());
        for place in 0..length {
            burn = chain.burn(&burn);
            let mut shop = block.shop.clone();
            let of_this_block = (self.refunds * place / length)..(self.refunds * (place + 1) / length);
            let refunds =
                of_this_block.map(|nth| self.refund(&mut shop, (nth + branch) % self.refunds, &burn));
            let refunds = refunds.collect();
            block = chain.block(&block, &burn, refunds, shop);
        }
        (burn, block)
    }

    fn refund(self, shop: &mut Shop, nth: usize, burn: &Burn) -> Transaction {
        let nth = u64::try_from(nth).unwrap();
        let acts = vec![shop.refund(nth + 1, PAYER, 40, burn.height)];
        Transaction::new(1_000_000 + nth, acts)
    }
}
