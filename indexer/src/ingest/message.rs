//! What a stored message is. No I/O.

use recoup_stacks::address::ContractId;
use recoup_stacks::observer::{NewBlock, NewBurnBlock};

use crate::chain::{Arrival, BurnHeader};
use crate::db::inbox::Source;
use crate::normalised::{NormalisedBlock, PulledBlock, block_from_observer, burn_header_from_observer};

/// A Stacks block that the node pushes.
pub const NEW_BLOCK: &str = "/new_block";
/// A Bitcoin block that the node pushes, or that was put together from its answers.
pub const NEW_BURN_BLOCK: &str = "/new_burn_block";
/// A Stacks block that was asked of the node. Only our own pull stores it: from elsewhere it is not followed.
pub const REPLAYED_BLOCK: &str = "/v3/blocks/replay";

/// Whether messages of the node's event observer on this path are followed.
#[must_use]
pub fn is_followed(path: &str) -> bool {
    matches!(path, NEW_BLOCK | NEW_BURN_BLOCK)
}

/// What a message says, as far as we follow it.
#[derive(Debug, Clone)]
pub(super) enum Message {
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
pub(super) struct MessageError(#[from] serde_json::Error);

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// [`MessageError`] when the path is one that we follow and the body is not what belongs there.
    pub(super) fn decode(
        source: Source,
        path: &str,
        body: &[u8],
        core: &ContractId,
        arrival: Arrival,
    ) -> Result<Self, MessageError> {
        let block = |payload: &NewBlock| Self::Block(Box::new(block_from_observer(payload, core, arrival)));
        match (source, path) {
            (_, NEW_BLOCK) => Ok(block(&serde_json::from_slice(body)?)),
            (Source::Node, REPLAYED_BLOCK) => {
                let pulled: PulledBlock = serde_json::from_slice(body)?;
                Ok(block(&pulled.into()))
            }
            (_, NEW_BURN_BLOCK) => {
                let payload: NewBurnBlock = serde_json::from_slice(body)?;
                Ok(Self::BurnBlock(burn_header_from_observer(&payload)))
            }
            _ => Ok(Self::NotFollowed),
        }
    }
}
