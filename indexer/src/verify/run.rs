//! Goes through all that is to be compared.

use std::collections::BTreeSet;
use std::sync::Arc;

use recoup_protocol::ids::InvoiceId;
use recoup_protocol::record::RecordError;
use recoup_stacks::hash::{IndexBlockHash, StacksHeight};
use recoup_stacks::rpc::RpcError;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinSet;

use super::blocks;
use super::contract::{self, Contract, InvoiceFacts};
use super::difference::{Difference, Differences, Side};
use super::rows;
use super::selection::Selection;
use crate::db::chain_tip::ChainTip;
use crate::db::verification::{self, InvoiceRows};
use crate::db::{self, DbError};
use crate::repair::{NodeSettings, NodeSource};

/// Invoices that are read from the database at once.
const INVOICES_AT_ONCE: i64 = 200;
/// Invoices that are asked of the node at once.
const ASKED_AT_ONCE: usize = 16;
/// Invoices between two reports.
const REPORT_EVERY: u64 = 2_000;

/// What is compared with what.
#[derive(Debug, Clone)]
pub struct VerifySettings {
    /// Whose state of the contract; none: the tables are compared with each other only.
    pub node: Option<NodeSettings>,
    /// Which invoices.
    pub selection: Selection,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The node.
    #[error(transparent)]
    Node(#[from] RpcError),
    /// The node has not come as far as the tables.
    #[error("cannot compare: the node is behind, at Stacks height {node}, and the tables are at {tables}")]
    NodeBehind {
        /// Height of the node.
        node: StacksHeight,
        /// Height of the tables.
        tables: StacksHeight,
    },
    /// The node's canonical chain does not hold the tables' tip.
    #[error(
        "cannot compare: the node is on another fork, which does not hold block {tip} at Stacks height {height}"
    )]
    OtherFork {
        /// Tip of the tables.
        tip: IndexBlockHash,
        /// Its height.
        height: StacksHeight,
    },
    /// The contract holds what this version of it does not.
    #[error("the contract's {place} is not as expected: is this the contract that the tables follow?")]
    Shape {
        /// Map or variable, and key.
        place: String,
        /// What is wrong.
        source: RecordError,
    },
    /// No block was followed yet.
    #[error("cannot compare: the tables are at no block yet")]
    NoTip,
}

impl From<sqlx::Error> for VerifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether no difference was found.
    pub same: bool,
    /// Block at which all was compared.
    pub tip: Option<IndexBlockHash>,
    /// Its Stacks height.
    pub stacks_height: Option<StacksHeight>,
    /// Whether the contract was asked.
    pub contract_compared: bool,
    /// Invoices that were looked at, with their payers, payments and refunds.
    pub invoices: u64,
    /// Values that were compared.
    pub values: u64,
    /// Differences that were found.
    pub differences: u64,
    /// The first of them.
    pub first_differences: Vec<Difference>,
}

/// Compares. Reads only, all of one picture; the node is asked no faster than its settings allow.
///
/// # Errors
/// [`VerifyError`] when nothing can be said. A difference is no error here.
pub async fn verify(pool: &PgPool, settings: VerifySettings) -> Result<Report, VerifyError> {
    let mut picture = pool.begin().await?;
    verification::take_picture(&mut picture).await?;
    let tip = db::chain_tip::find(&mut picture).await?;
    let contract = match settings.node {
        Some(node) => Some(Arc::new(pin(&mut picture, NodeSource::new(node), &tip).await?)),
        None => None,
    };
    let mut differences = Differences::default();
    if settings.selection == Selection::All {
        blocks::check(&mut picture, &mut differences).await?;
        for broken in verification::broken_rules(&mut picture).await? {
            differences.note(
                Side::Rows,
                format!("{}: {}", broken.place, broken.rule),
                Some(broken.expected),
                Some(broken.found),
            );
        }
    }
    let invoices = walk(
        &mut picture,
        contract.as_ref(),
        &settings.selection,
        &mut differences,
    )
    .await?;
    Ok(Report {
        same: differences.count == 0,
        tip: tip.stacks.map(|(id, _)| id),
        stacks_height: tip.stacks.map(|(_, height)| height),
        contract_compared: contract.is_some(),
        invoices,
        values: differences.compared,
        differences: differences.count,
        first_differences: differences.kept,
    })
}

/// Makes sure that the node's chain holds the tables' tip, and reads the contract there.
async fn pin(picture: &mut PgConnection, node: NodeSource, tip: &ChainTip) -> Result<Contract, VerifyError> {
    let (id, height) = tip.stacks.ok_or(VerifyError::NoTip)?;
    let chain = db::indexed_chain::find(&mut *picture)
        .await?
        .ok_or(DbError::NotInitialised)?;
    let election = db::block::election_height(picture, &id)
        .await?
        .ok_or(VerifyError::NoTip)?;
    let tenure = node.tenure(election).await?;
    let is_canonical =
        tenure.is_some_and(|tenure| tenure.stacks_blocks.iter().any(|block| block.block_id == id));
    if is_canonical {
        return Ok(Contract {
            node,
            id: chain.core_contract,
            tip: id,
        });
    }
    let node_height = node.stacks_height().await?;
    Err(if node_height < height {
        VerifyError::NodeBehind {
            node: node_height,
            tables: height,
        }
    } else {
        VerifyError::OtherFork { tip: id, height }
    })
}

/// Compares invoice after invoice; answers how many.
async fn walk(
    picture: &mut PgConnection,
    contract: Option<&Arc<Contract>>,
    selection: &Selection,
    differences: &mut Differences,
) -> Result<u64, VerifyError> {
    let (stored_invoices, stored_refunds) = verification::counts(&mut *picture).await?;
    let last = match contract {
        Some(contract) => {
            let invoices = contract.last_id("last-invoice-id").await?;
            let refunds = contract.last_id("last-refund-id").await?;
            for (variable, expected, found) in [
                ("last-invoice-id", invoices, stored_invoices),
                ("last-refund-id", refunds, stored_refunds),
            ] {
                let place = || format!("{variable}, the number of rows");
                let (expected, found) = (Some(expected.to_string()), Some(found.to_string()));
                differences.compare(Side::Contract, place, expected, found);
            }
            invoices
        }
        None => stored_invoices,
    };
    let mut looked_at = 0_u64;
    if let Some(ids) = selection.ids(last) {
        for ids in ids.chunks(usize::try_from(INVOICES_AT_ONCE).unwrap_or(1)) {
            compare(picture, contract, ids, differences).await?;
            looked_at = looked_at.saturating_add(u64::try_from(ids.len()).unwrap_or(0));
        }
        return Ok(looked_at);
    }
    let (from, to) = selection.range();
    let in_contract = if contract.is_some() { last } else { 0 };
    let mut after = from.saturating_sub(1);
    loop {
        let ids = next_ids(&mut *picture, after, in_contract, to).await?;
        let Some(newest) = ids.last() else { break };
        after = *newest;
        compare(picture, contract, &ids, differences).await?;
        let before = looked_at;
        looked_at = looked_at.saturating_add(u64::try_from(ids.len()).unwrap_or(0));
        if looked_at / REPORT_EVERY > before / REPORT_EVERY {
            tracing::info!(
                invoices = looked_at,
                of = last,
                differences = differences.count,
                "comparing"
            );
        }
    }
    Ok(looked_at)
}

/// The next invoices that either side has.
async fn next_ids(
    picture: &mut PgConnection,
    after: u64,
    last_in_contract: u64,
    to: u64,
) -> Result<Vec<u64>, DbError> {
    let start = i64::try_from(after).unwrap_or(i64::MAX);
    let stored = verification::invoice_ids_after(picture, start, INVOICES_AT_ONCE).await?;
    let limit = u64::try_from(INVOICES_AT_ONCE).unwrap_or(1);
    let first = after.saturating_add(1);
    let in_contract = first..=last_in_contract.min(after.saturating_add(limit));
    let ids: BTreeSet<u64> = stored
        .into_iter()
        .filter_map(|id| u64::try_from(id).ok())
        .chain(in_contract)
        .filter(|id| *id <= to)
        .collect();
    Ok(ids
        .into_iter()
        .take(usize::try_from(limit).unwrap_or(1))
        .collect())
}

async fn compare(
    picture: &mut PgConnection,
    contract: Option<&Arc<Contract>>,
    ids: &[u64],
    differences: &mut Differences,
) -> Result<(), VerifyError> {
    let columns: Vec<i64> = ids.iter().filter_map(|id| i64::try_from(*id).ok()).collect();
    let all = verification::rows_of(picture, &columns).await?;
    let mut facts = match contract {
        Some(contract) => Some(ask(contract, ids).await?),
        None => None,
    };
    for (place, id) in ids.iter().enumerate() {
        let rows = of_invoice(&all, *id);
        rows::check_invoice(&rows, differences);
        if let Some(facts) = facts.as_mut().and_then(|facts| facts.get_mut(place)) {
            contract::check_invoice(*id, &std::mem::take(facts), &rows, differences);
        }
    }
    Ok(())
}

fn of_invoice(all: &InvoiceRows, id: u64) -> InvoiceRows {
    let own = |rows: &[verification::Row]| {
        rows.iter()
            .filter(|row| u64::try_from(row.invoice_id) == Ok(id))
            .cloned()
            .collect()
    };
    InvoiceRows {
        events: own(&all.events),
        invoices: own(&all.invoices),
        ledgers: own(&all.ledgers),
        payments: own(&all.payments),
        refunds: own(&all.refunds),
    }
}

/// Reads what the contract holds of these invoices, several at once, in their order.
async fn ask(contract: &Arc<Contract>, ids: &[u64]) -> Result<Vec<InvoiceFacts>, VerifyError> {
    let mut facts: Vec<InvoiceFacts> = ids.iter().map(|_| InvoiceFacts::default()).collect();
    let mut waiting = ids.iter().copied().enumerate();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < ASKED_AT_ONCE
            && let Some((place, id)) = waiting.next()
        {
            let contract = Arc::clone(contract);
            asked.spawn(async move { (place, contract.read(InvoiceId(id)).await) });
        }
        match asked.join_next().await {
            None => return Ok(facts),
            Some(Ok((place, read))) => {
                if let Some(fact) = facts.get_mut(place) {
                    *fact = read?;
                }
            }
            Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}
