//! The indexer's side.

use recoup_protocol::api::RefundProof;
use recoup_protocol::events::Event;
use recoup_protocol::ids::RefundId;
use recoup_stacks::address::ContractId;
use recoup_stacks::hash::{IndexBlockHash, Txid};
use recoup_stacks::hex;

use super::facts::{Facts, Field};
use super::report::Difference;
use super::statement::Statement;
use crate::indexer::{Indexer, blocks_behind};
use crate::node::View;

/// What the indexer answers.
pub(super) enum Row {
    /// This.
    Has(Box<RefundProof>),
    /// That there is none, though it stands where the node does.
    Denies(RefundId),
    /// Nothing that anything follows from.
    Unknown(String),
}

impl Row {
    /// Asks for a refund, and where it has none, how far it is.
    pub(super) async fn ask(indexer: Option<&Indexer>, id: RefundId, view: &View<'_>) -> Self {
        let Some(indexer) = indexer else {
            return Self::Unknown("no indexer is configured".to_owned());
        };
        match indexer.refund_proof(id).await {
            Ok(Some(proof)) => Self::Has(Box::new(proof)),
            Ok(None) => match indexer.health().await {
                Ok(health) => {
                    let behind = blocks_behind(view, &health);
                    if behind == 0 {
                        Self::Denies(id)
                    } else {
                        Self::Unknown(format!(
                            "has no such refund, and stands {behind} blocks behind the node"
                        ))
                    }
                }
                Err(failure) => Self::Unknown(failure.message),
            },
            Err(failure) => Self::Unknown(failure.message),
        }
    }

    pub(super) fn proof(&self) -> Option<&RefundProof> {
        match self {
            Self::Has(proof) => Some(proof),
            Self::Denies(_) | Self::Unknown(_) => None,
        }
    }

    pub(super) fn txid(&self) -> Option<Txid> {
        self.proof().map(|proof| proof.refund.position.txid)
    }

    pub(super) fn block(&self) -> Option<IndexBlockHash> {
        self.proof().map(|proof| proof.refund.position.index_block_hash)
    }

    /// Why there is no row.
    pub(super) fn problem(&self) -> Option<String> {
        match self {
            Self::Has(_) => None,
            Self::Denies(id) => Some(format!("the indexer has no refund {id}")),
            Self::Unknown(why) => Some(format!("indexer: {why}")),
        }
    }

    /// Its row must be what its own copy of the event says, too.
    pub(super) fn statement(&self, core: &ContractId) -> Statement {
        let proof = match self {
            Self::Has(proof) => proof,
            Self::Denies(id) => {
                return Statement::wrong("indexer", Difference::alone("refund", "none", id));
            }
            Self::Unknown(why) => return Statement::missing(why.clone()),
        };
        let row = Facts::of_row(&proof.refund);
        let facts = row.clone().with(Field::Event, &proof.event.raw_value);
        let mut statement = Statement::own("indexer", facts, "row and event");
        if proof.core_contract != *core {
            let difference = Difference::alone("contract", &proof.core_contract, core);
            statement.differences.push(difference);
        }
        let event = hex::decode(&proof.event.raw_value)
            .ok()
            .and_then(|bytes| Event::decode(&bytes).ok());
        let Some(Event::RefundProcessed(event)) = event else {
            let difference = Difference::alone("raw_event", "no refund's", "refund-processed");
            statement.differences.push(difference);
            return statement;
        };
        let of_event = Facts::of_event(&event);
        for (field, here) in row.iter() {
            if let Some(said) = of_event.get(field).filter(|said| *said != here) {
                let name = format!("{}, against its own event", field.name());
                statement.differences.push(Difference::alone(&name, here, said));
            }
        }
        if let Some(problem) = &proof.refund.disagreement {
            statement
                .differences
                .push(Difference::alone("its own judgement", problem, "proven"));
        }
        statement
    }
}
