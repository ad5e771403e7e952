//! `POST /drop_mempool_tx`. (`/new_mempool_tx` is a plain list of raw transactions in hexadecimal.)

use serde::Deserialize;

use crate::hash::Txid;

/// Transactions that the node forgot. Also sent for a transaction that was mined, then orphaned and replaced.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DroppedMempoolTransactions {
    /// Their ids.
    pub dropped_txids: Vec<Txid>,
    /// The node's word for why: `ReplaceByFee`, `ReplaceAcrossFork`, `TooExpensive`, `StaleGarbageCollect`, `Problematic`.
    pub reason: String,
    /// What replaced them.
    #[serde(default)]
    pub new_txid: Option<Txid>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_drops_decode() {
        let mut reasons = Vec::new();
        for line in include_str!("../../../tests/fixtures/regtest/events.jsonl").lines() {
            let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
            if record["path"] == "/drop_mempool_tx" {
                let dropped: DroppedMempoolTransactions =
                    serde_json::from_value(record["body"].take()).unwrap();
                assert!(!dropped.dropped_txids.is_empty());
                reasons.push(dropped.reason);
            }
        }
        assert_eq!(reasons, ["ReplaceByFee", "ReplaceByFee"]);
    }
}
