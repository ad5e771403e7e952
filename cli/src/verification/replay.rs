//! What a block that was run again tells of one transaction: its events and transfers.

use recoup_protocol::events::{Event, RefundProcessed};
use recoup_protocol::ids::RefundId;
use recoup_protocol::transfer::{Transfer, TransferPool};
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::{IndexBlockHash, StacksHeight, Txid};
use recoup_stacks::hex;
use recoup_stacks::observer::{BlockEvent, EventBody};
use serde::Deserialize;

use super::facts::{Facts, Field};
use super::report::{Difference, PrintedEvent};

/// A block, read no further than needed: a kind of transaction that we do not know must not hide it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Replay {
    pub(super) block_id: IndexBlockHash,
    pub(super) block_height: StacksHeight,
    pub(super) parent_block_id: IndexBlockHash,
    pub(super) timestamp: u64,
    transactions: Vec<Replayed>,
}

/// One of its transactions.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Replayed {
    txid: Txid,
    pub(super) hex: String,
    pub(super) result_hex: Value,
    pub(super) post_condition_aborted: bool,
    events: Vec<BlockEvent>,
}

/// A refund's event, and whether the tokens moved.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) event: PrintedEvent,
    pub(super) facts: Facts,
    /// What moved; an error says what did not.
    pub(super) transfer: Result<Facts, Difference>,
}

impl Replay {
    /// The node's answer.
    pub(super) fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// One transaction.
    pub(super) fn transaction(&self, txid: &Txid) -> Option<&Replayed> {
        self.transactions.iter().find(|one| one.txid == *txid)
    }
}

impl Replayed {
    /// Its committed events in the chain's order.
    fn events(&self) -> Vec<&BlockEvent> {
        let mut events: Vec<&BlockEvent> = self.events.iter().filter(|event| event.committed).collect();
        events.sort_by_key(|event| event.event_index);
        events
    }

    /// Core's refunds, each with its place among the events and the print's bytes.
    fn refunds(&self, core: &ContractId) -> Vec<(u32, Vec<u8>, RefundProcessed)> {
        let core = core.to_string();
        let print = |event: &BlockEvent| {
            let EventBody::Contract(print) = &event.body else {
                return None;
            };
            let is_ours =
                print.contract_identifier == core && print.topic == recoup_protocol::events::PRINT_TOPIC;
            let raw = hex::decode(&print.raw_value).ok().filter(|_| is_ours)?;
            match Event::decode(&raw) {
                Ok(Event::RefundProcessed(refund)) => Some((raw, refund)),
                _ => None,
            }
        };
        (0..)
            .zip(self.events())
            .filter_map(|(ordinal, event)| print(event).map(|(raw, refund)| (ordinal, raw, refund)))
            .collect()
    }

    /// Ids of core's refunds.
    pub(super) fn refund_ids(&self, core: &ContractId) -> Vec<RefundId> {
        let refunds = self.refunds(core);
        refunds.iter().map(|(_, _, refund)| refund.refund_id).collect()
    }

    /// The event of a refund, and its transfer: each refund needs one of its own.
    pub(super) fn told(&self, core: &ContractId, refund_id: RefundId) -> Result<Told, Difference> {
        let mut transfers = TransferPool::new(self.events().into_iter().map(|event| &event.body));
        for (ordinal, raw, refund) in self.refunds(core) {
            let claimed = Transfer::of_refund(&refund);
            let has_moved = transfers.take(Some(claimed.clone()));
            if refund.refund_id != refund_id {
                continue;
            }
            let raw_value = hex::encode_prefixed(&raw);
            let Transfer {
                token,
                sender,
                recipient,
                amount,
            } = &claimed;
            let token = token.as_deref().unwrap_or("STX");
            let expected = format!("{amount} of {token} from {sender} to {recipient}");
            return Ok(Told {
                facts: Facts::of_event(&refund)
                    .with(Field::Txid, self.txid)
                    .with(Field::Ordinal, ordinal)
                    .with(Field::Event, &raw_value),
                event: PrintedEvent {
                    from: "node",
                    ordinal,
                    raw_value,
                },
                transfer: if has_moved {
                    Ok(Facts::of_transfer(&claimed).with(Field::Txid, self.txid))
                } else {
                    Err(Difference::alone("transfer", "none", expected))
                },
            });
        }
        let found: Vec<String> = self.refund_ids(core).iter().map(ToString::to_string).collect();
        let found = if found.is_empty() {
            "none".to_owned()
        } else {
            found.join(", ")
        };
        Err(Difference::alone("refunds of the transaction", found, refund_id))
    }
}
