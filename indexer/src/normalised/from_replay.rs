//! From `GET /v3/blocks/replay/..` of a node, which runs a block again for whoever asks.
//!
//! The answer has neither burn block nor statuses nor places of the transactions. The first is fetched beside it, the
//! others follow from it; then it is what the observer would have been sent, and is read by the same code.

use recoup_stacks::hash::{
    BlockHash, BurnBlockHash, BurnHeight, ConsensusHash, IndexBlockHash, StacksHeight, Txid,
};
use recoup_stacks::hex;
use recoup_stacks::observer::{BlockEvent, BlockTransaction, NewBlock, TransactionStatus};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::chain::BurnPoint;

/// First byte of a serialised `(err ..)` (SIP-005).
const RESPONSE_ERR: u8 = 0x08;

/// A replayed block, and the Bitcoin block that elected its tenure: the body of a pulled message.
#[derive(Debug, Clone, Deserialize)]
pub struct PulledBlock {
    burn_block_hash: BurnBlockHash,
    burn_block_height: BurnHeight,
    replay: Replay,
}

#[derive(Debug, Clone, Deserialize)]
struct Replay {
    block_id: IndexBlockHash,
    block_hash: BlockHash,
    block_height: StacksHeight,
    parent_block_id: IndexBlockHash,
    consensus_hash: ConsensusHash,
    timestamp: u64,
    transactions: Vec<ReplayTransaction>,
}

/// Read no further than needed: a kind of transaction that we do not know must not hide the block.
#[derive(Debug, Clone, Deserialize)]
struct ReplayTransaction {
    txid: Txid,
    hex: String,
    result_hex: String,
    post_condition_aborted: bool,
    events: Vec<BlockEvent>,
}

/// What a replayed block says about its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct ReplayHead {
    /// Its identity.
    pub block_id: IndexBlockHash,
    /// Its parent's.
    pub parent_block_id: IndexBlockHash,
    /// Its height.
    pub block_height: StacksHeight,
    /// Its tenure's sortition.
    pub consensus_hash: ConsensusHash,
}

impl ReplayHead {
    /// Reads the node's answer as far as this.
    ///
    /// # Errors
    /// When it is not a replayed block.
    pub fn read(replay: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(replay)
    }
}

/// The body of a pulled message: the node's answer as it is, with what it lacks.
///
/// # Errors
/// When the answer is not JSON.
pub fn pulled_body(election: BurnPoint, replay: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let _: IgnoredAny = serde_json::from_slice(replay)?;
    let head = format!(
        r#"{{"burn_block_hash":"{}","burn_block_height":{},"replay":"#,
        election.hash, election.height
    );
    Ok([head.as_bytes(), replay, b"}"].concat())
}

impl From<PulledBlock> for NewBlock {
    fn from(pulled: PulledBlock) -> Self {
        let replay = pulled.replay;
        let transactions = (0..)
            .zip(&replay.transactions)
            .map(|(tx_index, transaction)| BlockTransaction {
                txid: transaction.txid,
                tx_index,
                status: transaction.status(),
                raw_tx: transaction.hex.clone(),
            })
            .collect();
        Self {
            block_hash: replay.block_hash,
            block_height: replay.block_height,
            block_time: Some(replay.timestamp),
            index_block_hash: replay.block_id,
            parent_index_block_hash: replay.parent_block_id,
            burn_block_hash: pulled.burn_block_hash,
            burn_block_height: pulled.burn_block_height,
            burn_block_time: None,
            consensus_hash: Some(replay.consensus_hash),
            // Only Nakamoto blocks are replayed, and there the hash that is signed is the block's.
            signer_signature_hash: Some(replay.block_hash),
            transactions,
            // Their index counts within the transaction here, and only there is it compared.
            events: replay
                .transactions
                .into_iter()
                .flat_map(|transaction| transaction.events)
                .collect(),
        }
    }
}

impl ReplayTransaction {
    fn status(&self) -> TransactionStatus {
        let failed = hex::decode(&self.result_hex).map(|bytes| bytes.first() == Some(&RESPONSE_ERR));
        match failed {
            // Under exact post-conditions a refusal aborts in both ways; neither has effects.
            _ if self.post_condition_aborted => TransactionStatus::AbortByPostCondition,
            Ok(false) => TransactionStatus::Success,
            Ok(true) => TransactionStatus::AbortByResponse,
            Err(_) => TransactionStatus::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Arrival;
    use crate::normalised::{Satellites, block_from_observer};

    const CONTRACT: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.rig-pay";

    /// What the same node pushed when it made the block.
    fn pushed(id: IndexBlockHash) -> NewBlock {
        include_str!("../../../tests/fixtures/regtest/events.jsonl")
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|record| record["path"] == "/new_block")
            .map(|mut record| serde_json::from_value::<NewBlock>(record["body"].take()).unwrap())
            .find(|block| block.index_block_hash == id)
            .unwrap()
    }

    fn recorded_replay(recording: &str) -> Vec<u8> {
        let recording: serde_json::Value = serde_json::from_str(recording).unwrap();
        recording["response"]["body_text"]
            .as_str()
            .unwrap()
            .as_bytes()
            .to_vec()
    }

    macro_rules! recordings {
        ($($name:literal),*) => {
            [$(($name, include_str!(concat!("../../../tests/fixtures/regtest/rpc/", $name, ".json")))),*]
        };
    }

    #[test]
    fn a_pulled_block_is_the_pushed_one() {
        let core = CONTRACT.parse().unwrap();
        let satellites = Satellites::beside(&core);
        let mut events = 0;
        for (name, recording) in recordings![
            "blocks_replay_ok",
            "blocks_replay_deploy",
            "blocks_replay_router",
            "blocks_replay_abort_by_response",
            "blocks_replay_abort_by_post_condition",
            "orphan_blocks_replay"
        ] {
            let replay = recorded_replay(recording);
            let pushed = pushed(ReplayHead::read(&replay).unwrap().block_id);
            let election = BurnPoint {
                height: pushed.burn_block_height,
                hash: pushed.burn_block_hash,
            };
            let body = pulled_body(election, &replay).unwrap();
            let pulled: PulledBlock = serde_json::from_slice(&body).unwrap();
            let pulled = NewBlock::from(pulled);
            for (ours, theirs) in pulled.transactions.iter().zip(&pushed.transactions) {
                assert_eq!((ours.txid, ours.status), (theirs.txid, theirs.status), "{name}");
            }
            let pulled = block_from_observer(&pulled, &core, &satellites, Arrival(1));
            assert_eq!(
                pulled,
                block_from_observer(&pushed, &core, &satellites, Arrival(1)),
                "{name}"
            );
            events += pulled.events.len();
        }
        assert!(events >= 3, "{events} events were compared");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let election = BurnPoint {
            height: BurnHeight(1),
            hash: BurnBlockHash::from_bytes([1; 32]),
        };
        pulled_body(election, b"No such block").unwrap_err();
        ReplayHead::read(b"{}").unwrap_err();
    }
}
