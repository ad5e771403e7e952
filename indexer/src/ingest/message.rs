//! What a stored message is. No I/O.

use recoup_stacks::address::ContractId;
use recoup_stacks::observer::{NewBlock, NewBurnBlock};

use crate::chain::{Arrival, BurnHeader};
use crate::normalised::{NormalisedBlock, block_from_observer, burn_header_from_observer};

/// What a message says, as far as we follow it.
#[derive(Debug, Clone)]
pub enum Message {
    /// A Stacks block.
    Block(Box<NormalisedBlock>),
    /// A Bitcoin block.
    BurnBlock(BurnHeader),
    /// Mempool, attachments, microblocks and whatever a later node sends: kept in the inbox, not followed.
    NotFollowed,
}

/// Why a message cannot be followed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MessageError(#[from] serde_json::Error);

impl Message {
    /// Reads a message of the node's event observer.
    ///
    /// # Errors
    /// [`MessageError`] when the path is one that we follow and the body is not what belongs there.
    pub fn decode(
        path: &str,
        body: &[u8],
        core: &ContractId,
        arrival: Arrival,
    ) -> Result<Self, MessageError> {
        match path {
            "/new_block" => {
                let payload: NewBlock = serde_json::from_slice(body)?;
                Ok(Self::Block(Box::new(block_from_observer(
                    &payload, core, arrival,
                ))))
            }
            "/new_burn_block" => {
                let payload: NewBurnBlock = serde_json::from_slice(body)?;
                Ok(Self::BurnBlock(burn_header_from_observer(&payload)))
            }
            _ => Ok(Self::NotFollowed),
        }
    }
}
