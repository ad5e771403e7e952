//! `POST /new_burn_block`

use serde::Deserialize;

use crate::hash::{BurnBlockHash, BurnHeight, ConsensusHash};

/// A Bitcoin block, announced before the node commits it: a crash announces it twice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NewBurnBlock {
    /// Its hash.
    pub burn_block_hash: BurnBlockHash,
    /// Its height.
    pub burn_block_height: BurnHeight,
    /// Its parent; absent in payloads of nodes older than 3.1.
    #[serde(default)]
    pub parent_burn_block_hash: Option<BurnBlockHash>,
    /// Its sortition; absent in payloads of nodes older than 3.1.
    #[serde(default)]
    pub consensus_hash: Option<ConsensusHash>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_burn_block_decodes_and_names_its_parent() {
        let mut decoded = 0;
        for line in include_str!("../../../tests/fixtures/regtest/events.jsonl").lines() {
            let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
            if record["path"] == "/new_burn_block" {
                let block: NewBurnBlock = serde_json::from_value(record["body"].take()).unwrap();
                assert!(block.parent_burn_block_hash.is_some() && block.consensus_hash.is_some());
                decoded += 1;
            }
        }
        assert_eq!(decoded, 149);
    }

    #[test]
    fn old_payloads_have_neither_parent_nor_sortition() {
        let hash = "00".repeat(32);
        let json = format!(r#"{{"burn_block_hash":"0x{hash}","burn_block_height":666051}}"#);
        let block: NewBurnBlock = serde_json::from_str(&json).unwrap();
        assert_eq!(block.parent_burn_block_hash, None);
        assert_eq!(block.consensus_hash, None);
    }
}
