//! Archives in which hardly any block is ours, as the chain's own is.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Rows, Written, archive_row};
use crate::chain::{Block, Burn, Chain, digits};
use crate::shop::{PAYER, Shop};
use crate::transaction::Transaction;

/// Stacks blocks to a Bitcoin block.
const TENURE: u64 = 100;
/// What stands for the part of a row that differs from block to block.
const SLOT: &str = "<slot>";

/// An archive of other people's blocks, with ours among them.
#[derive(Debug, Clone, Copy)]
pub struct Sparse {
    /// Stacks blocks, beside the root.
    pub blocks: u64,
    /// Every how many blocks one is ours, with one refund of an invoice that is created and paid in the same block.
    pub ours_every: u64,
    /// Least bytes of other people's blocks.
    pub block_bytes: usize,
}

impl Sparse {
    /// One block in a thousand is ours, and others take 50 kB.
    #[must_use]
    pub const fn of(blocks: u64) -> Self {
        Self {
            blocks,
            ours_every: 1_000,
            block_bytes: 50_000,
        }
    }

    /// Writes it. Costs little more than the copying of its bytes.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(self, output: &mut impl Write) -> io::Result<Written> {
        let (mut chain, root) = Chain::new();
        let template = Template::of(self.block_bytes);
        let mut rows = Rows::new(output);
        let mut block = root;
        let mut burn = block.tenure.clone();
        for nth in 1..=self.blocks {
            if nth % TENURE == 1 {
                burn = chain.burn(&burn);
            }
            for message in chain.take_messages() {
                rows.message(&message)?;
            }
            block = if nth % self.ours_every == 0 {
                rows.written.invoices += 1;
                rows.written.refunds += 1;
                ours(&mut chain, block, &burn, nth)
            } else {
                template.write(&mut rows, block, &burn, nth)?
            };
        }
        for message in chain.take_messages() {
            rows.message(&message)?;
        }
        Ok(rows.written)
    }
}

fn ours(chain: &mut Chain, mut parent: Block, burn: &Burn, nth: u64) -> Block {
    let mut shop: Shop = std::mem::take(&mut parent.shop);
    let (invoice, created) = shop.create_invoice(100, None, burn.height);
    let paid = shop.pay(invoice, PAYER, 100, burn.height);
    let refunded = shop.refund(invoice, PAYER, 40, burn.height);
    shop.forget(invoice);
    let transaction = Transaction::new(nth, vec![created, paid, refunded]);
    chain.block(&parent, burn, vec![transaction], shop)
}

/// A row of somebody else's block, cut where blocks differ.
struct Template(Vec<String>);

impl Template {
    /// Token transfers and contract calls until it is long enough.
    fn of(block_bytes: usize) -> Self {
        let mut transactions: Vec<Value> = Vec::new();
        let mut events: Vec<Value> = Vec::new();
        let mut length = 0;
        while length < block_bytes {
            let number = u64::try_from(transactions.len()).unwrap();
            let txid = format!("0x{}", digits(0, 12, number, 64));
            let transaction = json!({
                "txid": txid, "tx_index": number, "status": "success", "raw_result": "0x0703",
                "raw_tx": format!("0x{}", crate::payload::raw_transaction()), "contract_interface": null,
                "burnchain_op": null, "microblock_sequence": null, "vm_error": null,
                "execution_cost": {"runtime": 0, "read_count": 0, "read_length": 0, "write_count": 0, "write_length": 0},
            });
            let event = json!({
                "txid": txid, "event_index": number, "committed": true, "type": "contract_event", "contract_event": {
                    "contract_identifier": "SP102V8P0F7JX67ARQ77WEA3D3CFB5XW39REDT0AM.amm-pool-v2-01", "topic": "print",
                    "raw_value": format!("0x0c{}", digits(0, 13, number, 64).repeat(3)),
                    "value": {"Tuple": {"data_map": {"action": {"Sequence": {"String": {"ASCII": {"data": [115, 119, 97, 112]}}}}}}},
                },
            });
            length += transaction.to_string().len() + event.to_string().len() + 2;
            transactions.push(transaction);
            events.push(event);
        }
        let body = json!({
            "block_hash": SLOT, "index_block_hash": SLOT, "parent_index_block_hash": SLOT, "signer_signature_hash": SLOT,
            "block_height": SLOT, "block_time": 1_760_000_000, "burn_block_hash": SLOT, "burn_block_height": SLOT,
            "burn_block_time": 1_760_000_000, "consensus_hash": SLOT, "signer_signature": [], "matured_miner_rewards": [],
            "transactions": transactions, "events": events,
        });
        let row = archive_row(0, "/new_block", &body.to_string());
        let row = row.trim_start_matches('0').replace(&format!("\"{SLOT}\""), SLOT);
        Self(row.split(SLOT).map(str::to_owned).collect())
    }

    fn write<W: Write>(
        &self,
        rows: &mut Rows<'_, W>,
        parent: Block,
        burn: &Burn,
        nth: u64,
    ) -> io::Result<Block> {
        let block = Block {
            height: parent.height + 1,
            id: format!("0x{}", digits(0, 14, nth, 64)),
            tenure: burn.clone(),
            view: burn.clone(),
            ..parent
        };
        let hash = format!("\"0x{}\"", digits(0, 15, nth, 64));
        // In the order of the names: serde_json sorts them.
        let slots = [
            hash.clone(),
            block.height.to_string(),
            format!("\"0x{}\"", burn.hash),
            burn.height.to_string(),
            format!("\"0x{}\"", burn.consensus_hash),
            format!("\"{}\"", block.id),
            format!("\"{}\"", parent.id),
            hash,
        ];
        rows.bytes(rows.written.rows.to_string().as_bytes())?;
        for (part, slot) in self.0.iter().zip(slots.iter().map(String::as_str).chain([""])) {
            rows.bytes(part.as_bytes())?;
            rows.bytes(slot.as_bytes())?;
        }
        rows.written.rows += 1;
        rows.written.blocks += 1;
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_follows_the_one_before_and_a_few_are_ours() {
        let mut text = Vec::new();
        let archive = Sparse {
            blocks: 250,
            ours_every: 50,
            block_bytes: 2_000,
        };
        let written = archive.write(&mut text).unwrap();
        assert_eq!((written.blocks, written.refunds), (251, 5));
        let text = String::from_utf8(text).unwrap();
        assert_eq!(written.rows, u64::try_from(text.lines().count()).unwrap());
        assert_eq!(written.bytes, u64::try_from(text.len()).unwrap());
        let mut tip: Option<(u64, Value)> = None;
        for (number, row) in text.lines().enumerate() {
            let columns: Vec<&str> = row.split('\t').collect();
            assert_eq!(columns[0], number.to_string());
            let body: Value = serde_json::from_str(columns[3]).unwrap();
            if columns[2] == "/new_block" {
                if let Some((height, id)) = tip {
                    assert_eq!(body["block_height"], height + 1);
                    assert_eq!(body["parent_index_block_hash"], id);
                }
                tip = Some((
                    body["block_height"].as_u64().unwrap(),
                    body["index_block_hash"].clone(),
                ));
            }
        }
        assert_eq!(tip.unwrap().0, 350);
    }
}
