//! Archives in which every block is ours.

use std::io::{self, Write};

use recoup_protocol::token::Token;
use recoup_stacks::address::{Address, Network};

use super::{Rows, Written};
use crate::chain::Chain;
use crate::shop::{NewInvoice, Shop, TOKEN, principal};
use crate::transaction::Transaction;

/// Stacks blocks to a Bitcoin block, about as on mainnet.
const TENURE: u64 = 100;

/// An archive in which every block holds so many refunds of the block before's payments.
#[derive(Debug, Clone, Copy)]
pub struct Dense {
    /// Stacks blocks, beside the root and the one that pays for the first refunds.
    pub blocks: u64,
    /// Refunds a block; as many invoices, each created and paid in one transaction.
    pub refunds_per_block: u64,
    /// Merchants.
    pub merchants: u64,
    /// Payers.
    pub payers: u64,
}

impl Dense {
    /// With 50 merchants and 1,000 payers.
    #[must_use]
    pub const fn of(blocks: u64, refunds_per_block: u64) -> Self {
        Self {
            blocks,
            refunds_per_block,
            merchants: 50,
            payers: 1_000,
        }
    }

    /// Writes it. Needs memory for one block only, whatever the length.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(self, output: &mut impl Write) -> io::Result<Written> {
        let (mut chain, root) = Chain::new();
        let mut rows = Rows::new(output);
        let mut block = root;
        let mut burn = block.tenure.clone();
        let mut paid: Vec<(u64, String)> = Vec::new();
        for nth in 0..=self.blocks {
            if nth % TENURE == 0 {
                burn = chain.burn(&burn);
            }
            for message in chain.take_messages() {
                rows.message(&message)?;
            }
            let mut shop = std::mem::take(&mut block.shop);
            let mut transactions = Vec::new();
            for (invoice, payer) in paid.drain(..) {
                let act = shop.refund(invoice, &payer, 40, burn.height);
                transactions.push(Transaction::new(rows.written.refunds + (1 << 31), vec![act]));
                shop.forget(invoice);
                rows.written.refunds += 1;
            }
            if nth < self.blocks {
                for _ in 0..self.refunds_per_block {
                    let number = rows.written.invoices;
                    let (transaction, invoice) = self.sell(&mut shop, number, burn.height);
                    transactions.push(transaction);
                    paid.push(invoice);
                    rows.written.invoices += 1;
                }
            }
            block = chain.block(&block, &burn, transactions, shop);
        }
        for message in chain.take_messages() {
            rows.message(&message)?;
        }
        Ok(rows.written)
    }

    /// An invoice, created and paid in one call.
    fn sell(self, shop: &mut Shop, number: u64, burn_height: u64) -> (Transaction, (u64, String)) {
        let new = NewInvoice {
            token: Token::from_contract((number % 2 == 1).then(|| principal(TOKEN))),
            amount: 100 + u128::from(number % 1_000),
            reference: Some(format!("order-{number}")),
            memo: Some("two coffees ☕".to_owned()),
            ..NewInvoice::of(&someone(1, number % self.merchants.max(1)))
        };
        let payer = someone(2, number % self.payers.max(1));
        let created = shop.create(&new, burn_height);
        let invoice = shop.last_invoice();
        let paid = shop.pay(invoice, &payer, new.amount, burn_height);
        (
            Transaction::new(number + 1, vec![created, paid]),
            (invoice, payer),
        )
    }
}

/// An address for every kind and number.
fn someone(kind: u8, number: u64) -> String {
    let mut hash160 = [kind; 20];
    hash160[12..].copy_from_slice(&number.to_be_bytes());
    Address::single_sig(Network::Testnet, hash160).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_says() {
        let mut text = Vec::new();
        let written = Dense::of(250, 3).write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(written.bytes, u64::try_from(text.len()).unwrap());
        assert_eq!(written.rows, u64::try_from(text.lines().count()).unwrap());
        assert_eq!(
            (written.invoices, written.refunds, written.blocks),
            (750, 750, 252)
        );
        // The name of an event, as it stands in its serialised value.
        let hex: String = "refund-processed"
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(text.matches(&hex).count(), 750);
    }
}
