//! `POST /new_block`

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::hash::{BlockHash, BurnBlockHash, BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight, Txid};

/// A Stacks block. Not always the new tip: nodes process sibling forks too, and name no block that left the chain.
///
/// Events are most of it: who needs none reads `NewBlock<IgnoredAny>`.
#[derive(Debug, Clone, Deserialize)]
pub struct NewBlock<Events = Vec<BlockEvent>> {
    /// Hash of the header.
    pub block_hash: BlockHash,
    /// Stacks height.
    pub block_height: StacksHeight,
    /// Time of the block in Unix seconds; absent before Nakamoto.
    #[serde(default)]
    pub block_time: Option<u64>,
    /// Identity on every fork.
    pub index_block_hash: IndexBlockHash,
    /// Identity of the parent.
    pub parent_index_block_hash: IndexBlockHash,
    /// Bitcoin block that elected the tenure. What contracts see as `burn-block-height` can be a later one.
    pub burn_block_hash: BurnBlockHash,
    /// Its height.
    pub burn_block_height: BurnHeight,
    /// Its time in Unix seconds.
    #[serde(default)]
    pub burn_block_time: Option<u64>,
    /// Sortition of the tenure; absent in payloads of old nodes.
    #[serde(default)]
    pub consensus_hash: Option<ConsensusHash>,
    /// On Nakamoto blocks only.
    #[serde(default)]
    pub signer_signature_hash: Option<BlockHash>,
    /// In the block's order; the last may be a synthetic unlock.
    pub transactions: Vec<BlockTransaction>,
    /// **Unordered**: sort by `event_index` within a transaction.
    pub events: Events,
}

impl NewBlock<IgnoredAny> {
    /// The block as if it had no events.
    #[must_use]
    pub fn without_events(self) -> NewBlock {
        NewBlock {
            block_hash: self.block_hash,
            block_height: self.block_height,
            block_time: self.block_time,
            index_block_hash: self.index_block_hash,
            parent_index_block_hash: self.parent_index_block_hash,
            burn_block_hash: self.burn_block_hash,
            burn_block_height: self.burn_block_height,
            burn_block_time: self.burn_block_time,
            consensus_hash: self.consensus_hash,
            signer_signature_hash: self.signer_signature_hash,
            transactions: self.transactions,
            events: Vec::new(),
        }
    }
}

impl NewBlock {
    /// Whether the block belongs to the epochs in which a tenure has several blocks and a block has a burn view.
    #[must_use]
    pub const fn is_nakamoto(&self) -> bool {
        self.signer_signature_hash.is_some()
    }
}

/// A transaction of a block.
#[derive(Debug, Clone, Deserialize)]
pub struct BlockTransaction {
    /// Its id.
    pub txid: Txid,
    /// Place in the block.
    pub tx_index: u32,
    /// How it ended.
    pub status: TransactionStatus,
    /// Its bytes in hexadecimal; `0x00` for an operation that came from Bitcoin.
    pub raw_tx: String,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionStatus {
    /// Its effects stand.
    Success,
    /// The contract answered `(err ..)`, or failed at run time: no effects.
    AbortByResponse,
    /// A post-condition failed: no effects. The contract may have refused as well.
    AbortByPostCondition,
    /// Left out by the miner's rules, or a status of a later node: taken as without effects.
    #[serde(other)]
    Other,
}

/// An event of a transaction.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "RawBlockEvent")]
pub struct BlockEvent {
    /// Its transaction.
    pub txid: Txid,
    /// Order within the block. **No identity**: other sources and older nodes count otherwise.
    pub event_index: u64,
    /// False for events of aborted transactions, which nodes up to 3.3 sent too.
    pub committed: bool,
    /// What happened.
    pub body: EventBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody {
    /// A contract's `print`.
    Contract(ContractEvent),
    /// STX moved.
    StxTransfer(StxTransferEvent),
    /// A fungible token moved.
    FtTransfer(FtTransferEvent),
    /// Mints, burns, locks, NFTs.
    Other,
}

/// A contract's `print`. The payload's `value` is never read: its numbers have lost precision in archives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ContractEvent {
    /// Full id `ADDR.name` of the contract that printed.
    pub contract_identifier: String,
    /// `print`.
    pub topic: String,
    /// The value as serialised by the chain, in hexadecimal with or without `0x`.
    pub raw_value: String,
}

/// STX moved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StxTransferEvent {
    /// Whose balance fell.
    pub sender: String,
    /// Whose balance rose.
    pub recipient: String,
    /// In micro-STX.
    #[serde(deserialize_with = "decimal_u128")]
    pub amount: u128,
}

/// A fungible token moved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FtTransferEvent {
    /// `ADDR.contract::asset`.
    pub asset_identifier: String,
    /// Whose balance fell.
    pub sender: String,
    /// Whose balance rose.
    pub recipient: String,
    /// In the token's base units.
    #[serde(deserialize_with = "decimal_u128")]
    pub amount: u128,
}

impl FtTransferEvent {
    /// Contract id of the token: the asset's name is the token's own affair.
    #[must_use]
    pub fn token_contract(&self) -> &str {
        self.asset_identifier
            .split_once("::")
            .map_or(self.asset_identifier.as_str(), |(contract, _)| contract)
    }
}

/// As the node writes it: `type` names the one member that holds the body.
#[derive(Deserialize)]
struct RawBlockEvent {
    txid: Txid,
    event_index: u64,
    committed: bool,
    #[serde(default)]
    contract_event: Option<ContractEvent>,
    #[serde(default)]
    stx_transfer_event: Option<StxTransferEvent>,
    #[serde(default)]
    ft_transfer_event: Option<FtTransferEvent>,
}

impl From<RawBlockEvent> for BlockEvent {
    fn from(raw: RawBlockEvent) -> Self {
        let contract = raw.contract_event.map(EventBody::Contract);
        let stx = raw.stx_transfer_event.map(EventBody::StxTransfer);
        let ft = raw.ft_transfer_event.map(EventBody::FtTransfer);
        Self {
            txid: raw.txid,
            event_index: raw.event_index,
            committed: raw.committed,
            body: contract.or(stx).or(ft).unwrap_or(EventBody::Other),
        }
    }
}

fn decimal_u128<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(path: &str) -> Vec<serde_json::Value> {
        include_str!("../../../tests/fixtures/regtest/events.jsonl")
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|record| record["path"] == path)
            .map(|mut record| record["body"].take())
            .collect()
    }

    #[test]
    fn every_recorded_block_decodes() {
        let blocks: Vec<NewBlock> = recorded("/new_block")
            .into_iter()
            .map(|body| serde_json::from_value(body).unwrap())
            .collect();
        assert_eq!(blocks.len(), 206);
        let prints = blocks.iter().flat_map(|block| &block.events);
        assert!(
            prints
                .filter(|event| matches!(event.body, EventBody::Contract(_)))
                .count()
                > 50
        );
        let aborted = blocks.iter().flat_map(|block| &block.transactions);
        assert!(
            aborted
                .filter(|transaction| transaction.status != TransactionStatus::Success)
                .count()
                > 5
        );
        let first_nakamoto = blocks.iter().find(|block| block.is_nakamoto()).unwrap();
        assert_eq!(first_nakamoto.block_height, StacksHeight(40));
    }

    #[test]
    fn the_body_is_the_member_that_the_type_names() {
        let event: BlockEvent = serde_json::from_value(serde_json::json!({
            "txid": format!("0x{}", "01".repeat(32)), "event_index": 3, "committed": true, "type": "ft_transfer_event",
            "ft_transfer_event": {
                "asset_identifier": "SP000000000000000000002Q6VF78.token::coin", "sender": "a", "recipient": "b",
                "amount": "340282366920938463463374607431768211455"
            }
        }))
        .unwrap();
        let EventBody::FtTransfer(transfer) = event.body else {
            panic!("not a transfer")
        };
        assert_eq!(transfer.amount, u128::MAX);
        assert_eq!(transfer.token_contract(), "SP000000000000000000002Q6VF78.token");
    }

    #[test]
    fn an_amount_as_a_number_or_out_of_range_is_refused() {
        for amount in [
            "12",
            "\"-1\"",
            "\"340282366920938463463374607431768211456\"",
            "\"1.0\"",
        ] {
            let json = format!(r#"{{"sender":"a","recipient":"b","amount":{amount}}}"#);
            assert!(
                serde_json::from_str::<StxTransferEvent>(&json).is_err(),
                "{amount}"
            );
        }
    }

    #[test]
    fn a_status_of_a_later_node_is_no_success() {
        assert_eq!(
            serde_json::from_str::<TransactionStatus>("\"abort_by_response\"").unwrap(),
            TransactionStatus::AbortByResponse
        );
        assert_eq!(
            serde_json::from_str::<TransactionStatus>("\"new\"").unwrap(),
            TransactionStatus::Other
        );
    }
}
