//! What a stored message is. No I/O.

use std::sync::Arc;

use memchr::memmem::Finder;
use recoup_stacks::address::{Address, ContractId};
use recoup_stacks::observer::{NewBlock, NewBurnBlock};
use serde::de::IgnoredAny;

use crate::chain::{Arrival, BurnHeader};
use crate::db::inbox::Source;
use crate::normalised::{
    NormalisedBlock, PulledBlock, Satellites, block_from_observer, burn_header_from_observer,
};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A Stacks block.
    Block(Box<NormalisedBlock>),
    /// A Bitcoin block.
    BurnBlock(BurnHeader, Arrival),
    /// Mempool, attachments, microblocks and whatever a later node sends: kept in the inbox, not followed.
    NotFollowed,
}

/// Why a message cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Not what belongs on its path.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A height that no chain has, and no column holds.
    #[error("height {0} does not fit its column")]
    Height(u64),
}

/// Reads messages.
#[derive(Debug, Clone)]
pub struct Decoder {
    core: Arc<ContractId>,
    satellites: Arc<Satellites>,
    /// Texts of which a block that names one of our contracts holds one.
    names: Vec<Finder<'static>>,
    unicode_escape: Finder<'static>,
}

impl Decoder {
    /// For a network's core contract, and those beside it.
    #[must_use]
    pub fn new(core: &ContractId, satellites: &Satellites) -> Self {
        let names = name_texts([core, &satellites.subscriptions, &satellites.reserve]);
        Self {
            core: Arc::new(core.clone()),
            satellites: Arc::new(satellites.clone()),
            names: names.iter().map(|text| Finder::new(text).into_owned()).collect(),
            unicode_escape: Finder::new(r"\u").into_owned(),
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`MessageError`] when the path is one that we follow and the body is not what belongs there.
    pub fn decode(
        &self,
        source: Source,
        path: &str,
        body: &[u8],
        arrival: Arrival,
    ) -> Result<Message, MessageError> {
        match (source, path) {
            (_, NEW_BLOCK) => self.block(&self.read_block(body)?, arrival),
            (Source::Node, REPLAYED_BLOCK) => {
                let pulled: PulledBlock = serde_json::from_slice(body)?;
                self.block(&pulled.into(), arrival)
            }
            (_, NEW_BURN_BLOCK) => {
                let header = burn_header_from_observer(&serde_json::from_slice::<NewBurnBlock>(body)?);
                check_height(header.point.height.get())?;
                Ok(Message::BurnBlock(header, arrival))
            }
            _ => Ok(Message::NotFollowed),
        }
    }

    fn block(&self, payload: &NewBlock, arrival: Arrival) -> Result<Message, MessageError> {
        let block = block_from_observer(payload, &self.core, &self.satellites, arrival);
        check_height(block.header.height.get())?;
        check_height(block.header.election.height.get())?;
        Ok(Message::Block(Box::new(block)))
    }

    /// Most blocks hold nothing of ours, and events are most of a block: where none of our contracts is even named, they
    /// are not read. Only an escape could hide a name from the search.
    fn read_block(&self, body: &[u8]) -> Result<NewBlock, serde_json::Error> {
        let mut texts = self.names.iter().chain([&self.unicode_escape]);
        if texts.any(|text| text.find(body).is_some()) {
            serde_json::from_slice(body)
        } else {
            let eventless: NewBlock<IgnoredAny> = serde_json::from_slice(body)?;
            Ok(eventless.without_events())
        }
    }
}

/// What the ids of one deployer's contracts begin with, for each deployer: one search does for all of them.
fn name_texts(contracts: [&ContractId; 3]) -> Vec<String> {
    let mut texts: Vec<(Address, String)> = Vec::new();
    for contract in contracts {
        let id = contract.to_string();
        match texts
            .iter_mut()
            .find(|(deployer, _)| *deployer == contract.address)
        {
            Some((_, text)) => {
                let same = text.bytes().zip(id.bytes()).take_while(|(ours, its)| ours == its);
                let length = same.count();
                text.truncate(length);
            }
            None => texts.push((contract.address, id)),
        }
    }
    texts.into_iter().map(|(_, text)| text).collect()
}

/// Heights are kept as signed numbers.
fn check_height(height: u64) -> Result<(), MessageError> {
    i64::try_from(height)
        .map(|_| ())
        .map_err(|_| MessageError::Height(height))
}

impl Message {
    /// The same, arrived at another place in the order.
    #[must_use]
    pub fn arrived_at(mut self, arrival: Arrival) -> Self {
        match &mut self {
            Self::Block(block) => block.header.arrival = arrival,
            Self::BurnBlock(_, place) => *place = arrival,
            Self::NotFollowed => {}
        }
        self
    }

    /// Whether the tables could refuse it: what it says of our contract may contradict what they hold.
    #[must_use]
    pub fn may_be_refused(&self) -> bool {
        matches!(self, Self::Block(block) if !block.events.is_empty() || !block.satellite_prints.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_stands_for_all_contracts_of_a_deployer() {
        let core: ContractId = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-core"
            .parse()
            .unwrap();
        let beside = Satellites::beside(&core);
        let of =
            |satellites: &Satellites| name_texts([&core, &satellites.subscriptions, &satellites.reserve]);
        assert_eq!(of(&beside), ["ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-"]);
        let elsewhere = Satellites {
            reserve: "ST2NEB84ASENDXKYGJPQW86YXQCEFEX2ZQPG87ND.recoup-reserve"
                .parse()
                .unwrap(),
            ..beside
        };
        assert_eq!(
            of(&elsewhere),
            [
                "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.recoup-",
                "ST2NEB84ASENDXKYGJPQW86YXQCEFEX2ZQPG87ND.recoup-reserve"
            ]
        );
    }
}
