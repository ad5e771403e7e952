//! Under which key the chain keeps what.

use crate::address::ContractId;
use crate::clarity::{ClarityName, Value};
use crate::hex;

/// What stands for maps in a key.
const DATA_MAP: u8 = 0;

/// The key of a contract's map entry.
#[must_use]
pub fn map_entry_key(contract: &ContractId, map: &ClarityName, key: &Value) -> String {
    format!(
        "vm::{contract}::{DATA_MAP}::{map}::{}",
        hex::encode(&key.encode())
    )
}
