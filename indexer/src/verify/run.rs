//! Goes through all that is to be compared.

use std::sync::Arc;

use recoup_protocol::ids::InvoiceId;
use recoup_protocol::record::RecordError;
use recoup_stacks::hash::{BurnHeight, IndexBlockHash, StacksHeight};
use recoup_stacks::rpc::RpcError;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};

use super::asking::{STEP, ask_all, next_ids};
use super::contract::{self, Contract, used_references};
use super::difference::{Difference, Differences, Side};
use super::satellites::{self, Contracts, SatelliteCounts};
use super::selection::Selection;
use super::{blocks, checkpoints, rows};
use crate::db::chain_tip::ChainTip;
use crate::db::indexed_chain::IndexedChain;
use crate::db::verification::{self, InvoiceRows};
use crate::db::{self, DbError};
use crate::normalised::Satellites;
use crate::repair::{NodeSettings, NodeSource};

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
    #[error("the node is behind, at Stacks height {node}, and the tables are at {tables}")]
    NodeBehind {
        /// Height of the node.
        node: StacksHeight,
        /// Height of the tables.
        tables: StacksHeight,
    },
    /// The node's canonical chain does not hold the tables' tip.
    #[error("the node is on another fork, which does not hold block {tip} at Stacks height {height}")]
    OtherFork {
        /// Tip of the tables.
        tip: IndexBlockHash,
        /// Its height.
        height: StacksHeight,
    },
    /// A contract holds what this version of it does not.
    #[error("the contract's {place} is not as expected: is this the contract that the tables follow?")]
    Shape {
        /// Map or variable, and key.
        place: String,
        /// What is wrong.
        source: RecordError,
    },
    /// Tables of another version cannot be read.
    #[error(
        "the tables are of another version than this program: `recoup-indexer migrate` brings older ones up to date"
    )]
    OtherVersion,
    /// No block was followed yet.
    #[error("the tables are at no block yet")]
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
    /// Invoices that were looked at, with their payers, payments, refunds and references.
    pub invoices: u64,
    /// What was compared with the contracts beside invoices; none when that was not asked for, or cannot be: then
    /// `satellites_from_height` says why.
    pub satellites: Option<SatelliteCounts>,
    /// Where the tables of subscriptions, reserve and operators begin, in a database that lacks what was before: they are
    /// not compared with the contracts then.
    pub satellites_from_height: Option<StacksHeight>,
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
    if !db::has_current_schema(&mut picture).await? {
        return Err(VerifyError::OtherVersion);
    }
    let tip = db::chain_tip::find(&mut picture).await?;
    let chain = db::indexed_chain::find(&mut picture).await?;
    let contracts = match settings.node {
        Some(node) => Some(pin(&mut picture, NodeSource::new(node), chain.as_ref(), &tip).await?),
        None => None,
    };
    let mut differences = Differences::default();
    let satellites_from_height = chain.as_ref().and_then(|chain| chain.satellites_from);
    let mut satellites = None;
    if settings.selection == Selection::All {
        check_tables(&mut picture, chain, &mut differences).await?;
        if let Some(contracts) = &contracts
            && satellites_from_height.is_none()
        {
            let counts = satellites::check_contracts(&mut picture, contracts, &mut differences).await?;
            satellites = Some(counts);
        }
    }
    let invoices = walk(
        &mut picture,
        contracts.as_ref().map(|contracts| &contracts.core),
        &settings.selection,
        tip.burn_height(),
        &mut differences,
    )
    .await?;
    Ok(Report {
        same: differences.count == 0,
        tip: tip.stacks.map(|(id, _)| id),
        stacks_height: tip.stacks.map(|(_, height)| height),
        contract_compared: contracts.is_some(),
        invoices,
        satellites,
        satellites_from_height,
        values: differences.compared,
        differences: differences.count,
        first_differences: differences.kept,
    })
}

/// What the tables say of each other, but for invoices.
async fn check_tables(
    picture: &mut PgConnection,
    chain: Option<IndexedChain>,
    differences: &mut Differences,
) -> Result<(), DbError> {
    blocks::check(&mut *picture, differences).await?;
    checkpoints::check(&mut *picture, differences).await?;
    for broken in verification::broken_rules(&mut *picture).await? {
        differences.note(
            Side::Rows,
            format!("{}: {}", broken.place, broken.rule),
            Some(broken.expected),
            Some(broken.found),
        );
    }
    // A database that was never followed by a version that knows them has nothing of them.
    match chain.and_then(|chain| chain.satellites) {
        Some(satellites) => satellites::check_rows(picture, satellites, differences).await,
        None => Ok(()),
    }
}

/// Makes sure that the node's chain holds the tables' tip, and reads the contracts there.
async fn pin(
    picture: &mut PgConnection,
    node: NodeSource,
    chain: Option<&IndexedChain>,
    tip: &ChainTip,
) -> Result<Contracts, VerifyError> {
    let (id, height) = tip.stacks.ok_or(VerifyError::NoTip)?;
    let chain = chain.ok_or(DbError::NotInitialised)?;
    let election = db::block::election_height(picture, &id)
        .await?
        .ok_or(VerifyError::NoTip)?;
    let tenure = node.tenure(election).await?;
    let is_canonical =
        tenure.is_some_and(|tenure| tenure.stacks_blocks.iter().any(|block| block.block_id == id));
    if is_canonical {
        let core = Contract {
            node: Arc::new(node),
            id: chain.core_contract.clone(),
            tip: id,
        };
        let satellites = chain
            .satellites
            .clone()
            .unwrap_or_else(|| Satellites::beside(&chain.core_contract));
        return Ok(Contracts {
            subscriptions: core.beside(satellites.subscriptions),
            reserve: core.beside(satellites.reserve),
            core,
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

/// Compares invoice after invoice at a burn height; answers how many.
async fn walk(
    picture: &mut PgConnection,
    contract: Option<&Contract>,
    selection: &Selection,
    now: BurnHeight,
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
        for ids in ids.chunks(usize::try_from(STEP).unwrap_or(1)) {
            compare(picture, contract, ids, now, differences).await?;
            looked_at = looked_at.saturating_add(u64::try_from(ids.len()).unwrap_or(0));
        }
        return Ok(looked_at);
    }
    let (from, to) = selection.range();
    let in_contract = if contract.is_some() { last } else { 0 };
    let mut after = from.saturating_sub(1);
    loop {
        let start = i64::try_from(after).unwrap_or(i64::MAX);
        let stored = verification::invoice_ids_after(&mut *picture, start, STEP).await?;
        let ids = next_ids(stored, after, in_contract, to);
        let Some(newest) = ids.last() else { break };
        after = *newest;
        compare(picture, contract, &ids, now, differences).await?;
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

async fn compare(
    picture: &mut PgConnection,
    contract: Option<&Contract>,
    ids: &[u64],
    now: BurnHeight,
    differences: &mut Differences,
) -> Result<(), VerifyError> {
    let columns: Vec<i64> = ids.iter().filter_map(|id| i64::try_from(*id).ok()).collect();
    let all = verification::rows_of(picture, &columns).await?;
    let invoices: Vec<(u64, InvoiceRows)> = ids.iter().map(|id| (*id, of_invoice(&all, *id))).collect();
    for (_, rows) in &invoices {
        rows::check_invoice(rows, now, differences);
    }
    let Some(contract) = contract else {
        return Ok(());
    };
    let questions = invoices.iter().map(|(id, rows)| (*id, used_references(rows)));
    let facts = ask_all(questions, |(id, references)| {
        let contract = contract.clone();
        async move { contract.read(InvoiceId(id), references).await }
    })
    .await?;
    for ((id, rows), facts) in invoices.iter().zip(&facts) {
        contract::check_invoice(*id, facts, rows, differences);
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
